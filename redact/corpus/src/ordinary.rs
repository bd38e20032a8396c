//! Texts without secrets: what a day's capture contains, and what only looks like a secret.

use crate::Dice;

/// Sentences and lines of screens; `{…}` is filled in.
const LINES: &[&str] = &[
    "{prose}.",
    "{prose}. {prose}.",
    "{prose} https://example.org/{word}/{n}?page={n}&sort={word}",
    "{time} {word} — {prose}",
    "commit {hex40} ({word}): {prose}",
    "request {uuid} took {n} ms, {n} rows",
    "Meeting with Ana at {time}, room {n}, call +49 151 {n}",
    "{word}.{word}@example.org wrote: {prose}",
    "TODO: {prose} (see #{n})",
    "cargo test --release -p {word} -- --nocapture {n} passed",
    "fn {word}_{word}(input: &str) -> Result<{Word}, Error> {",
    "let {word} = {word}.iter().map(|item| item.len()).sum::<usize>();",
    "import { {Word}, {Word} } from '../{word}/{word}';",
    "const {word} = await fetch(`/api/{word}/${id}`);",
    "SELECT {word}, count(*) FROM {word} WHERE id = {n} GROUP BY 1;",
    "sha256:{hex64}  {word}-{n}.tar.gz",
    "error[E0{n}]: cannot find value `{word}` in this scope",
    ".{word} { margin: 0 {n}px; color: #{hex6}; }",
    "| {word} | {n} | {n} |\n| {word} | {n} | {n} |",
    "lat 40.{n}{n} lon -3.{n}{n} accuracy {n}",
    "IMG_{n}.HEIC {n} x {n}, ISO {n}",
    "Heart rate {n}, steps {n}, sleep {n} h",
    "{Word} {Word} — {Word} ({n})",
    "/home/ana/projects/{word}/src/{word}.rs:{n}:{n}",
    "Inbox ({n}) · {prose}",
    "v{n}.{n}.{n} released {time}",
    "[{word}] INFO {word}::{word}: {prose} id={uuid}",
    "{\"id\": \"{uuid}\", \"count\": {n}, \"name\": \"{word}\"}",
    "docker run -p {n}:{n} -v /srv/{word}:/data {word}:{n}.{n}",
    "kubectl get pods -n {word}\n{word}-{hex10}-x{n}z   1/1   Running",
];

/// What speaks of secrets, and tells none.
const NEAR: &[&str] = &[
    "let lastToken = firstToken;",
    "handle_token: HandleToken,",
    "API_KEY = process.env.{WORD}_API_KEY",
    "Password: (leave blank)",
    "password: String,",
    "password: Option<String>,",
    "const token = await getToken({word});",
    "token: &str, secret: &[u8]",
    "self.password = password",
    "password = os.environ[\"{WORD}_PASSWORD\"]",
    "secret_key = settings.SECRET_KEY",
    "api_key=your-api-key-here",
    "API_KEY=<your key>",
    "API_KEY=${{ secrets.{WORD}_KEY }}",
    "password=$DB_PASSWORD {word}",
    "password: ********",
    "Password: ••••••••",
    "Your password must have at least {n} characters, one digit and one symbol.",
    "Forgot your password? Click here to reset it.",
    "Username\nPassword\nSign in\n",
    "E-mail\nPassword\nRemember me\nLog in",
    "The token economy of the classroom worked; the secret is patience.",
    "Passwort vergessen? {prose}",
    "La contraseña es obligatoria. Cambia tu contraseña: hazlo hoy mismo.",
    "key: C major, tempo: {n}, capo: {n}",
    "primary_key: id, foreign_key: user_id, sort_key: created_at",
    "cache-key: node-modules-linux-x64-{n}",
    "access_token_url='https://example.org/login/oauth/access_token'",
    "token_type: bearer, expires_in: {n}",
    "max_tokens: 4096, total_tokens={n}, prompt_tokens: {n}",
    "passwordField.addEventListener('input', onPasswordChange);",
    "<input type=\"password\" name=\"password\" placeholder=\"Password\" autocomplete=\"current-password\">",
    "\"forgotPassword\": \"Forgot your password?\"",
    "\"password\": \"Password\", \"email\": \"E-mail\"",
    "error.password.invalid=The password is not valid",
    "fn verify_password(hash: &str, password: &str) -> bool {",
    "use crate::auth::{Token, TokenKind, SecretString};",
    "import { hashPassword } from './password';",
    "password manager, passwordless login, two-factor",
    "git commit -m 'fix: rotate the token when the key changes'",
    "token = parser.next_token()",
    "if token == Token::Comma { tokens.push(token); }",
    "tokens: {n}, cost: $0.{n}",
    "secret: true, required: false",
    "The password is case-sensitive. The password was changed on 2026-02-{nn}.",
    "passed {n} tests, pass: {n}, fail: 0",
    "passing by, bypass=1, compass: north-east",
    "boarding pass: Madrid",
    "public_key = \"{hex64}\"",
    "etag: {hex40}",
    "turkey: {word}, monkey: {word}, keyboard: {Word}",
    "PWD=/home/ana/projects/{word} OLDPWD=/tmp",
    "<Token>{Word}</Token>",
    "[\"username\", \"password\", \"email\"]",
    "credentials: 'include', mode: 'cors'",
    "auth: required, key: optional",
    "Password: see the wiki page of the {word} team",
    "tokenizer = AutoTokenizer.from_pretrained(\"bert-base-uncased\")",
    "csrf_token() }}\" name=\"_token\">",
    "kind: Secret\nmetadata:\n  name: {word}-credentials",
];
#[rustfmt::skip]
const STEMS: &[&str] = &[
    "alpha", "buffer", "client", "delta", "editor", "filter", "garden", "handler", "index", "journal", "kernel", "layout", "module",
    "network", "object", "parser", "query", "reader", "server", "table", "update", "vector", "window", "session", "account",
];

/// `count` texts of ordinary capture.
#[must_use]
pub fn events(seed: u64, count: usize) -> Vec<String> {
    let mut dice = Dice::new(seed);
    (0..count)
        .map(|_| {
            let lines: Vec<String> = (0..1 + dice.below(4)).map(|_| line(&mut dice)).collect();
            lines.join("\n")
        })
        .collect()
}

/// One line; one in twelve speaks of secrets.
fn line(dice: &mut Dice) -> String {
    let near = dice.below(12) == 0;
    let template = dice.pick(if near { NEAR } else { LINES });
    fill(template, dice)
}

/// `each` texts of every kind that only looks like a secret.
#[must_use]
pub fn near_misses(seed: u64, each: usize) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let all = NEAR
        .iter()
        .flat_map(|template| std::iter::repeat_n(*template, each));
    all.map(|template| fill(template, &mut dice)).collect()
}

fn fill(template: &str, dice: &mut Dice) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let place = rest[open..]
            .find('}')
            .map_or("", |close| &rest[open..=open + close]);
        let filled = part(place, dice);
        text.push_str(filled.as_deref().unwrap_or("{"));
        rest = &rest[open + filled.map_or(1, |_| place.len())..];
    }
    text.push_str(rest);
    text
}

fn part(place: &str, dice: &mut Dice) -> Option<String> {
    let word = |dice: &mut Dice| dice.pick(STEMS).to_owned();
    Some(match place {
        "{prose}" => {
            let words = 3 + dice.below(9);
            dice.prose(words)
        }
        "{word}" => word(dice),
        "{WORD}" => word(dice).to_uppercase(),
        "{Word}" => {
            let word = word(dice);
            word[..1].to_uppercase() + &word[1..]
        }
        "{n}" => (1 + dice.below(99_999)).to_string(),
        "{nn}" => format!("{:02}", 1 + dice.below(28)),
        "{time}" => format!(
            "2026-{:02}-{:02} {:02}:{:02}",
            1 + dice.below(12),
            1 + dice.below(28),
            dice.below(24),
            dice.below(60)
        ),
        "{hex6}" => dice.characters("0-9a-f", 6),
        "{hex10}" => dice.characters("0-9a-f", 10),
        "{hex40}" => dice.characters("0-9a-f", 40),
        "{hex64}" => dice.characters("0-9a-f", 64),
        "{uuid}" => dice.form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"),
        _ => return None,
    })
}

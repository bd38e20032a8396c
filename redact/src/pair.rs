//! Secrets that are named by what stands before them: `password: hunter2`, `API_KEY=…`, `"token": "…"`.
//!
//! Prose speaks about passwords without telling them ("password: the one you know"), so a value has to earn it: a
//! quoted one by being there, a bare one by having a digit, a symbol or a capital inside, by being the last word of its
//! line, or by standing directly after `=`.

use regex::{Match, Regex};

use super::strength::{is_code, is_placeholder, is_word, looks_random};

/// Names of passwords, then what may stand between name and value.
pub(super) const PASSWORD: &str = r#"(?i)(?:passwords?|passwd|passwort|passphrase|passcode|pwd|contrase(?:ñ|n)a)[0-9]{0,2}[\\"'`*_)\]]{0,4}(?:[ \t]{0,3}(?::=|=>|[:=])|[ \t](?:is|es|was|era)[ \t])[*_`]{0,2}\s{0,4}"#;
/// The same for names of other secrets.
pub(super) const SECRET: &str = r#"(?i)(?:(?:api|access|secret|signing|encryption|private|account|auth|license)[ _.-]?key|token|secret|credentials?)[0-9]{0,2}[\\"'`*_)\]]{0,4}[ \t]{0,3}(?::=|=>|[:=])[*_`]{0,2}\s{0,4}(?:(?:bearer|basic|token)\s)?"#;

/// Longer values are judged by their beginning, so that judging stays linear.
const JUDGED: usize = 256;
/// What follows these words is a state of a password, or advice.
const NO_PASSWORDS: [&str; 28] = [
    "changed",
    "confirm",
    "disabled",
    "empty",
    "enabled",
    "example",
    "expired",
    "false",
    "forgot",
    "forgotten",
    "hidden",
    "incorrect",
    "invalid",
    "missing",
    "mismatch",
    "none",
    "null",
    "optional",
    "redacted",
    "required",
    "reset",
    "secret",
    "string",
    "true",
    "undefined",
    "unknown",
    "unset",
    "wrong",
];

/// Calls `found` with the bytes of each password that one of the names introduces.
pub(super) fn find_passwords(names: &Regex, text: &str, found: impl FnMut(usize, usize)) {
    each(names, text, is_password, found);
}

/// Calls `found` with the bytes of each other secret that one of the names introduces.
pub(super) fn find_secrets(names: &Regex, text: &str, found: impl FnMut(usize, usize)) {
    each(names, text, |_, value| is_secret(value.text), found);
}

/// What stands after a name.
struct Value<'a> {
    text: &'a str,
    quoted: bool,
    /// Nothing but punctuation follows on its line.
    last: bool,
}

fn each(
    names: &Regex,
    text: &str,
    judge: impl Fn(Match<'_>, &Value<'_>) -> bool,
    mut found: impl FnMut(usize, usize),
) {
    let mut at = 0;
    while let Some(name) = names.find_at(text, at) {
        at = name.end();
        let (start, quote) = opening(text, name.end());
        let judged = value_at(text, start, quote, JUDGED);
        if judge(name, &judged) {
            let end = start + value_at(text, start, quote, usize::MAX).text.len();
            found(start, end);
            at = end;
        }
    }
}

/// Where the value starts, and the quote that ends it, if it is quoted.
fn opening(text: &str, at: usize) -> (usize, Option<char>) {
    let escaped = usize::from(text[at..].starts_with("\\\"") || text[at..].starts_with("\\'"));
    let quote = text[at + escaped..]
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'));
    (at + escaped + quote.map_or(0, char::len_utf8), quote)
}

fn value_at(text: &str, start: usize, quote: Option<char>, limit: usize) -> Value<'_> {
    let window = head(&text[start..], limit);
    let line = window.split(['\n', '\r']).next().unwrap_or_default();
    if let Some(end) = quote.and_then(|quote| line.find(quote)) {
        return Value {
            text: line[..end].trim_end_matches('\\'),
            quoted: true,
            last: false,
        };
    }
    let bare = trim_end(&line[..bare_end(line)]);
    let rest = &line[bare.len()..];
    Value {
        text: bare,
        quoted: false,
        last: !rest.contains(char::is_alphanumeric),
    }
}

/// A bare value ends at white space, a quote or `<`, and before the next pair of a list.
fn bare_end(line: &str) -> usize {
    let ends = |(at, c): (usize, char)| match c {
        '"' | '\'' | '`' | '<' => at > 0,
        ',' | ';' | '&' => next_pair(&line[at + 1..]),
        _ => c.is_whitespace(),
    };
    line.char_indices()
        .find(|&place| ends(place))
        .map_or(line.len(), |(at, _)| at)
}

/// Whether `rest` starts with `name=` or `name:`.
fn next_pair(rest: &str) -> bool {
    let part =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'"' | b'\'' | b' ');
    let name = rest
        .as_bytes()
        .iter()
        .take(40)
        .take_while(|byte| part(byte))
        .count();
    name > 0 && matches!(rest.as_bytes().get(name), Some(b'=' | b':'))
}

/// Without the punctuation of the sentence around it.
fn trim_end(value: &str) -> &str {
    value.trim_end_matches(['.', ',', ';', ':', ')', ']', '}', '>', '"', '\'', '`', '*', '|'])
}

/// The first `limit` bytes at most, whole characters.
pub(super) fn head(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn is_password(name: Match<'_>, value: &Value<'_>) -> bool {
    let Value { text, quoted, last } = *value;
    if text.is_empty() || (is_placeholder(text) && text.len() > 1) || is_state(text) {
        return false;
    }
    if quoted {
        return true;
    }
    let assigned = name.as_str().contains('=');
    let told = name.as_str().contains(':') && !name.as_str().contains('\n');
    let letters = text.chars().any(char::is_alphabetic);
    match () {
        () if is_elsewhere(text) => false,
        () if name.as_str().contains(" =") && is_code(text) => false,
        () if text.chars().count() < 4 => assigned,
        () if is_word(text) => assigned || (told && last),
        () if !letters => text.len() >= 6 || last,
        () => true,
    }
}

/// Not the password but what is said of it.
fn is_state(value: &str) -> bool {
    NO_PASSWORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// An address, a path, or a date: where or when to change it.
fn is_elsewhere(value: &str) -> bool {
    let date = || {
        let bytes = value.as_bytes();
        bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[..4].iter().all(u8::is_ascii_digit)
    };
    value.starts_with("http://") || value.starts_with("https://") || value.starts_with(['/', '~']) || date()
}

fn is_secret(value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+~=%:".contains(&byte);
    value.len() >= 10
        && value.bytes().all(allowed)
        && !is_elsewhere(value)
        && !value.contains("://")
        && looks_random(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn passwords(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        find_passwords(&Regex::new(PASSWORD).unwrap(), text, |start, end| {
            all.push(&text[start..end])
        });
        all
    }

    fn secrets(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        find_secrets(&Regex::new(SECRET).unwrap(), text, |start, end| {
            all.push(&text[start..end])
        });
        all
    }

    #[test]
    fn passwords_in_many_forms() {
        for (text, password) in [
            ("password: hunter2", "hunter2"),
            ("my password is hunter2, keep it", "hunter2"),
            ("DB_PASSWORD=swordfish run", "swordfish"),
            ("{\"password\": \"correct horse\"}", "correct horse"),
            ("{\\\"password\\\": \\\"x y\\\"}", "x y"),
            ("Server=db;Password=a,b;c1;Database=x", "a,b;c1"),
            ("https://x.org/?user=a&pwd=qwertz&b=2", "qwertz"),
            ("(passwd: tr0ub4dor&3).", "tr0ub4dor&3"),
            ("**Password:** Sommer2024!", "Sommer2024!"),
            ("Password:\nsw0rdfish\n", "sw0rdfish"),
            ("la contraseña es caballo77", "caballo77"),
            ("PASSPHRASE := 'ñandú'", "ñandú"),
            ("password: 4711", "4711"),
            ("pwd=x", "x"),
        ] {
            assert_eq!(passwords(text), [password], "{text}");
        }
    }

    #[test]
    fn prose_about_passwords() {
        for text in [
            "password: the one you know",
            "Forgot your password? Click here: it is easy",
            "password: required",
            "E-mail:\nPassword:\nLogin\n",
            "password=$DB_PASSWORD password=${pw} password: ********",
            "The password is wrong. The password is case-sensitive.",
            "password: 8 characters or more",
            "reset your password: https://example.org/reset",
            "last change of password: 2026-02-26",
            "PWD=/home/ana",
            "password manager, passwordless login",
        ] {
            assert!(passwords(text).is_empty(), "{text}: {:?}", passwords(text));
        }
    }

    #[test]
    fn other_secrets_and_prose() {
        let key = ["q7Zr2xW9", "kP4vN8tL"].concat();
        for text in [
            format!("api_key={key}"),
            format!("X-Api-Key: {key}"),
            format!("\"secret\": \"{key}\""),
            format!("?token={key}&x=1"),
        ] {
            assert_eq!(secrets(&text), [key.as_str()], "{text}");
        }
        for text in [
            "token: economics of the thing",
            "the secret: love everyone",
            "max_tokens=4096 tokens: 1234567890",
            "primary key: customer_identifier",
            "api key: https://example.org/keys/12345678",
            "token=1708258800.000",
        ] {
            assert!(secrets(text).is_empty(), "{text}");
        }
    }
}

//! Secrets as people write them, in their languages and on their screens.

use crate::{Dice, Positive};

/// What introduces a password; `{s}` is the password.
const PASSWORDS: &[(&str, &str)] = &[
    ("password", "password: {s}"),
    ("password", "Password: {s}"),
    ("password", "my password is {s}, keep it"),
    ("password", "DB_PASSWORD={s}"),
    ("password", "{\"password\": \"{s}\"}"),
    ("password", "Server=db;Password={s};Database=x"),
    ("password", "https://x.example.org/?user=a&pwd={s}&b=2"),
    ("password", "**Password:** {s}"),
    ("password", "WiFi password (guests): {s}"),
    ("password", "Password for the guest wifi is {s}"),
    ("contraseña", "Contraseña del wifi: {s}"),
    ("senha", "Senha do wifi: {s}"),
    ("mot de passe", "Mot de passe du wifi : {s}"),
    ("пароль", "пароль от wifi: {s}"),
    ("pw", "pw: {s}"),
    ("pw", "login ana pw: {s}"),
    ("pw", "router admin / pw = {s}"),
    ("pass", "user: ana pass: {s}"),
    ("pass", "DB_PASS={s}"),
    ("pass", "dbPass = '{s}'"),
    ("kennwort", "Kennwort: {s}"),
    ("kennwort", "Das Kennwort lautet {s}"),
    ("passwort", "Passwort: {s}"),
    ("contraseña", "Contraseña: {s}"),
    ("contraseña", "la contraseña es {s}"),
    ("senha", "senha: {s}"),
    ("senha", "A senha é {s}"),
    ("clave", "clave: {s}"),
    ("clave", "la clave es {s} por si acaso"),
    ("mot de passe", "mot de passe : {s}"),
    ("mot de passe", "Mot de passe: {s}"),
    ("пароль", "пароль: {s}"),
    ("пароль", "Пароль: {s}"),
    ("密码", "密码：{s}"),
    ("密码", "密码: {s}"),
    ("curl -u", "curl -u admin:{s} https://example.org/api"),
    ("curl -u", "curl -s --user 'ana:{s}' https://example.org/api"),
    (".netrc", "machine example.org login ana password {s}"),
    (".netrc", "machine example.org\n  login ana\n  password {s}\n"),
    ("WIFI:", "WIFI:T:WPA;S:Casa;P:{s};;"),
    ("Authorization", "Authorization: Token {s}x7Bq2Lw9"),
    ("url", "postgres://app:{s}@db.example.org:5432/app"),
    ("columns", "Password    {s}"),
    ("columns", "| WiFi password | {s} |"),
    ("columns", "User      Password\nana       {s}"),
    ("columns", "user password\nana {s}"),
    ("two lines", "Password\n{s}"),
    ("two lines", "Contraseña\n{s}\n"),
    ("two lines", "WiFi password:\n{s}"),
    ("hidden", "<add key=\"Password\" value=\"{s}\" />"),
];
#[rustfmt::skip]
const STEMS: &[&str] = &["hunter", "Sommer", "gato", "correcto", "Tr0ub", "dragon", "Madrid", "qwerty", "monkey", "Lissabon", "zebra"];
const SYMBOLS: &[&str] = &["!", "#", "$", "_", "-", "*", ""];

/// A password as people choose them: a word, a number and a symbol.
fn password(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => dice.characters("A-Za-z0-9", 12) + "7",
        _ => format!(
            "{}{}{}{}",
            dice.pick(STEMS),
            dice.pick(SYMBOLS),
            10 + dice.below(9_990),
            dice.pick(&["", "x", "!"])
        ),
    }
}

/// `each` texts of every way in which people write passwords, and cards.
#[must_use]
pub fn people(seed: u64, each: usize) -> Vec<Positive> {
    let mut dice = Dice::new(seed);
    let mut all = Vec::new();
    for (rule, way) in PASSWORDS {
        for _ in 0..each {
            let secret = password(&mut dice);
            all.push(Positive {
                rule: format!("people: {rule}"),
                text: way.replace("{s}", &secret),
                secret,
            });
        }
    }
    for separator in ["", " ", "-", "\u{a0}", "\u{202f}", "\n"] {
        for _ in 0..each {
            let secret = card(&mut dice, separator);
            all.push(Positive {
                rule: "people: card".to_owned(),
                text: format!("paid with {secret} on {}", dice.prose(3)),
                secret,
            });
        }
    }
    all
}

/// Numbers that identify a person: for `secrets+personal`.
#[must_use]
pub fn personal(seed: u64, each: usize) -> Vec<Positive> {
    let mut dice = Dice::new(seed);
    let mut all = Vec::new();
    for _ in 0..each {
        for (rule, secret) in [
            ("personal: iban", iban(&mut dice)),
            ("personal: dni", dni(&mut dice)),
            ("personal: ssn", dice.form("[1-5]{1}[1-9]{2}-[1-9]{2}-[1-9]{4}")),
            ("personal: phone", dice.form("+34 6[0-9]{2} [0-9]{3} [0-9]{3}")),
            ("personal: phone", dice.form("+49 15[0-9]{1} [0-9]{8}")),
            ("personal: phone", dice.form("([2-9]{1}[0-9]{2}) 555-[0-9]{4}")),
        ] {
            all.push(Positive {
                rule: rule.to_owned(),
                text: format!("{} {secret} {}", dice.prose(3), dice.prose(3)),
                secret,
            });
        }
    }
    all
}

/// Sixteen digits in fours, with the right last one.
fn card(dice: &mut Dice, separator: &str) -> String {
    let body = format!("4{}", dice.characters("0-9", 14));
    let number = (0..10)
        .map(|check| format!("{body}{check}"))
        .find(|number| luhn(number))
        .unwrap_or_default();
    [&number[..4], &number[4..8], &number[8..12], &number[12..]].join(separator)
}

fn luhn(number: &str) -> bool {
    let weigh = |(place, digit): (usize, u8)| match (place % 2, u32::from(digit - b'0')) {
        (1, digit) if digit > 4 => digit * 2 - 9,
        (1, digit) => digit * 2,
        (_, digit) => digit,
    };
    number
        .bytes()
        .rev()
        .enumerate()
        .map(weigh)
        .sum::<u32>()
        .is_multiple_of(10)
}

fn dni(dice: &mut Dice) -> String {
    let number = 10_000_000 + dice.below(89_999_999);
    let letter = b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23];
    format!("{number}{}", char::from(letter))
}

/// A Spanish account with its check digits.
fn iban(dice: &mut Dice) -> String {
    let account = dice.characters("0-9", 20);
    let rest = format!("{account}142800")
        .bytes()
        .fold(0_u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    let number = format!("ES{:02}{account}", 98 - rest);
    let groups: Vec<&str> = (0..6).map(|group| &number[group * 4..group * 4 + 4]).collect();
    groups.join(" ")
}

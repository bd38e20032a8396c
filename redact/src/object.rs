//! Redaction of an event's data: every text, every key, every number, and what stands under a telling key.

use std::borrow::Cow;

use openclone_vault::{Object, Value};

use super::engine::Engine;
use super::rule::{PASSWORD, SECRET};
use super::span::marker;
use super::strength::{has_digit, is_placeholder};

/// Endings of keys, in lower-case letters only, whose values are passwords.
const PASSWORDS: [&str; 9] = [
    "password",
    "passwords",
    "passwd",
    "passwort",
    "passphrase",
    "passcode",
    "pwd",
    "contraseña",
    "contrasena",
];
/// Endings of keys whose values are secrets of other kinds.
const SECRETS: [&str; 13] = [
    "apikey",
    "apikeys",
    "accesskey",
    "secretkey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "clientsecret",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "sessiontoken",
    "idtoken",
];
/// Endings of keys whose values are secrets if they look like one: people write stories about tokens and secrets too.
const PERHAPS: [&str; 4] = ["token", "secret", "credential", "credentials"];

/// What a key says about the value under it.
#[derive(Clone, Copy, PartialEq)]
enum Under {
    /// Nothing.
    Plain,
    /// That it is a secret of the rule named.
    Secret(&'static str),
    /// That it may be one.
    Perhaps,
}

/// Redacts `data` in place; returns how many secrets there were.
pub(super) fn redact(engine: &Engine, data: &mut Object<'_>) -> u32 {
    members(engine, data, Under::Plain)
}

fn members(engine: &Engine, data: &mut Object<'_>, above: Under) -> u32 {
    let mut count = 0;
    let mut keys_changed = false;
    for (key, member) in data.iter_mut() {
        if engine.is_harmless(key) {
            count += value(engine, member, above);
            continue;
        }
        let here = under(engine, key);
        count += value(engine, member, if here == Under::Plain { above } else { here });
        if let Some((redacted, found)) = engine.redact(key) {
            *key = Cow::Owned(redacted);
            count += found;
            keys_changed = true;
        }
    }
    if keys_changed {
        number_equal_keys(data);
    }
    count
}

fn value(engine: &Engine, value: &mut Value<'_>, under: Under) -> u32 {
    let (replacement, count) = match value {
        Value::Null | Value::Bool(_) => return 0,
        Value::Array(items) => {
            return items
                .iter_mut()
                .map(|item| self::value(engine, item, under))
                .sum();
        }
        Value::Object(object) => return members(engine, object, under),
        Value::Number(number) => redacted_number(engine, number.as_str(), under),
        Value::String(text) => redacted_text(engine, text, under),
    };
    if let Some(replacement) = replacement {
        *value = Value::String(Cow::Owned(replacement));
    }
    count
}

fn redacted_text(engine: &Engine, text: &str, under: Under) -> (Option<String>, u32) {
    match under {
        Under::Secret(rule) if is_told(engine, text) => (Some(marker(rule)), 1),
        Under::Perhaps if is_told(engine, text) && looks_like_one(text) => (Some(marker(SECRET)), 1),
        _ => split(engine.redact(text)),
    }
}

fn redacted_number(engine: &Engine, digits: &str, under: Under) -> (Option<String>, u32) {
    match under {
        Under::Secret(rule) if digits.len() >= 4 && !engine.allows(digits) => (Some(marker(rule)), 1),
        _ if digits.len() < 12 && !engine.looks_at_everything() => (None, 0),
        _ => split(engine.redact(digits)),
    }
}

fn split(found: Option<(String, u32)>) -> (Option<String>, u32) {
    found.map_or((None, 0), |(text, count)| (Some(text), count))
}

/// Whether a text under a telling key tells anything.
fn is_told(engine: &Engine, text: &str) -> bool {
    let placeholder = text.len() > 1 && is_placeholder(text);
    !text.trim().is_empty() && !placeholder && !engine.is_marker(text) && !engine.allows(text)
}

fn looks_like_one(text: &str) -> bool {
    text.len() >= 8 && has_digit(text) && !text.contains(char::is_whitespace) && !text.contains("://")
}

fn under(engine: &Engine, key: &str) -> Under {
    if !engine.is_keyword_of_pairs(key) {
        return Under::Plain;
    }
    let letters: String = key
        .chars()
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect();
    let ends = |names: &[&str]| names.iter().any(|name| letters.ends_with(name));
    match () {
        () if ends(&PASSWORDS) => Under::Secret(PASSWORD),
        () if ends(&SECRETS) => Under::Secret(SECRET),
        () if ends(&PERHAPS) => Under::Perhaps,
        () => Under::Plain,
    }
}

/// Two keys may have become one: the later ones get a number.
fn number_equal_keys(data: &mut Object<'_>) {
    let mut taken: Vec<String> = Vec::new();
    for (key, _) in data.iter_mut() {
        if taken.iter().any(|other| other == key) {
            let free = (2..)
                .map(|n| format!("{key} {n}"))
                .find(|name| !taken.contains(name));
            *key = Cow::Owned(free.unwrap_or_default());
        }
        taken.push(key.to_string());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use openclone_vault::Number;

    use super::super::{RedactConfig, Redactor};
    use super::*;

    const CARD: i64 = 4_111_111_111_111_111;

    fn text(text: &str) -> Value<'static> {
        Value::String(Cow::Owned(text.to_owned()))
    }

    fn object(members: Vec<(&str, Value<'static>)>) -> Object<'static> {
        let mut object = Object::default();
        for (key, value) in members {
            object.push(key.to_owned(), value);
        }
        object
    }

    fn redacted(members: Vec<(&str, Value<'static>)>) -> (Vec<(String, Value<'static>)>, u32) {
        let redactor = Redactor::new(&RedactConfig::default()).unwrap();
        let mut data = object(members);
        let count = redactor.redact_object(&mut data);
        let once = data.clone();
        assert_eq!(redactor.redact_object(&mut data), 0);
        assert_eq!(data, once);
        (
            data.iter()
                .map(|(key, value)| (key.to_string(), value.clone()))
                .collect(),
            count,
        )
    }

    #[test]
    fn values_under_telling_keys() {
        let secret = || text("hunter2");
        let (data, count) = redacted(vec![
            ("password", secret()),
            ("dbPassword2", text("two words")),
            ("API-Key", secret()),
            ("token", text("a token of love")),
            ("session_token", text("x")),
            ("secret", text("abc123def456")),
            (
                "passwords",
                Value::Array(vec![secret(), Value::Null, text("****")]),
            ),
            ("client_secret", Value::Object(object(vec![("value", secret())]))),
            ("passcode", Value::Number(123_456.into())),
            ("keyboard", secret()),
        ]);
        let shown = |index: usize| &data[index].1;
        let password = || text("[REDACTED:password]");
        let other = || text("[REDACTED:secret]");
        assert_eq!(count, 8);
        assert_eq!(
            (shown(0), shown(1), shown(2)),
            (&password(), &password(), &other())
        );
        assert_eq!(
            (shown(3), shown(4), shown(5)),
            (&text("a token of love"), &other(), &other())
        );
        assert_eq!(
            shown(6),
            &Value::Array(vec![password(), Value::Null, text("****")])
        );
        assert_eq!(shown(7), &Value::Object(object(vec![("value", other())])));
        assert_eq!((shown(8), shown(9)), (&password(), &secret()));
    }

    #[test]
    fn a_card_as_number_becomes_a_text() {
        let (data, count) = redacted(vec![
            ("card", Value::Number(CARD.into())),
            ("at", Value::Number(1_708_258_800_000.into())),
            (
                "list",
                Value::Array(vec![Value::Number(Number::from(CARD)), Value::Bool(true)]),
            ),
        ]);
        assert_eq!(count, 2);
        assert_eq!(data[0].1, text("[REDACTED:card]"));
        assert_eq!(data[1].1, Value::Number(1_708_258_800_000.into()));
        assert_eq!(
            data[2].1,
            Value::Array(vec![text("[REDACTED:card]"), Value::Bool(true)])
        );
    }

    #[test]
    fn keys_are_redacted_and_stay_unique() {
        let one = ["4111 1111 1111", " 1111"].concat();
        let two = ["5555 5555 5555", " 4444"].concat();
        let (data, count) = redacted(vec![
            (&one, text("a")),
            ("[REDACTED:card] 2", text("b")),
            (&two, text("c")),
        ]);
        let keys: Vec<&str> = data.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            ["[REDACTED:card]", "[REDACTED:card] 2", "[REDACTED:card] 3"]
        );
        assert_eq!(count, 2);
    }
}

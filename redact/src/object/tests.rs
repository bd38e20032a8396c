#![allow(clippy::unwrap_used)]

use openclone_core::json::Number;

use super::*;
use crate::{RedactConfig, Redactor};

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
        ("session_token", text("s3ss10n")),
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
fn a_value_that_another_member_names() {
    let (data, count) = redacted(vec![("title", text("WiFi password")), ("text", text("hunter2x"))]);
    assert_eq!((count, &data[1].1), (1, &text("[REDACTED:password]")));
    let (data, count) = redacted(vec![
        ("from", text("Password:")),
        ("preview", text("swordfish")),
        ("app_name", text("Signal")),
    ]);
    assert_eq!((count, &data[1].1), (1, &text("[REDACTED:password]")));
    assert_eq!(data[2].1, text("Signal"));
    let (data, count) = redacted(vec![
        ("window_title", text("Change password")),
        ("app_name", text("Chrome")),
        ("text", text("Your new password must have 8 characters")),
        ("url", text("https://example.org/account2")),
    ]);
    assert_eq!(count, 0, "{data:?}");
    let list = Value::Array(vec![text("Kennwort"), text("gato#2024")]);
    assert_eq!(redacted(vec![("cells", list)]).1, 1);
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

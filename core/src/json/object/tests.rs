#![allow(clippy::unwrap_used)]
use super::*;
use crate::json::{Form, write_object};

fn text(json: &str) -> String {
    let mut out = String::new();
    write_object(&mut out, &parse(json).unwrap(), Form::Shown);
    out
}

#[test]
fn values_of_every_kind_are_read() {
    let json = r#" { "a" : [ 1 , -2.50, true, false, null, "x" ], "b":{"c":{}}, "d":[] } "#;
    assert_eq!(
        text(json),
        r#"{"a":[1,-2.5,true,false,null,"x"],"b":{"c":{}},"d":[]}"#
    );
}

#[test]
fn strings_are_borrowed_unless_escaped() {
    let parsed =
        parse(r#"{"plain":"añb","escaped":"a\n\u00f1\ud83d\ude00\ud800x\udc00\ud800\u0041"}"#).unwrap();
    assert!(matches!(&parsed.0[0].1, Value::String(Cow::Borrowed("añb"))));
    assert_eq!(
        parsed.0[1].1,
        Value::String("a\nñ😀\u{fffd}x\u{fffd}\u{fffd}A".into())
    );
}

#[test]
fn the_last_of_equal_keys_wins_in_the_place_of_the_first() {
    assert_eq!(text(r#"{"a":1,"b":2,"a":3}"#), r#"{"a":3,"b":2}"#);
    let many: String = (0..1000).map(|n| format!("\"k{}\":{n},", n % 500)).collect();
    let parsed = text(&format!("{{{}\"k0\":\"last\"}}", many));
    assert!(parsed.starts_with(r#"{"k0":"last","k1":501,"#), "{parsed}");
    assert_eq!(parsed.matches(':').count(), 500);
}

#[test]
fn invalid_objects_are_rejected() {
    let bad = [
        "",
        "[]",
        "1",
        "null",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1}x",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":-}",
        "{\"a\":1e}",
        "{\"a\":NaN}",
        "{\"a\":1e400}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":[1 2]}",
        "{\"a\":[1,]}",
        "{\"a\":tru}",
        "{\"a\":1 \"b\":2}",
    ];
    for json in bad {
        assert!(parse(json).is_err(), "{json}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
    assert!(parse(&nested(MAX_DEPTH)).is_err());
    assert!(parse(&format!("{{\"a\":{}", "[".repeat(1_000_000))).is_err());
    assert!(parse(&"{\"a\":".repeat(1_000_000)).is_err());
}

#[test]
fn no_magic_key_becomes_a_number() {
    let json = r#"{"a":{"$serde_json::private::Number":"1"}}"#;
    assert_eq!(text(json), json);
}

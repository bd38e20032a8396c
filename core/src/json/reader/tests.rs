#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::json::replace_lone_surrogates;

fn read(text: &str) -> Result<Span<'_>, ParseError> {
    let mut reader = Reader::new(text);
    let span = reader.span()?;
    reader.end()?;
    Ok(span)
}

fn error(text: &str) -> (usize, &'static str) {
    match read(text) {
        Err(ParseError::Syntax { offset, reason }) => (offset, reason),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn errors_have_their_position() {
    assert_eq!(error(""), (0, "Expecting value"));
    assert_eq!(
        error("{\"a\": 1,}"),
        (8, "Expecting property name enclosed in double quotes")
    );
    assert_eq!(error("{\"a\" 1}"), (5, "Expecting ':' delimiter"));
    assert_eq!(error("[1 2]"), (3, "Expecting ',' delimiter"));
    assert_eq!(error("[1,]"), (3, "Expecting value"));
    assert_eq!(error("[,1]"), (1, "Expecting value"));
    assert_eq!(
        error("{,}"),
        (1, "Expecting property name enclosed in double quotes")
    );
    assert_eq!(error("\"a\tb\""), (2, "Invalid control character at"));
    assert_eq!(error(" \"abc"), (1, "Unterminated string starting at"));
    assert_eq!(error("\"\\x\""), (1, "Invalid \\escape"));
    assert_eq!(error("\"\\u12g4\""), (1, "Invalid \\uXXXX escape"));
    assert_eq!(error("1 x"), (2, "Extra data"));
    assert_eq!(error("01"), (1, "Extra data"));
    assert_eq!(error("1."), (1, "Extra data"));
    assert_eq!(error("1e+"), (1, "Extra data"));
    assert_eq!(error("-"), (0, "Expecting value"));
    assert_eq!(error("+1"), (0, "Expecting value"));
    assert_eq!(error("tru"), (0, "Expecting value"));
    assert_eq!(error("\u{feff}1"), (0, "Expecting value"));
}

#[test]
fn depth_is_counted_and_bounded() {
    assert_eq!(read("1").unwrap().depth, 0);
    assert_eq!(read("[]").unwrap().depth, 1);
    assert_eq!(read("[{\"a\":[1]},[]]").unwrap().depth, 3);
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(read(&nested(MAX_NESTING)).unwrap().depth, MAX_NESTING);
    assert_eq!(read(&nested(MAX_NESTING + 1)).unwrap_err(), ParseError::TooDeep);
    assert_eq!(read(&"[".repeat(1 << 20)).unwrap_err(), ParseError::TooDeep);
    assert_eq!(read(&"{\"a\":".repeat(1 << 18)).unwrap_err(), ParseError::TooDeep);
}

#[test]
fn span_excludes_surrounding_space() {
    assert_eq!(
        read(" \n{ \"a\" : [ 1 , 2 ] } ").unwrap().text,
        "{ \"a\" : [ 1 , 2 ] }"
    );
}

fn number(text: &str) -> NumberLiteral<'_> {
    match read(text).unwrap().token {
        Token::Number(number) => number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_beyond_a_double_are_not_finite() {
    let long = format!("1{}", "0".repeat(400));
    for text in ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", long.as_str()] {
        assert!(!number(text).is_finite(), "{text}");
    }
    let tiny = format!("0.{}1", "0".repeat(400));
    let digits = "9".repeat(300);
    for text in [
        "0",
        "-0",
        "1e308",
        "1e-400",
        "123456789012345678901234567890",
        tiny.as_str(),
        &digits,
    ] {
        assert!(number(text).is_finite(), "{text}");
    }
    assert!(number("12").is_integer() && !number("12.0").is_integer() && !number("1e2").is_integer());
}

proptest! {
    #[test]
    fn fast_path_agrees_with_the_standard_library(text in "-?(0|[1-9][0-9]{0,16})(\\.[0-9]{1,16})?([eE][+-]?[0-9]{1,3})?") {
        prop_assert_eq!(number(&text).value().to_bits(), text.parse::<f64>().unwrap().to_bits());
    }
}

fn text(json: &str) -> StringLiteral<'_> {
    match read(json).unwrap().token {
        Token::String(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn lone_surrogates_become_the_replacement_character() {
    for (json, plain, raw) in [
        (r#""\ud800""#, "\u{fffd}", r"\ufffd"),
        (r#""\udc00x""#, "\u{fffd}x", r"\ufffdx"),
        (
            r#""\ud800\ud83d\ude00""#,
            "\u{fffd}\u{1f600}",
            r"\ufffd\ud83d\ude00",
        ),
        (r#""\ud800\u0041\n""#, "\u{fffd}A\n", r"\ufffd\u0041\n"),
        (r#""\\ud800\ud800""#, "\\ud800\u{fffd}", r"\\ud800\ufffd"),
    ] {
        assert!(text(json).has_lone_surrogate());
        assert_eq!(text(json).unescape(), plain);
        assert_eq!(replace_lone_surrogates(json), format!("\"{raw}\""));
    }
    assert!(!text(r#""\ud83d\ude00""#).has_lone_surrogate());
    assert!(read(r#"{"a":[{"\udfff":1}]}"#).unwrap().has_lone_surrogate);
}

#[test]
fn length_is_that_of_the_unescaped_string() {
    assert!(!text(r#""\u0041\u0042""#).is_longer_than(2));
    assert!(text(r#""\u00e9\u00e9""#).is_longer_than(3));
    assert!(text("\"abc\"").is_longer_than(2));
}

/// JSON text with space, escapes and nested containers.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .prop_map(|value| serde_json::to_string_pretty(&value).unwrap())
}

proptest! {
    #[test]
    fn valid_json_is_read_whole(json in any_json()) {
        prop_assert_eq!(read(&json).unwrap().text, json.trim());
    }

    /// One edit anywhere: this reader and serde_json agree about what is left.
    #[test]
    fn invalid_json_is_rejected_as_serde_json_does(json in any_json(), at in any::<prop::sample::Index>(),
                                  edit in "[\\[\\]{},:\"\\\\0-9eE.+ u\u{1}-]{0,2}") {
        let mut broken: Vec<char> = json.chars().collect();
        let at = at.index(broken.len());
        broken.splice(at..=at, edit.chars());
        let broken: String = broken.into_iter().collect();
        let expected = serde_json::from_str::<Value>(&broken);
        let out_of_range = expected.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        let lone = expected.as_ref().is_err_and(|error| error.to_string().contains("surrogate"));
        prop_assume!(!out_of_range && !lone);
        prop_assert_eq!(read(&broken).is_ok(), expected.is_ok(), "{}", broken);
    }

    #[test]
    fn strings_are_unescaped_as_serde_does(plain in any::<String>()) {
        let json = serde_json::to_string(&plain).unwrap();
        prop_assert_eq!(text(&json).unescape(), plain.as_str());
        prop_assert_eq!(text(&json).is_longer_than(plain.len()), false);
        if !plain.is_empty() {
            prop_assert!(text(&json).is_longer_than(plain.len() - 1));
        }
    }

    #[test]
    fn reader_never_panics(any in any::<String>(), jsonish in "[\\[\\]{},:\"\\\\0-9eE.+ untrue\u{e9}-]{0,40}") {
        let _ = read(&any);
        let _ = read(&jsonish);
    }
}

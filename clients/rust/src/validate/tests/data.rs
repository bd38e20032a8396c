//! `data` in both forms.

use proptest::prelude::*;

use super::*;
use crate::v1::{AudioSystem, Calendar, Gps, Journal};

#[test]
fn data_is_a_bounded_object() {
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let keys = |count: usize| {
        format!(
            "{{{}}}",
            (0..count)
                .map(|n| format!("\"k{n}\":1"))
                .collect::<Vec<_>>()
                .join(",")
        )
    };
    let text = |bytes: usize| format!("{{\"a\":[\"{}\"]}}", "x".repeat(bytes));
    let key = |bytes: usize| format!("{{\"{}\":1}}", "k".repeat(bytes));
    for sound in [
        "{}",
        "{\"a\":\"\\u0000\"}",
        &nested(32),
        &keys(256),
        &text(256 * 1024),
        &key(128),
    ] {
        assert_eq!(data(sound), [], "{sound:.40}");
    }
    assert_eq!(data(&nested(33)), found("events[0].data", "DATA_TOO_DEEP"));
    assert_eq!(data(&nested(33_000)), found("events[0].data", "INVALID_JSON"));
    assert_eq!(data(&keys(257)), found("events[0].data", "TOO_MANY_KEYS"));
    assert_eq!(
        data(&text(256 * 1024 + 1)),
        found("events[0].data.a[0]", "TOO_LONG")
    );
    assert_eq!(
        data(&key(129)),
        found(&format!("events[0].data.{}[key]", "k".repeat(128)), "TOO_LONG")
    );
    for no_object in ["[]", "1", "null", "\"{}\""] {
        assert_eq!(data(no_object), found("events[0].data", "NOT_AN_OBJECT"));
    }
    for no_json in ["", "{", "{}}", "{'a':1}", "{\"a\":01}"] {
        assert_eq!(data(no_json), found("events[0].data", "INVALID_JSON"));
    }
    assert_eq!(
        data("{\"a\":\"\\ud800\"}"),
        found("events[0].data.a", "INVALID_JSON")
    );
}

#[test]
fn every_number_that_is_not_finite_is_listed() {
    let paths: Vec<_> = data(r#"{"a":1e400,"b":{"c":[0,NaN,-Infinity]},"d":1}"#)
        .into_iter()
        .collect();
    let expected = ["a", "b.c[1]", "b.c[2]"].map(|path| (format!("events[0].data.{path}"), "NOT_FINITE"));
    assert_eq!(paths, expected);
}

#[test]
fn repeated_key_counts_once_and_each_value_is_checked() {
    assert_eq!(data(&format!("{{{}\"a\":1}}", "\"a\":1,".repeat(300))), []);
    assert_eq!(
        data(r#"{"a":1e400,"a":1}"#),
        found("events[0].data.a", "NOT_FINITE")
    );
    let keys: String = (0..300).map(|n| format!("\"k{n}\":NaN,")).collect();
    assert_eq!(data(&format!("{{\"a\":NaN,\"b\":{{{keys}\"z\":1}}}}")).len(), 2);
}

#[test]
fn typed_payload_must_match_the_source_type() {
    let typed = |data: Data| one(|batch| batch.events[0].data = Some(data));
    let sound = AudioSystem {
        text: Some("hi".to_owned()),
        duration: Some(60.0),
        ..Default::default()
    };
    assert_eq!(typed(Data::AudioSystem(sound)), []);
    assert_eq!(
        typed(Data::Journal(Journal::default())),
        found("events[0].data", "WRONG_PAYLOAD")
    );
    let bad = AudioSystem {
        text: Some("x".repeat(256 * 1024 + 1)),
        duration: Some(f64::NAN),
        app_name: None,
        confidence: Some(f64::INFINITY),
    };
    let paths: Vec<_> = typed(Data::AudioSystem(bad))
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        paths,
        [
            "events[0].data.text",
            "events[0].data.duration",
            "events[0].data.confidence"
        ]
    );
}

#[test]
fn lists_and_positions_of_typed_payloads_are_checked() {
    let long = "x".repeat(256 * 1024 + 1);
    let calendar = Calendar {
        attendees: vec!["a".to_owned(), long],
        ..Default::default()
    };
    let listed = one(|batch| {
        batch.source_type = SourceType::Calendar.into();
        batch.events[0].data = Some(Data::Calendar(calendar));
    });
    assert_eq!(listed, found("events[0].data.attendees[1]", "TOO_LONG"));
    let listed = one(|batch| {
        batch.source_type = SourceType::Gps.into();
        batch.events[0].data = Some(Data::Gps(Gps {
            lon: Some(f64::NEG_INFINITY),
            ..Default::default()
        }));
    });
    assert_eq!(listed, found("events[0].data.lon", "NOT_FINITE"));
}

proptest! {
    #[test]
    fn valid_data_is_read_by_serde_json(json in "\\{(\"[ab]\":([0-9e.-]{1,5}|\"[a\\\\u08]{0,6}\"|\\[\\]|NaN|\\{\\}),?){0,3}\\}") {
        let is_sound = data(&json).is_empty();
        prop_assert!(!is_sound || serde_json::from_str::<serde_json::Map<_, _>>(&json).is_ok(), "{}", json);
    }

    #[test]
    fn validation_never_panics(json in any::<String>(), jsonish in "[\\[\\]{},:\"\\\\0-9eE.+ untrue-]{0,40}") {
        let _ = data(&json);
        let _ = data(&jsonish);
    }
}

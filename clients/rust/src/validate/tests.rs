#![allow(clippy::unwrap_used)]

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use prost_types::Timestamp;

use super::*;
use crate::v1::{AudioSystem, Calendar, Gps, Journal};

const NOW: u64 = 1_800_000_000;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn moment(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn event(json: &str) -> Event {
    Event {
        timestamp: moment(1_708_258_800),
        raw_ref: None,
        data: Some(Data::Json(json.to_owned())),
    }
}

fn batch() -> Batch {
    Batch {
        source_type: SourceType::AudioSystem.into(),
        platform: Platform::Macos.into(),
        device_id: "550e8400-e29b-41d4-a716-446655440000".to_owned(),
        plugin_id: "openclone-mac-audio".to_owned(),
        plugin_version: "1.0.0".to_owned(),
        timestamp: moment(1_708_258_800),
        events: vec![event(r#"{"text":"hi","duration":60}"#)],
    }
}

/// Path and reason of each violation.
fn faults(batch: &Batch) -> Vec<(String, &'static str)> {
    validate(batch, now())
        .iter()
        .map(|found| (found.field_path(), found.rule.reason()))
        .collect()
}

fn one(change: impl FnOnce(&mut Batch)) -> Vec<(String, &'static str)> {
    let mut batch = batch();
    change(&mut batch);
    faults(&batch)
}

fn data(json: &str) -> Vec<(String, &'static str)> {
    one(|batch| batch.events = vec![event(json)])
}

fn found(path: &str, reason: &'static str) -> Vec<(String, &'static str)> {
    vec![(path.to_owned(), reason)]
}

#[test]
fn a_sound_batch_has_no_faults() {
    assert_eq!(faults(&batch()), []);
}

#[test]
fn an_empty_batch_has_every_fault_in_the_order_of_the_fields() {
    let expected = [
        ("source_type", "UNKNOWN_SOURCE_TYPE"),
        ("platform", "UNKNOWN_PLATFORM"),
        ("device_id", "INVALID_UUID"),
        ("plugin_id", "INVALID_PLUGIN_ID"),
        ("plugin_version", "INVALID_VERSION"),
        ("timestamp", "MISSING"),
        ("events", "NO_EVENTS"),
    ];
    assert_eq!(
        faults(&Batch::default()),
        expected.map(|(path, reason)| (path.to_owned(), reason))
    );
}

#[test]
fn events_are_faulted_in_order_and_listed_up_to_the_limit() {
    let bad = Event {
        timestamp: None,
        raw_ref: Some("r".repeat(257)),
        data: None,
    };
    let expected = ["timestamp", "data", "raw_ref"].map(|field| format!("events[1].{field}"));
    let listed = one(|batch| batch.events.push(bad.clone()));
    assert_eq!(
        listed.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>(),
        expected
    );
    assert_eq!(one(|batch| batch.events = vec![bad; 500]).len(), MAX_VIOLATIONS);
    assert_eq!(
        one(|batch| batch.events = vec![Event::default(); 501]),
        found("events", "TOO_MANY_EVENTS")
    );
}

#[test]
fn device_ids_are_uuids_of_version_4_or_test_devices() {
    let reason = |id: &str| {
        one(|batch| batch.device_id = id.to_owned())
            .pop()
            .map(|(_, reason)| reason)
    };
    let longest = format!("test-{}", "a".repeat(59));
    for id in [
        "550E8400-E29B-41D4-A716-446655440000",
        "550e8400e29b41d4a716446655440000",
        "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
        "{550e8400-e29b-41d4-a716-446655440000}",
        "test-001",
        "test--",
        &longest,
    ] {
        assert_eq!(reason(id), None, "{id}");
    }
    for id in [
        "",
        "laptop",
        "test-",
        "test-A",
        "test-é",
        " 550e8400e29b41d4a716446655440000",
        &format!("{longest}a"),
    ] {
        assert_eq!(reason(id), Some("INVALID_UUID"), "{id}");
    }
    for id in [
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "550e8400-e29b-41d4-e716-446655440000",
    ] {
        assert_eq!(reason(id), Some("WRONG_UUID_VERSION"), "{id}");
    }
}

#[test]
fn plugin_ids_are_kebab_case() {
    let reason = |id: &str| {
        one(|batch| batch.plugin_id = id.to_owned())
            .pop()
            .map(|(_, reason)| reason)
    };
    for id in ["a", "7", "my-plugin", "a-1-b", &"a".repeat(64)] {
        assert_eq!(reason(id), None, "{id}");
    }
    for id in [
        "",
        "-",
        "a-",
        "-a",
        "a--b",
        "My-Plugin",
        "a_b",
        "a b",
        "a\n",
        "é",
        &"é".repeat(64),
    ] {
        assert_eq!(reason(id), Some("INVALID_PLUGIN_ID"), "{id}");
    }
    assert_eq!(reason(&"a".repeat(65)), Some("TOO_LONG"));
    assert_eq!(reason(&"é".repeat(65)), Some("TOO_LONG"));
}

#[test]
fn versions_are_semver() {
    let is_valid = |version: &str| one(|batch| batch.plugin_version = version.to_owned()).is_empty();
    let long = format!("1.0.0+{}", "a".repeat(250));
    for version in [
        "0.0.0",
        "1.0.0-beta.1+5",
        "1.0.0+001",
        "1.0.0-0A.is.legal",
        "1.0.0--",
        "1.2.3----RC-SNAPSHOT.12.9.1--.12",
        "99999999999999999999999.0.0",
        &long,
    ] {
        assert!(is_valid(version), "{version}");
    }
    for version in [
        "",
        "1",
        "1.0",
        "v1.0.0",
        "1.0.0.0",
        "01.0.0",
        "1.0.0-01",
        "1.0.0-",
        "1.0.0+",
        "1.0.0-a..b",
        "1.0.0+a+b",
        " 1.0.0",
        "1.0.0\n",
        "١.0.0",
        &format!("{long}a"),
    ] {
        assert!(!is_valid(version), "{version}");
    }
}

#[test]
fn timestamps_have_both_ends() {
    let reason = |seconds, nanos| {
        one(|batch| batch.timestamp = Some(Timestamp { seconds, nanos }))
            .pop()
            .map(|(_, reason)| reason)
    };
    let latest = NOW as i64 + 86_400;
    assert_eq!(reason(EARLIEST, 0), None);
    assert_eq!(reason(EARLIEST - 1, 999_999_999), Some("TIMESTAMP_TOO_EARLY"));
    assert_eq!(reason(i64::MIN, 0), Some("TIMESTAMP_TOO_EARLY"));
    assert_eq!(reason(latest, 0), None);
    assert_eq!(reason(latest, 1), Some("TIMESTAMP_TOO_LATE"));
    assert_eq!(reason(i64::MAX, 0), Some("TIMESTAMP_TOO_LATE"));
    assert_eq!(reason(EARLIEST, -1), Some("INVALID_TIMESTAMP"));
    assert_eq!(reason(EARLIEST, 1_000_000_000), Some("INVALID_TIMESTAMP"));
}

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
fn every_number_that_is_not_finite_is_named() {
    let paths: Vec<_> = data(r#"{"a":1e400,"b":{"c":[0,NaN,-Infinity]},"d":1}"#)
        .into_iter()
        .collect();
    let expected = ["a", "b.c[1]", "b.c[2]"].map(|path| (format!("events[0].data.{path}"), "NOT_FINITE"));
    assert_eq!(paths, expected);
}

#[test]
fn a_member_that_occurs_twice_counts_once_and_is_checked_twice() {
    assert_eq!(data(&format!("{{{}\"a\":1}}", "\"a\":1,".repeat(300))), []);
    assert_eq!(
        data(r#"{"a":1e400,"a":1}"#),
        found("events[0].data.a", "NOT_FINITE")
    );
    let keys: String = (0..300).map(|n| format!("\"k{n}\":NaN,")).collect();
    assert_eq!(data(&format!("{{\"a\":NaN,\"b\":{{{keys}\"z\":1}}}}")).len(), 2);
}

#[test]
fn a_typed_payload_is_that_of_the_source_type() {
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

#[test]
fn an_empty_raw_ref_counts_as_absent() {
    assert_eq!(one(|batch| batch.events[0].raw_ref = Some(String::new())), []);
    assert_eq!(one(|batch| batch.events[0].raw_ref = Some("é".repeat(128))), []);
    assert_eq!(
        one(|batch| batch.events[0].raw_ref = Some("é".repeat(129))),
        found("events[0].raw_ref", "TOO_LONG")
    );
}

proptest! {
    #[test]
    fn semver_agrees_with_the_semver_crate(version in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(-[0-9A-Za-z.-]{0,8})?(\\+[0-9A-Za-z.-]{0,8})?") {
        let is_valid = fields::plugin_version(&version).is_none();
        prop_assert_eq!(is_valid, semver::Version::parse(&version).is_ok(), "{}", version);
    }

    #[test]
    fn what_is_found_sound_is_read_by_serde_json(json in "\\{(\"[ab]\":([0-9e.-]{1,5}|\"[a\\\\u08]{0,6}\"|\\[\\]|NaN|\\{\\}),?){0,3}\\}") {
        let is_sound = data(&json).is_empty();
        prop_assert!(!is_sound || serde_json::from_str::<serde_json::Map<_, _>>(&json).is_ok(), "{}", json);
    }

    #[test]
    fn no_data_makes_validation_panic(json in any::<String>(), jsonish in "[\\[\\]{},:\"\\\\0-9eE.+ untrue-]{0,40}") {
        let _ = data(&json);
        let _ = data(&jsonish);
    }
}

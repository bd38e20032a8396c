#![allow(clippy::unwrap_used)]

mod data;

use std::time::{Duration, UNIX_EPOCH};

use prost_types::Timestamp;

use super::*;

const NOW: u64 = 1_800_000_000;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn event(json: &str) -> Event {
    Event {
        timestamp: at(1_708_258_800),
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
        timestamp: at(1_708_258_800),
        events: vec![event(r#"{"text":"hi","duration":60}"#)],
    }
}

/// Path and reason of each violation.
fn violations(batch: &Batch) -> Vec<(String, &'static str)> {
    validate(batch, now())
        .iter()
        .map(|found| (found.field_path(), found.rule.reason()))
        .collect()
}

fn one(change: impl FnOnce(&mut Batch)) -> Vec<(String, &'static str)> {
    let mut batch = batch();
    change(&mut batch);
    violations(&batch)
}

fn data(json: &str) -> Vec<(String, &'static str)> {
    one(|batch| batch.events = vec![event(json)])
}

fn found(path: &str, reason: &'static str) -> Vec<(String, &'static str)> {
    vec![(path.to_owned(), reason)]
}

#[test]
fn valid_batch_has_no_violations() {
    assert_eq!(violations(&batch()), []);
}

#[test]
fn empty_batch_breaks_every_rule_in_field_order() {
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
        violations(&Batch::default()),
        expected.map(|(path, reason)| (path.to_owned(), reason))
    );
}

#[test]
fn violations_of_events_are_in_order_and_bounded() {
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
fn empty_raw_ref_counts_as_absent() {
    assert_eq!(one(|batch| batch.events[0].raw_ref = Some(String::new())), []);
    assert_eq!(one(|batch| batch.events[0].raw_ref = Some("é".repeat(128))), []);
    assert_eq!(
        one(|batch| batch.events[0].raw_ref = Some("é".repeat(129))),
        found("events[0].raw_ref", "TOO_LONG")
    );
}

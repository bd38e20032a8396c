#![allow(clippy::unwrap_used)]

use openclone_client::{Segment, v1::event::Data};
use proptest::prelude::*;

use super::*;

const SOUND: &str = r#"{"source_type":"audio_system","platform":"macos","device_id":"test-001","plugin_id":"p",
    "plugin_version":"1.0.0","timestamp":1708258800,"events":[{"timestamp":"1708258800","data": { "n" : 1.00 }, "raw_ref":"r"}]}"#;

fn json_of(decoded: &Decoded, index: usize) -> &str {
    match decoded.batch.events[index].data.as_ref().unwrap() {
        Data::Json(json) => json,
        other => panic!("{other:?}"),
    }
}

fn paths(decoded: &Decoded) -> Vec<String> {
    let path = |fault: &Fault| {
        openclone_client::Violation {
            path: fault.path.clone(),
            rule: Rule::Missing,
        }
        .field_path()
    };
    decoded.faults.iter().map(path).collect()
}

#[test]
fn data_goes_on_as_it_stands() {
    let decoded = decode(SOUND).unwrap();
    assert_eq!(decoded.faults, []);
    assert_eq!(decoded.batch.source_type(), SourceType::AudioSystem);
    assert_eq!(decoded.batch.device_id, "test-001");
    assert_eq!(decoded.batch.events[0].raw_ref.as_deref(), Some("r"));
    assert_eq!(json_of(&decoded, 0), r#"{ "n" : 1.00 }"#);
}

#[test]
fn every_digit_is_kept() {
    let digits = r#"{"a":123456789012345678901234567890,"b":0.10,"c":1e3,"d":9007199254740993}"#;
    let decoded = decode(&SOUND.replace(r#"{ "n" : 1.00 }"#, digits)).unwrap();
    assert_eq!(json_of(&decoded, 0), digits);
}

#[test]
fn lone_surrogates_in_data_and_references_are_replaced() {
    let body = SOUND
        .replace(r#"{ "n" : 1.00 }"#, r#"{"\ud800":"\udc00x"}"#)
        .replace(r#""r""#, r#""\ud800""#);
    let decoded = decode(&body).unwrap();
    assert_eq!(json_of(&decoded, 0), r#"{"\ufffd":"\ufffdx"}"#);
    assert_eq!(decoded.batch.events[0].raw_ref.as_deref(), Some("\u{fffd}"));
}

#[test]
fn of_members_that_occur_twice_the_last_counts() {
    let decoded = decode(
        r#"{"platform":7,"events":[1],"platform":"web","\u0070lugin_id":"a","plugin_id":"b",
            "events":[{"data":1,"data":{"a":1},"timestamp":0,"timestamp":null}]}"#,
    )
    .unwrap();
    assert_eq!(decoded.batch.platform(), Platform::Web);
    assert_eq!(decoded.batch.plugin_id, "b");
    let expected = [
        "source_type",
        "device_id",
        "plugin_version",
        "timestamp",
        "events[0].timestamp",
    ];
    assert_eq!(paths(&decoded), expected);
}

#[test]
fn names_nobody_knows_are_left_to_the_rules() {
    let decoded = decode(&SOUND.replace("audio_system", "audio").replace("macos", "beos")).unwrap();
    assert_eq!(decoded.faults, []);
    assert_eq!(decoded.batch.source_type(), SourceType::Unspecified);
    assert_eq!(decoded.batch.platform(), Platform::Unspecified);
}

#[test]
fn a_sound_value_stands_in_for_what_cannot_be_read() {
    let now = std::time::SystemTime::now();
    for body in [
        "{}",
        r#"{"events":{}}"#,
        r#"{"events":[1,{},{"data":[],"timestamp":[],"raw_ref":{}}]}"#,
    ] {
        let decoded = decode(body).unwrap();
        assert!(!decoded.faults.is_empty());
        assert_eq!(openclone_client::validate(&decoded.batch, now), [], "{body}");
    }
}

#[test]
fn events_beyond_the_first_too_many_are_only_counted() {
    let decoded = decode(&format!(r#"{{"events":[{}1]}}"#, "{},".repeat(9_999))).unwrap();
    assert_eq!(decoded.event_count, 10_000);
    assert_eq!(decoded.batch.events.len(), MAX_EVENTS + 1);
    assert!(
        decoded
            .faults
            .iter()
            .all(|fault| fault.path[0] != Segment::from("events"))
    );
}

#[test]
fn faults_are_listed_up_to_the_limit() {
    assert_eq!(
        decode(&format!(r#"{{"events":[{}1]}}"#, "1,".repeat(400)))
            .unwrap()
            .faults
            .len(),
        MAX_VIOLATIONS
    );
}

#[test]
fn what_is_no_batch_is_told_apart() {
    assert_eq!(decode("null").unwrap_err(), Unreadable::Missing);
    assert_eq!(decode(" [1] ").unwrap_err(), Unreadable::NotAnObject);
    assert_eq!(
        decode("").unwrap_err(),
        Unreadable::Syntax {
            at: 0,
            reason: "Expecting value"
        }
    );
    assert_eq!(
        decode("{} x").unwrap_err(),
        Unreadable::Syntax {
            at: 3,
            reason: "Extra data"
        }
    );
    assert_eq!(decode(&"[".repeat(1 << 20)).unwrap_err(), Unreadable::TooDeep);
    let nested =
        |levels: usize| SOUND.replace("1.00", &format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    assert!(decode(&nested(31)).is_ok());
    assert_eq!(decode(&nested(32)).unwrap_err(), Unreadable::TooDeep);
    assert_eq!(
        decode(&(nested(32) + "x")).unwrap_err(),
        Unreadable::Syntax {
            at: nested(32).len(),
            reason: "Extra data"
        }
    );
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(any in any::<String>(), at in 0..400_usize, edit in "[\\[\\]{},:\"\\\\0-9e. u-]{0,3}") {
        let _ = decode(&any);
        let mut edited = SOUND.to_owned();
        let at = at.min(edited.len());
        edited.replace_range(at..(at + 1).min(edited.len()), &edit);
        let _ = decode(&edited);
    }
}

#![allow(clippy::unwrap_used)]

use openclone_client::v1::event::Data;
use proptest::prelude::*;

use super::*;

const VALID: &str = r#"{"source_type":"audio_system","platform":"macos","device_id":"test-001","plugin_id":"p",
    "plugin_version":"1.0.0","timestamp":1708258800,"events":[{"timestamp":"1708258800","data": { "n" : 1.00 }, "raw_ref":"r"}]}"#;

fn json_of(decoded: &DecodedBatch, index: usize) -> &str {
    match decoded.batch.events[index].data.as_ref().unwrap() {
        Data::Json(json) => json,
        other => panic!("{other:?}"),
    }
}

fn paths(decoded: &DecodedBatch) -> Vec<String> {
    decoded.violations.iter().map(Violation::field_path).collect()
}

#[test]
fn data_is_passed_on_unchanged() {
    let decoded = decode(VALID).unwrap();
    assert_eq!(decoded.violations, []);
    assert_eq!(decoded.batch.source_type(), SourceType::AudioSystem);
    assert_eq!(decoded.batch.device_id, "test-001");
    assert_eq!(decoded.batch.events[0].raw_ref.as_deref(), Some("r"));
    assert_eq!(json_of(&decoded, 0), r#"{ "n" : 1.00 }"#);
}

#[test]
fn every_digit_is_kept() {
    let digits = r#"{"a":123456789012345678901234567890,"b":0.10,"c":1e3,"d":9007199254740993}"#;
    let decoded = decode(&VALID.replace(r#"{ "n" : 1.00 }"#, digits)).unwrap();
    assert_eq!(json_of(&decoded, 0), digits);
}

#[test]
fn lone_surrogates_are_replaced_in_data() {
    let body = VALID.replace(r#"{ "n" : 1.00 }"#, r#"{"\ud800":"\udc00x"}"#);
    let decoded = decode(&body).unwrap();
    assert_eq!(decoded.violations, []);
    assert_eq!(json_of(&decoded, 0), r#"{"\ufffd":"\ufffdx"}"#);
}

/// Two different ones would become one text, and so one event id.
#[test]
fn lone_surrogates_are_rejected_in_raw_ref() {
    for raw_ref in [r#""\ud800""#, r#""a\udfff""#] {
        let decoded = decode(&VALID.replace(r#""r""#, raw_ref)).unwrap();
        let expected = Violation {
            path: vec!["events".into(), 0.into(), "raw_ref".into()],
            rule: Rule::StringUnicode,
        };
        assert_eq!(decoded.violations, [expected]);
    }
    let pair = decode(&VALID.replace(r#""r""#, r#""\ud83d\ude00""#)).unwrap();
    assert_eq!(pair.violations, []);
    assert_eq!(pair.batch.events[0].raw_ref.as_deref(), Some("😀"));
}

#[test]
fn last_of_repeated_members_counts() {
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
fn unknown_names_are_left_to_the_rules() {
    let decoded = decode(&VALID.replace("audio_system", "audio").replace("macos", "beos")).unwrap();
    assert_eq!(decoded.violations, []);
    assert_eq!(decoded.batch.source_type(), SourceType::Unspecified);
    assert_eq!(decoded.batch.platform(), Platform::Unspecified);
}

#[test]
fn placeholders_break_no_rule() {
    let now = std::time::SystemTime::now();
    for body in [
        "{}",
        r#"{"events":{}}"#,
        r#"{"events":[1,{},{"data":[],"timestamp":[],"raw_ref":{}}]}"#,
    ] {
        let decoded = decode(body).unwrap();
        assert!(!decoded.violations.is_empty());
        assert_eq!(openclone_client::validate(&decoded.batch, now), [], "{body}");
    }
}

#[test]
fn events_beyond_the_limit_are_only_counted() {
    let decoded = decode(&format!(r#"{{"events":[{}1]}}"#, "{},".repeat(9_999))).unwrap();
    assert_eq!(decoded.event_count, 10_000);
    assert_eq!(decoded.batch.events.len(), MAX_EVENTS + 1);
    assert!(
        decoded
            .violations
            .iter()
            .all(|found| found.path[0] != Segment::from("events"))
    );
}

#[test]
fn violations_are_bounded() {
    assert_eq!(
        decode(&format!(r#"{{"events":[{}1]}}"#, "1,".repeat(400)))
            .unwrap()
            .violations
            .len(),
        MAX_VIOLATIONS
    );
}

#[test]
fn bodies_that_are_not_batches_have_their_reasons() {
    assert_eq!(decode("null").unwrap_err(), DecodeError::Missing);
    assert_eq!(decode(" [1] ").unwrap_err(), DecodeError::NotAnObject);
    assert_eq!(
        decode("").unwrap_err(),
        DecodeError::Syntax {
            offset: 0,
            reason: "Expecting value"
        }
    );
    assert_eq!(
        decode("{} x").unwrap_err(),
        DecodeError::Syntax {
            offset: 3,
            reason: "Extra data"
        }
    );
    assert_eq!(decode(&"[".repeat(1 << 20)).unwrap_err(), DecodeError::TooDeep);
    let nested =
        |levels: usize| VALID.replace("1.00", &format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    assert!(decode(&nested(31)).is_ok());
    assert_eq!(decode(&nested(32)).unwrap_err(), DecodeError::TooDeep);
    assert_eq!(
        decode(&(nested(32) + "x")).unwrap_err(),
        DecodeError::Syntax {
            offset: nested(32).len(),
            reason: "Extra data"
        }
    );
}

proptest! {
    #[test]
    fn decoding_never_panics(any in any::<String>(), at in 0..400_usize, edit in "[\\[\\]{},:\"\\\\0-9e. u-]{0,3}") {
        let _ = decode(&any);
        let mut edited = VALID.to_owned();
        let at = at.min(edited.len());
        edited.replace_range(at..(at + 1).min(edited.len()), &edit);
        let _ = decode(&edited);
    }
}

#![allow(clippy::unwrap_used)]

use std::{borrow::Cow, sync::Arc};

use super::*;
use crate::batch;

/// The faults of a body as they are answered.
fn answer(body: &str, redact: Option<&Redact>) -> Vec<Value> {
    let faults = of_batch(batch::decode(body).unwrap(), SystemTime::now());
    let answer: Value = serde_json::from_str(&render(&faults, body, redact)).unwrap();
    answer["detail"].as_array().unwrap().clone()
}

fn input(timestamp: &str) -> Value {
    let body = format!(r#"{{"events":[{{"data":{{}},"timestamp":{timestamp}}}]}}"#);
    let faults = answer(&body, None);
    faults.last().unwrap()["input"].clone()
}

#[test]
fn faults_of_types_and_of_rules_are_merged_in_the_order_of_the_fields() {
    let body = r#"{"platform":"beos","device_id":7,"plugin_version":"1","timestamp":0,"events":
        [{"timestamp":1,"data":{"a":NaN}},{"timestamp":[],"data":{"b":1e400},"raw_ref":3}]}"#;
    let locs: Vec<String> = answer(body, None)
        .iter()
        .map(|fault| fault["loc"].to_string())
        .collect();
    let expected = [
        r#"["body","source_type"]"#,
        r#"["body","platform"]"#,
        r#"["body","device_id"]"#,
        r#"["body","plugin_id"]"#,
        r#"["body","plugin_version"]"#,
        r#"["body","timestamp"]"#,
        r#"["body","events",0,"timestamp"]"#,
        r#"["body","events",0,"data","a"]"#,
        r#"["body","events",1,"timestamp"]"#,
        r#"["body","events",1,"data","b"]"#,
        r#"["body","events",1,"raw_ref"]"#,
    ];
    assert_eq!(locs, expected);
}

#[test]
fn the_bad_value_is_echoed() {
    assert_eq!(input("null"), Value::Null);
    assert_eq!(input("\"a\\nb\""), json!("a\nb"));
    assert_eq!(input("[1, {}]"), json!([1, {}]));
    assert_eq!(input("7.5"), json!(7.5));
    assert_eq!(input("NaN"), json!("NaN"));
    assert_eq!(input("1e400"), json!("1e400"));
    assert_eq!(input(&format!("\"{}\"", "é".repeat(200))), json!("é".repeat(128)));
    assert_eq!(
        input(&format!("[\"{}\"]", "x".repeat(300)))
            .as_str()
            .unwrap()
            .len(),
        256
    );
    let digits = "9".repeat(400);
    assert_eq!(input(&digits), json!(digits[..256]));
}

#[test]
fn of_a_missing_member_the_object_that_lacks_it_is_echoed() {
    let faults = answer(r#"{"events":[{"data":{"a":1}}]}"#, None);
    assert_eq!(faults.last().unwrap()["input"], json!({ "data": { "a": 1 } }));
    assert_eq!(faults[0]["input"]["events"], json!([{ "data": { "a": 1 } }]));
}

#[test]
fn of_a_member_that_occurs_twice_the_last_is_echoed() {
    let faults = answer(r#"{"timestamp":"x","timestamp":"y","events":[]}"#, None);
    let inputs: Vec<&Value> = faults
        .iter()
        .filter(|fault| fault["type"] == "float_parsing")
        .collect();
    assert_eq!(inputs[0]["input"], json!("y"));
}

#[test]
fn secrets_are_not_echoed() {
    let redact: Redact = Arc::new(|text: &str| match text.contains("s3cret") {
        true => Cow::Owned(text.replace("s3cret", "[REDACTED:test]")),
        false => Cow::Borrowed(text),
    });
    let body = r#"{"plugin_id":"s3cret","device_id":["s3cret"],"timestamp":"x","events":[{"timestamp":"s3cret","data":{"s3cret":NaN}}]}"#;
    let faults = answer(body, Some(&redact));
    assert!(!format!("{faults:?}").contains("s3cret"));
    assert!(
        faults
            .iter()
            .any(|fault| fault["input"] == json!("[REDACTED:test]"))
    );
    let missing: Value = serde_json::from_str(&render_no_object("s3cret", Some(&redact))).unwrap();
    assert_eq!(missing["detail"][0]["input"], json!("[REDACTED:test]"));
}

#[test]
fn the_true_number_of_events_is_told() {
    let event = r#"{"timestamp":1708258800,"data":{}},"#.repeat(600);
    let faults = answer(&format!(r#"{{"events":[{}1]}}"#, event), None);
    assert_eq!(faults.last().unwrap()["ctx"]["actual_length"], json!(601));
}

#[test]
fn an_answer_stays_cheap_for_hostile_bodies() {
    let members = "\"k\":1e400,".repeat(90_000);
    let faults = answer(
        &format!(r#"{{"events":[{{"timestamp":0,"data":{{{members}"z":1}}}}]}}"#),
        None,
    );
    assert_eq!(faults.len(), 100);
}

#[test]
fn a_fault_of_the_grammar_has_its_place_in_characters() {
    let answer: Value =
        serde_json::from_str(&render_syntax("{\"é\" 1}", 6, "Expecting ':' delimiter")).unwrap();
    assert_eq!(answer["detail"][0]["loc"], json!(["body", 5]));
    assert_eq!(answer["detail"][0]["type"], json!("json_invalid"));
}

#![allow(clippy::unwrap_used)]

use std::{borrow::Cow, sync::Arc};

use super::*;

/// The violations of a body as they are listed in the response.
fn listed(body: &str, redact: Option<&Redact>) -> Vec<Value> {
    let violations = of_batch(batch::decode(body).unwrap(), SystemTime::now());
    let response: Value = serde_json::from_str(&render(&violations, body, redact)).unwrap();
    response["detail"].as_array().unwrap().clone()
}

fn input(timestamp: &str) -> Value {
    let body = format!(r#"{{"events":[{{"data":{{}},"timestamp":{timestamp}}}]}}"#);
    let items = listed(&body, None);
    items.last().unwrap()["input"].clone()
}

#[test]
fn violations_of_types_and_of_rules_are_merged_in_field_order() {
    let body = r#"{"platform":"beos","device_id":7,"plugin_version":"1","timestamp":0,"events":
        [{"timestamp":1,"data":{"a":NaN}},{"timestamp":[],"data":{"b":1e400},"raw_ref":3}]}"#;
    let locs: Vec<String> = listed(body, None)
        .iter()
        .map(|item| item["loc"].to_string())
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
fn bad_values_are_echoed() {
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
fn missing_members_echo_the_object_that_lacks_them() {
    let items = listed(r#"{"events":[{"data":{"a":1}}]}"#, None);
    assert_eq!(items.last().unwrap()["input"], json!({ "data": { "a": 1 } }));
    assert_eq!(items[0]["input"]["events"], json!([{ "data": { "a": 1 } }]));
}

#[test]
fn last_of_repeated_members_is_echoed() {
    let items = listed(r#"{"timestamp":"x","timestamp":"y","events":[]}"#, None);
    let inputs: Vec<&Value> = items
        .iter()
        .filter(|item| item["type"] == "float_parsing")
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
    let items = listed(body, Some(&redact));
    assert!(!format!("{items:?}").contains("s3cret"));
    assert!(items.iter().any(|item| item["input"] == json!("[REDACTED:test]")));
    let missing: Value = serde_json::from_str(&render_not_an_object("s3cret", Some(&redact))).unwrap();
    assert_eq!(missing["detail"][0]["input"], json!("[REDACTED:test]"));
}

#[test]
fn message_has_the_true_number_of_events() {
    let event = r#"{"timestamp":1708258800,"data":{}},"#.repeat(600);
    let items = listed(&format!(r#"{{"events":[{}1]}}"#, event), None);
    assert_eq!(items.last().unwrap()["ctx"]["actual_length"], json!(601));
}

#[test]
fn hostile_bodies_have_bounded_responses() {
    let members = "\"k\":1e400,".repeat(90_000);
    let items = listed(
        &format!(r#"{{"events":[{{"timestamp":0,"data":{{{members}"z":1}}}}]}}"#),
        None,
    );
    assert_eq!(items.len(), 100);
}

#[test]
fn syntax_errors_have_their_position_in_characters() {
    let answer: Value =
        serde_json::from_str(&render_syntax("{\"é\" 1}", 6, "Expecting ':' delimiter")).unwrap();
    assert_eq!(answer["detail"][0]["loc"], json!(["body", 5]));
    assert_eq!(answer["detail"][0]["type"], json!("json_invalid"));
}

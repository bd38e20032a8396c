//! Recorded answers of a service that models the documented request with FastAPI and pydantic.

use axum::body::Body;
use http::{Request, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::service::{Fake, KEY, local, post_json, send};

#[derive(Deserialize)]
struct Pair {
    name: String,
    body: Option<String>,
    repeat_event: Option<usize>,
    status: u16,
    answer: Value,
}

fn base(events: usize) -> String {
    let event =
        json!({ "timestamp": 1_708_258_800.0, "data": { "text": "hi", "duration": 60 }, "raw_ref": "r1" });
    json!({
        "source_type": "audio_system", "platform": "macos", "device_id": "550e8400-e29b-41d4-a716-446655440000",
        "plugin_id": "openclone-mac-audio", "plugin_version": "1.0.0", "timestamp": 1_708_258_800.0,
        "events": vec![event; events]
    })
    .to_string()
}

/// Faults as they are compared: without `input`, which is the gateway's own, and without what may differ.
fn comparable(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for fault in answer["detail"].as_array_mut().into_iter().flatten() {
        let is_version = fault["loc"]
            .as_array()
            .is_some_and(|loc| loc.ends_with(&[json!("plugin_version")]));
        let kind = fault["type"].as_str().unwrap_or_default().to_owned();
        let members = fault.as_object_mut().unwrap();
        members.remove("input");
        if kind == "value_error" {
            members.remove("ctx");
        }
        if kind == "json_invalid"
            || kind == "uuid_parsing"
            || (is_version && kind == "string_pattern_mismatch")
        {
            members.retain(|name, _| name == "type" || (name == "loc" && kind != "json_invalid"));
        }
    }
    answer
}

#[tokio::test]
async fn all_pairs_of_the_corpus_are_answered_alike() {
    let pairs: Vec<Pair> = serde_json::from_str(include_str!("../data/validation-422.json")).unwrap();
    assert_eq!(pairs.len(), 34);
    let router = local(&Fake::default());
    for pair in pairs {
        let body = pair.body.unwrap_or_else(|| base(pair.repeat_event.unwrap()));
        let (status, _, text) = send(&router, post_json(body)).await;
        assert_eq!(status, pair.status, "{}: {text}", pair.name);
        let answer: Value = serde_json::from_str(&text).unwrap();
        if status == 422 {
            assert_eq!(comparable(&answer), comparable(&pair.answer), "{}", pair.name);
        }
    }
}

#[derive(Deserialize)]
struct Recorded {
    name: String,
    body: String,
    content_type: Option<String>,
    status: u16,
    answer: Value,
}

#[tokio::test]
async fn what_was_recorded_here_is_answered_alike() {
    let pairs: Vec<Recorded> = serde_json::from_str(include_str!("../data/recorded-422.json")).unwrap();
    assert!(pairs.len() > 300);
    let router = local(&Fake::default());
    let mut differences = Vec::new();
    for pair in pairs {
        let mut request = Request::post("/api/v1/ingest").header("x-api-key", KEY);
        if let Some(content_type) = &pair.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let (status, _, text) = send(&router, request.body(Body::from(pair.body)).unwrap()).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        let is_alike = status == 200 || comparable(&answer) == comparable(&pair.answer);
        if status != pair.status || !is_alike {
            differences.push(format!(
                "{}\n  recorded {} {}\n  answered {status} {text}",
                pair.name, pair.status, pair.answer
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{}\n{}",
        differences.join("\n"),
        differences.len()
    );
}

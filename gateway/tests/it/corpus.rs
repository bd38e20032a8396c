//! Recorded responses of a service that models the documented request with FastAPI and pydantic.

use axum::body::Body;
use http::{Request, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::service::{Fake, KEY, local, post_json, remote, send};

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
async fn pairs_of_the_corpus_have_the_recorded_responses() {
    let pairs: Vec<Pair> = serde_json::from_str(include_str!("../data/validation-422.json")).unwrap();
    assert_eq!(pairs.len(), 34);
    let (local, remote) = (local(&Fake::default()), remote(&Fake::default()).await);
    for pair in pairs {
        let body = pair.body.unwrap_or_else(|| base(pair.repeat_event.unwrap()));
        let (status, _, text) = send(&local, post_json(body.clone())).await;
        let (far_status, _, far_text) = send(&remote, post_json(body)).await;
        assert_eq!((status, &text), (far_status, &far_text), "{}", pair.name);
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

/// Removes what the recorded service did not list: a `raw_ref` with a lone surrogate is rejected here, because two different
/// ones would become one event id. Returns whether there was nothing else.
fn remove_lone_references(answer: &mut Value) -> bool {
    let Some(listed) = answer["detail"].as_array_mut() else {
        return false;
    };
    let all = listed.len();
    listed.retain(|item| {
        let is_reference = item["loc"]
            .as_array()
            .is_some_and(|loc| loc.ends_with(&[json!("raw_ref")]));
        !(is_reference && item["type"] == "string_unicode")
    });
    listed.is_empty() && all > 0
}

#[tokio::test]
async fn own_recordings_have_the_recorded_responses() {
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
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        let has_only_lone_references = remove_lone_references(&mut answer);
        let status = if has_only_lone_references { 200 } else { status };
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

//! Redaction from the options to the file, the response and the metrics.

use crate::app::{TestApp, braindump, keyed};
use openclone_client::v1::{self, IngestBatchRequest};
use serde_json::Value;

const RULES: &str = r#"
[redact]
allow = ["hunter2-in-the-docs"]
rules = [{ name = "badge", regex = "BADGE-([0-9]{6})", keywords = ["badge-"] }]
"#;

async fn figure(app: &TestApp, name: &str) -> u64 {
    let text = app.get("/metrics").await.body;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap()
        .to_owned();
    line.trim().parse().unwrap()
}

async fn redacted(app: &TestApp, text: &str, raw_ref: &str) -> (u64, String) {
    let response = app.post(&braindump(text, raw_ref)).await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    // The member is there only if it says something.
    assert_eq!(
        body.get("redacted").is_some(),
        body["redacted"] != Value::Null,
        "{body}"
    );
    assert_ne!(body["redacted"], 0, "{body}");
    let count = body["redacted"].as_u64().unwrap_or(0);
    (count, app.vault_file(body["file"].as_str().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn own_rules_and_exceptions_hold_from_options_to_file() {
    let app = TestApp::start(&format!("limits.requests_per_minute = 0\n{RULES}")).await;
    let (count, file) = redacted(&app, "my BADGE-123456 and password: hunter2hunter2", "a").await;
    assert_eq!(count, 2);
    assert!(
        file.contains("[REDACTED:badge") && !file.contains("123456") && !file.contains("hunter2hunter2"),
        "{file}"
    );
    let (count, file) = redacted(&app, "password: hunter2-in-the-docs", "b").await;
    assert_eq!(count, 0);
    assert!(file.contains("hunter2-in-the-docs"));
    assert_eq!(figure(&app, "openclone_redactions_total ").await, 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_ref_is_unchanged_and_the_id_is_that_of_the_data_as_sent() {
    let app = TestApp::start("").await;
    let (count, file) = redacted(&app, "nothing", "password: hunter2hunter2").await;
    assert_eq!(count, 0);
    assert!(file.contains("hunter2hunter2"));
    let response = app
        .post(&braindump("something else", "password: hunter2hunter2"))
        .await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(body["skipped"], 1, "the same event");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redaction_can_be_switched_off() {
    let app = TestApp::start("redact = \"off\"\n").await;
    let (count, file) = redacted(&app, "password: hunter2hunter2", "a").await;
    assert_eq!(count, 0);
    assert!(file.contains("hunter2hunter2"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_responses_carry_the_count_and_errors_echo_no_secret() {
    let app = TestApp::start("").await;
    let timestamp = prost_types::Timestamp {
        seconds: 1_708_258_800,
        nanos: 0,
    };
    let event = |text: &str| v1::Event {
        timestamp: Some(timestamp),
        raw_ref: Some("g".to_owned()),
        data: Some(v1::event::Data::Json(format!("{{\"text\": \"{text}\"}}"))),
    };
    let batch = v1::Batch {
        source_type: v1::SourceType::Braindump.into(),
        platform: v1::Platform::Linux.into(),
        device_id: "test-001".to_owned(),
        plugin_id: "my-plugin".to_owned(),
        plugin_version: "1.0.0".to_owned(),
        timestamp: Some(timestamp),
        events: vec![event("password: hunter2hunter2 and 4111 1111 1111 1111")],
    };
    let request = keyed(IngestBatchRequest { batch: Some(batch) });
    let response = app
        .ingest_client()
        .ingest_batch(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(response.result.unwrap().redacted, 2);
    let bad = braindump("x", "y").replace("\"test-001\"", "\"password: hunter2hunter2\"");
    let response = app.post(&bad).await;
    assert_eq!(response.status, 422);
    assert!(
        !response.body.contains("hunter2") && response.body.contains("[REDACTED:"),
        "{}",
        response.body
    );
    app.stop().await;
}

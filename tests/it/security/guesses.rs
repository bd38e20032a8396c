//! Guessing keys: after 20 invalid keys per minute an address gets 429 on every transport, while a valid key from the same
//! address is always accepted.

use std::time::Instant;

use openclone_client::v1::{GetAccessRequest, IngestBatchRequest};
use tonic::Code;

use super::record;
use crate::{
    app::{KEY, TestApp, http},
    batches::{batch, json, with},
};

async fn knock(app: &TestApp, transport: usize, key: &str) -> u16 {
    let line = format!("X-API-Key: {key}");
    let lines = [line.as_str(), "Content-Type: application/json"];
    let of = |code: Code| match code {
        Code::Unauthenticated => 401,
        Code::ResourceExhausted => 429,
        Code::Ok => 200,
        _ => 0,
    };
    match transport {
        0 => {
            http(app.address, "POST", "/api/v1/ingest", &lines, &json(&["k"]))
                .await
                .status
        }
        1 => {
            http(app.address, "GET", "/api/v1/plugins", &lines, "")
                .await
                .status
        }
        2 => {
            http(app.address, "GET", "/api/v1/tenants", &lines, "")
                .await
                .status
        }
        3 => http(app.address, "GET", "/metrics", &lines, "").await.status,
        4 => {
            let response = app
                .access_client()
                .get_access(with(key, GetAccessRequest {}))
                .await;
            of(response.map_or_else(|status| status.code(), |_| Code::Ok))
        }
        5 => {
            let requests = tokio_stream::empty();
            let response = app.ingest_client().ingest(with(key, requests)).await;
            of(response.map_or_else(|status| status.code(), |_| Code::Ok))
        }
        _ => {
            let message = IngestBatchRequest {
                batch: Some(batch(&["k"])),
            };
            let response = app.ingest_client().ingest_batch(with(key, message)).await;
            of(response.map_or_else(|status| status.code(), |_| Code::Ok))
        }
    }
}

#[tokio::test]
async fn guessing_is_limited_and_locks_nobody_out() {
    let began = Instant::now();
    let app = TestApp::start("limits.requests_per_minute = 0").await;
    let mut responses = [0_u64; 2];
    for guess in 0..140 {
        let status = knock(&app, guess % 7, &format!("guess-{guess}")).await;
        match status {
            401 => responses[0] += 1,
            429 => responses[1] += 1,
            other => panic!("transport {} answered {other}", guess % 7),
        }
        let right = knock(&app, guess % 7, KEY).await;
        assert_eq!(right, 200, "transport {}", guess % 7);
    }
    // a token comes back every three seconds
    let returned = began.elapsed().as_secs() / 3 + 1;
    assert!((20..=20 + returned).contains(&responses[0]), "{responses:?}");
    let text = app.get("/metrics").await.body;
    assert!(text.contains("openclone_auth_failures_total 140"), "{text}");
    record(
        "Guessed keys",
        "140 of them on seven transports, the right key in between; more than 20 a minute looked at, or the right key rejected",
        140,
        String::new(),
        began,
    );
}

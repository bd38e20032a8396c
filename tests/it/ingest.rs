//! The documented JSON endpoint over real sockets: responses are true, and each event is in the vault once.

use crate::app::{KEY, TestApp, braindump, http};
use serde_json::{Value, json};

fn today() -> String {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn documented_request_is_stored_once_and_then_skipped() {
    let app = TestApp::start("").await;
    let body = braindump("Hello!", "e1");
    let first = app.post(&body).await;
    let file = format!("Braindump/{}.md", today());
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&first.body).unwrap(),
        json!({"stored": 1, "skipped": 0, "file": file})
    );
    assert_eq!(
        app.post(&body).await.body.replace(' ', ""),
        format!("{{\"stored\":0,\"skipped\":1,\"file\":\"{file}\"}}")
    );
    assert_eq!(
        app.vault_file(&file)
            .matches("^oc-lvbogv4zzntfcomeayfzfotehq\n")
            .count(),
        1
    );
    let home = app.stop().await;
    let again = TestApp::start_in(home, "").await;
    let third: Value = serde_json::from_str(&again.post(&body).await.body).unwrap();
    assert_eq!(
        (&third["stored"], &third["skipped"]),
        (&json!(0), &json!(1)),
        "after a restart"
    );
    assert_eq!(
        again
            .vault_file(&file)
            .matches("^oc-lvbogv4zzntfcomeayfzfotehq\n")
            .count(),
        1
    );
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_is_required_and_too_many_invalid_ones_get_429() {
    let app = TestApp::start("limits.failed_auth_per_minute = 2\n").await;
    let address = app.address;
    let invalid = |key: &'static str| async move {
        http(address, "POST", "/api/v1/ingest", &[key], "not even read").await
    };
    for key in ["X-API-Key: invalid", "X-Other: x"] {
        let response = invalid(key).await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (401, r#"{"detail":"Invalid or missing X-API-Key"}"#)
        );
        assert_eq!(response.headers["www-authenticate"], "APIKey");
    }
    let held = invalid("X-API-Key: invalid").await;
    assert_eq!(held.status, 429);
    assert!(held.headers["retry-after"].parse::<u64>().unwrap() >= 1);
    // the address cannot be made up by the client
    let forged = http(
        app.address,
        "GET",
        "/api/v1/plugins",
        &["X-OpenClone-Peer: 192.0.2.9:1"],
        "",
    )
    .await;
    assert_eq!(forged.status, 429);
    assert_eq!(
        app.post(&braindump("fine", "f")).await.status,
        200,
        "a valid key always passes"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limit_is_reported() {
    let app = TestApp::start("limits.burst = 2\n").await;
    for left in ["1", "0"] {
        let response = app.post(&braindump("x", left)).await;
        assert_eq!(
            (
                response.status,
                response.headers["x-ratelimit-remaining"].as_str()
            ),
            (200, left)
        );
        assert_eq!(response.headers["x-ratelimit-limit"], "2");
    }
    let response = app.post(&braindump("x", "too many")).await;
    assert_eq!(response.status, 429);
    let body: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(body["error"], "Rate limit exceeded: 60 per 1 minute");
    assert_eq!(response.headers["retry-after"], "1");
    let now = jiff::Timestamp::now().as_second();
    let reset: i64 = response.headers["x-ratelimit-reset"].parse().unwrap();
    assert!((now..=now + 3).contains(&reset), "{reset} is not near {now}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_host_and_origin_are_rejected() {
    let app = TestApp::start("server.allowed_origins = [\"https://notes.example\"]\n").await;
    let key = format!("X-API-Key: {KEY}");
    let address = app.address;
    let get = |line: &'static str| {
        let key = key.clone();
        async move { http(address, "GET", "/api/v1/source-types", &[&key, line], "").await }
    };
    assert_eq!(get("Host: evil.example").await.status, 403);
    assert_eq!(
        get("Origin: https://evil.example").await.body,
        r#"{"detail":"Origin not allowed"}"#
    );
    let fine = get("Origin: https://notes.example").await;
    assert_eq!(
        (fine.status, fine.headers["access-control-allow-origin"].as_str()),
        (200, "https://notes.example")
    );
    let named = get("X-Request-Id: my-id.1").await;
    assert_eq!(named.headers["x-request-id"], "my-id.1");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_ends_in_one_counter() {
    let app = TestApp::start("").await;
    app.post(&braindump("a", "1")).await;
    app.post(&braindump("a", "1")).await;
    app.post(&braindump("a", "2").replace("1708258800.0", "1.0"))
        .await;
    let events = app.events().await;
    assert_eq!(
        (events["stored"], events["duplicate"], events["failed"]),
        (1, 1, 0),
        "{events:?}"
    );
    assert_eq!(app.get("/readyz").await.status, 200);
    assert_eq!(app.get("/healthz").await.status, 200);
    assert_eq!(app.get("/nothing").await.body, r#"{"detail":"Not Found"}"#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_do_not_reach_the_vault() {
    let app = TestApp::start("").await;
    let response = app.post(&braindump("password: hunter2hunter2", "s")).await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(body["redacted"], 1, "{body}");
    assert!(!app.vault_file(body["file"].as_str().unwrap()).contains("hunter2"));
    app.stop().await;
}

//! Requests become calls and their results become responses, alike in the same process and over a socket.

use std::time::Duration;

use axum::{Router, body::Body};
use http::{HeaderMap, Request};
use openclone_client::v1::{IngestResult, event::Data};
use openclone_gateway::{Endpoint, GatewayOptions, RemoteBackend};
use tonic::{Code, transport::Channel};
use tonic_types::{FieldViolation, StatusExt};

use super::service::{Fake, KEY, limited, local, post_json, remote, send, status};

const VALID: &str = r#"{"source_type":"braindump","platform":"macos","device_id":"test-001","plugin_id":"my-plugin",
    "plugin_version":"1.0.0","timestamp":1708258800.0,"events":[{"timestamp":1708258800.25,"data":{"n":1.00},"raw_ref":"e1"}]}"#;

/// The gateway over a remote service that waits for a response for at most `timeout`.
fn over(uri: &str, timeout: Duration) -> Router {
    let channel = Channel::from_shared(uri.to_owned()).unwrap().connect_lazy();
    let backend = RemoteBackend::new(channel, timeout, Duration::from_secs(10));
    Endpoint::new(backend, GatewayOptions::default()).router()
}

/// Runs a test over both backends.
async fn both<F: Future<Output = ()>>(test: impl Fn(Router, Fake) -> F) {
    let fake = Fake::default();
    test(local(&fake), fake).await;
    let fake = Fake::default();
    test(remote(&fake).await, fake).await;
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn batch_is_passed_on_and_its_result_returned() {
    both(|router, fake| async move {
        let (status, headers, body) = send(&router, post_json(VALID)).await;
        assert_eq!(
            (status, body.as_str()),
            (200, r#"{"stored":1,"skipped":0,"file":"Audio/2026-02-26.md"}"#)
        );
        assert_eq!(header(&headers, "x-ratelimit-limit"), "60");
        assert_eq!(header(&headers, "x-ratelimit-remaining"), "59");
        assert_eq!(header(&headers, "x-ratelimit-reset"), "1800000000");
        assert_eq!(header(&headers, "content-type"), "application/json");
        assert_eq!(header(&headers, "cache-control"), "no-store");
        assert_eq!(fake.calls(), ["GetAccess", "IngestBatch"]);
        let batch = fake.0.lock().unwrap().batches[0].batch.clone().unwrap();
        assert_eq!(batch.events[0].data, Some(Data::Json(r#"{"n":1.00}"#.to_owned())));
        assert_eq!(batch.events[0].timestamp.unwrap().nanos, 250_000_000);
    })
    .await;
}

#[tokio::test]
async fn files_and_redactions_are_shown_if_there_are_any() {
    both(|router, fake| async move {
        let files = vec!["Web/2026-02-26.md".to_owned(), "Web/2026-02-27.md".to_owned()];
        fake.will(Ok(IngestResult { stored: 1, skipped: 2, file: files[0].clone(), files, redacted: 3 }));
        let (_, _, body) = send(&router, post_json(VALID)).await;
        let expected = r#"{"stored":1,"skipped":2,"file":"Web/2026-02-26.md","files":["Web/2026-02-26.md","Web/2026-02-27.md"],"redacted":3}"#;
        assert_eq!(body, expected);
    })
    .await;
}

#[tokio::test]
async fn key_is_checked_before_the_body_is_read() {
    both(|router, fake| async move {
        for key in [None, Some("oc_bad"), Some("\u{e9}")] {
            let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
            let mut request = Request::post("/api/v1/ingest").body(never).unwrap();
            if let Some(key) = key {
                request.headers_mut().insert(
                    "x-api-key",
                    http::HeaderValue::from_bytes(key.as_bytes()).unwrap(),
                );
            }
            let (status, headers, body) = send(&router, request).await;
            assert_eq!(
                (status, body.as_str()),
                (401, r#"{"detail":"Invalid or missing X-API-Key"}"#)
            );
            assert_eq!(header(&headers, "www-authenticate"), "APIKey");
        }
        assert_eq!(fake.calls(), ["GetAccess"; 3]);
    })
    .await;
}

#[tokio::test]
async fn too_many_bad_keys_are_rate_limited() {
    both(|router, _| async move {
        let request = Request::post("/api/v1/ingest").header("x-api-key", "oc_flood").body(Body::empty()).unwrap();
        let (status, headers, body) = send(&router, request).await;
        assert_eq!(status, 429);
        assert_eq!(header(&headers, "retry-after"), "3");
        let expected = r#"{"detail":"Rate limit exceeded — retry with backoff","error":"Rate limit exceeded: 60 per 1 minute"}"#;
        assert_eq!(body, expected);
    })
    .await;
}

#[tokio::test]
async fn type_violations_are_counted_without_a_batch() {
    both(|router, fake| async move {
        let (status, headers, _) = send(&router, post_json(r#"{"events":7}"#)).await;
        assert_eq!((status, header(&headers, "x-ratelimit-remaining")), (422, "58"));
        assert!(fake.calls().contains(&"CountRejected"));
        assert!(!fake.calls().contains(&"IngestBatch"));
        let (status, headers, body) = send(&router, post_json(VALID.replace("braindump", "thoughts"))).await;
        assert_eq!((status, header(&headers, "x-ratelimit-remaining")), (422, "7"));
        assert!(
            body.starts_with(r#"{"detail":[{"type":"enum","loc":["body","source_type"]"#),
            "{body}"
        );
        assert!(body.contains(r#""input":"thoughts""#), "{body}");
        assert!(fake.calls().contains(&"IngestBatch"));
    })
    .await;
}

#[tokio::test]
async fn violations_that_only_the_service_finds_are_listed() {
    both(|router, fake| async move {
        let mut details = tonic_types::ErrorDetails::with_error_info("INVALID_BATCH", "openclone.dev", []);
        let violation = |field: &str, description: &str, reason: &str| FieldViolation {
            field: field.to_owned(),
            description: description.to_owned(),
            reason: reason.to_owned(),
            localized_message: None,
        };
        details.set_bad_request(vec![
            violation("events[0].timestamp", "must not be more than 24 h in the future", "TIMESTAMP_TOO_LATE"),
            violation("plugin_id", "must be registered", "UNREGISTERED"),
        ]);
        fake.will(Err(tonic::Status::with_error_details(Code::InvalidArgument, "bad", details)));
        let (status, _, body) = send(&router, post_json(VALID)).await;
        assert_eq!(status, 422);
        let expected = r#"{"detail":[{"type":"value_error","loc":["body","events",0,"timestamp"],"msg":"Value error, timestamp more than 24h in the future","input":1708258800.25,"ctx":{"error":{}}},{"type":"value_error","loc":["body","plugin_id"],"msg":"Value error, must be registered","input":"my-plugin","ctx":{"error":{}}}]}"#;
        assert_eq!(body, expected);
    })
    .await;
}

#[tokio::test]
async fn errors_of_the_service_become_the_documented_responses() {
    both(|router, fake| async move {
        for (refusal, expected, text) in [
            (
                status(Code::PermissionDenied, "the key lacks the scope", "SCOPE"),
                403,
                r#"{"detail":"the key lacks the scope"}"#,
            ),
            (
                status(Code::InvalidArgument, "deep", "DATA_TOO_DEEP"),
                400,
                r#"{"detail":"There was an error parsing the body"}"#,
            ),
            (
                status(Code::Unavailable, "x", "STORAGE_FAILED"),
                500,
                r#"{"detail":"Storage error — vault write failed"}"#,
            ),
            (
                status(Code::Unavailable, "draining", "DRAINING"),
                503,
                r#"{"detail":"draining"}"#,
            ),
            (
                status(Code::Internal, "secret", "BUG"),
                500,
                r#"{"detail":"Internal Server Error"}"#,
            ),
            (
                status(Code::Unauthenticated, "revoked", "INVALID_API_KEY"),
                401,
                r#"{"detail":"Invalid or missing X-API-Key"}"#,
            ),
        ] {
            fake.will(Err(refusal));
            let (answered, _, body) = send(&router, post_json(VALID)).await;
            assert_eq!((answered, body.as_str()), (expected, text));
        }
        fake.will(Err(limited()));
        let (answered, headers, _) = send(&router, post_json(VALID)).await;
        assert_eq!((answered, header(&headers, "retry-after")), (429, "3"));
        assert_eq!(header(&headers, "x-ratelimit-remaining"), "0");
    })
    .await;
}

#[tokio::test]
async fn only_the_remote_backend_caches_good_keys() {
    let access = |fake: &Fake| fake.calls().iter().filter(|call| **call == "GetAccess").count();
    let (near, far) = (Fake::default(), Fake::default());
    let (local, remote) = (local(&near), remote(&far).await);
    for _ in 0..3 {
        send(&local, post_json(VALID)).await;
        send(&remote, post_json(VALID)).await;
    }
    assert_eq!((access(&near), access(&far)), (3, 1));
    // A key that was revoked meanwhile is forgotten at once.
    far.will(Err(status(Code::Unauthenticated, "revoked", "INVALID_API_KEY")));
    assert_eq!(send(&remote, post_json(VALID)).await.0, 401);
    send(&remote, post_json(VALID)).await;
    assert_eq!(access(&far), 2);
}

#[tokio::test]
async fn only_key_request_id_and_peer_are_forwarded() {
    both(|router, fake| async move {
        let mut request = post_json(VALID);
        for (name, value) in [
            ("x-request-id", "r-1"),
            ("x-openclone-peer", "10.0.0.1"),
            ("cookie", "a=b"),
            ("x-forwarded-for", "1.1.1.1"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        send(&router, request).await;
        let notes = fake.0.lock().unwrap();
        assert_eq!(notes.metadata.len(), 2);
        for metadata in &notes.metadata {
            assert_eq!(header(metadata, "x-api-key"), KEY);
            assert_eq!(header(metadata, "x-request-id"), "r-1");
            assert_eq!(header(metadata, "x-openclone-peer"), "10.0.0.1");
            assert!(!metadata.contains_key("cookie") && !metadata.contains_key("x-forwarded-for"));
        }
    })
    .await;
}

#[tokio::test]
async fn unreachable_service_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let router = over(&format!("http://{address}"), Duration::from_secs(30));
    for _ in 0..2 {
        let (status, headers, body) = send(&router, post_json(VALID)).await;
        assert_eq!(
            (status, body.as_str()),
            (503, r#"{"detail":"the service cannot be reached"}"#)
        );
        assert_eq!(header(&headers, "retry-after"), "1");
    }
}

#[tokio::test]
async fn remote_service_that_never_responds_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = over(&format!("http://{address}"), Duration::from_millis(50));
    assert_eq!(send(&router, post_json(VALID)).await.0, 503);
    drop(listener);
}

/// Each rule, at the end of a path with characters that need quoting, is described alike over both backends.
#[tokio::test]
async fn violations_of_data_keep_their_exact_path() {
    both(|router, _| async move {
        let data = r#"{"a.b[0]":{"\"q\"\\":[1,NaN]},"":1e400,"key":"x"}"#;
        let (status, _, body) = send(&router, post_json(VALID.replace(r#"{"n":1.00}"#, data))).await;
        assert_eq!(status, 422);
        let expected = r#"{"detail":[{"type":"finite_number","loc":["body","events",0,"data","a.b[0]","\"q\"\\",1],"msg":"Input should be a finite number","input":"NaN"},{"type":"finite_number","loc":["body","events",0,"data",""],"msg":"Input should be a finite number","input":"1e400"}]}"#;
        assert_eq!(body, expected);
    })
    .await;
}

/// A hundred violations with long paths fit into one response of a remote service.
#[tokio::test]
async fn violations_are_listed_up_to_the_limit() {
    both(|router, _| async move {
        let members: Vec<_> = (0..120)
            .map(|n| format!(r#""{}{n}":NaN"#, "k".repeat(120)))
            .collect();
        let data = format!("{{{}}}", members.join(","));
        let (status, _, body) = send(&router, post_json(VALID.replace(r#"{"n":1.00}"#, &data))).await;
        assert_eq!(status, 422, "{body}");
        let response: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(response["detail"].as_array().unwrap().len(), 100);
    })
    .await;
}

#[tokio::test]
async fn lone_surrogate_in_raw_ref_is_rejected() {
    both(|router, fake| async move {
        for raw_ref in [r"\ud800", r"x\udfff"] {
            let (status, _, body) = send(&router, post_json(VALID.replace("e1", raw_ref))).await;
            assert_eq!(status, 422);
            let expected = r#"{"detail":[{"type":"string_unicode","loc":["body","events",0,"raw_ref"]"#;
            assert!(body.starts_with(expected), "{body}");
        }
        assert!(fake.0.lock().unwrap().batches.is_empty());
    })
    .await;
}

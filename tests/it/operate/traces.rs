//! Traces and logs.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::command;
use crate::app::http;

/// Takes whatever is exported, and keeps the bytes.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let state = Arc::clone(&kept);
    let export = axum::routing::post(move |body: axum::body::Bytes| async move {
        state.lock().unwrap().extend_from_slice(&body);
        // an empty message
        (
            [("content-type", "application/grpc"), ("grpc-status", "0")],
            vec![0_u8; 5],
        )
    });
    let router = axum::Router::new().route(
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        export,
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), kept)
}

/// A service that logs JSON.
struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    fn start(home: &Path, settings: &[(&str, &str)]) -> Self {
        let mut child = command(home)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .envs([("OPENCLONE_LOG__FORMAT", "json"), ("API_KEY", crate::app::KEY)])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        let address = url.strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { child, address }
    }

    /// Ends it; its log.
    async fn stop(self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let output = tokio::task::spawn_blocking(move || self.child.wait_with_output().unwrap())
            .await
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_carry_the_request_id_and_logs_are_json() {
    let (endpoint, kept) = collector().await;
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(
        &dir.path().join("home"),
        &[
            ("OPENCLONE_TELEMETRY__OTLP_ENDPOINT", &endpoint),
            ("OPENCLONE_LOG__LEVEL", "openclone=debug"),
        ],
    );
    let address = service.address;
    let key = format!("X-API-Key: {}", crate::app::KEY);
    let lines = [&key, "X-Request-Id: traced-7", "Content-Type: application/json"];
    let response = http(
        address,
        "POST",
        "/api/v1/ingest",
        &lines,
        &crate::app::braindump("secret thought", "1"),
    )
    .await;
    assert_eq!(
        (response.status, response.headers["x-request-id"].as_str()),
        (200, "traced-7")
    );
    let grpc = http(
        address,
        "POST",
        "/openclone.v1.AccessService/GetAccess",
        &[&key, "Content-Type: application/grpc-web"],
        "",
    )
    .await;
    assert!(
        !grpc.headers["x-request-id"].is_empty(),
        "gRPC responses carry one as well"
    );
    let logs = service.stop().await;
    let exported = String::from_utf8_lossy(&kept.lock().unwrap()).into_owned();
    for expected in [
        "openclone",
        "request",
        "batch",
        "traced-7",
        "/api/v1/ingest",
        "my-plugin",
    ] {
        assert!(
            exported.contains(expected),
            "{expected} is missing in {exported:?}"
        );
    }
    assert!(!exported.contains("secret thought") && !logs.contains("secret thought"));
    assert!(!exported.contains(crate::app::KEY) && !logs.contains(crate::app::KEY));
    let parsed: Vec<serde_json::Value> = logs
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        parsed.iter().any(|line| line["span"]["id"] == "traced-7"),
        "{logs}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_batch_has_one_log_line_with_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let service = Service::start(&home, &[]);
    let key = format!("X-API-Key: {}", crate::app::KEY);
    let post = async |id: &str, text: &str| {
        let id = format!("X-Request-Id: {id}");
        let lines = [&key, &id, "Content-Type: application/json"];
        let batch = crate::app::braindump(text, text);
        http(service.address, "POST", "/api/v1/ingest", &lines, &batch)
            .await
            .status
    };
    assert_eq!(post("fine-1", "one").await, 200);
    std::fs::rename(home.join("vault"), home.join("elsewhere")).unwrap();
    assert_eq!(post("fails-2", "two").await, 503);
    let logs = service.stop().await;
    let of = |id: &str| -> Vec<serde_json::Value> {
        let lines = logs.lines().map(|line| serde_json::from_str(line).unwrap());
        lines
            .filter(|line: &serde_json::Value| line["id"] == id)
            .collect()
    };
    let [line] = &of("fails-2")[..] else {
        panic!("{logs}")
    };
    assert_eq!(
        (&line["level"], &line["message"]),
        (&"WARN".into(), &"batch not accepted".into())
    );
    assert!(line["reason"].as_str().unwrap().contains("vault"), "{line}");
    assert!(of("fine-1").is_empty(), "{logs}");
}

#[test]
fn unreachable_collector_delays_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(&dir.path().join("home"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("OPENCLONE_TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:9")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("listening on"));
    let since = Instant::now();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(since.elapsed() < Duration::from_secs(10));
}

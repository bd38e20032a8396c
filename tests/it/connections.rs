//! The end of connections: requests in flight at a shutdown get their response, and a client that is gone holds nothing.

use std::time::Duration;

use crate::app::{KEY, TestApp, braindump};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

async fn connect(app: &TestApp, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let request = format!("POST {head}\r\nHost: {}\r\nX-API-Key: {KEY}\r\n", app.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_waits_for_a_request_in_flight() {
    let app = TestApp::start("").await;
    let mut stream = connect(&app, "/api/v1/ingest HTTP/1.1").await;
    let body = braindump("both halves", "half-1");
    let (half, rest) = body.split_at(body.len() / 2);
    let head = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{half}").as_bytes())
        .await
        .unwrap();
    // Until it is in flight: one that has not begun is not waited for.
    sleep(Duration::from_millis(200)).await;
    let stopping = tokio::spawn(app.stop());
    sleep(Duration::from_millis(500)).await;
    assert!(!stopping.is_finished(), "it has ended with a request in flight");
    stream.write_all(rest.as_bytes()).await.unwrap();
    let response = read_to_end(&mut stream).await;
    // No batch is taken once the service drains; its client hears so, and when to come again.
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    assert!(response.contains("\r\nretry-after: "), "{response}");
    assert!(response.contains("The service is shutting down"), "{response}");
    stopping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_leaves_a_watch_over_http_1_holds_no_connection() {
    let app = TestApp::start("server.idle_seconds = 5").await;
    let mut stream = connect(&app, "/grpc.health.v1.Health/Watch HTTP/1.1").await;
    stream
        .write_all(b"Content-Type: application/grpc-web+proto\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0")
        .await
        .unwrap();
    let mut first = [0; 1024];
    let count = stream.read(&mut first).await.unwrap();
    assert!(first[..count].starts_with(b"HTTP/1.1 200 "));
    stream.shutdown().await.unwrap();
    let end = timeout(Duration::from_secs(30), read_to_end(&mut stream)).await;
    assert!(end.is_ok(), "the connection stays for ever");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_leaves_a_stream_over_http_1_holds_no_connection() {
    let app = TestApp::start("").await;
    let mut stream = connect(&app, "/openclone.v1.IngestService/Ingest HTTP/1.1").await;
    stream
        .write_all(b"Content-Type: application/grpc-web+proto\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_millis(200)).await;
    stream.shutdown().await.unwrap();
    let end = timeout(Duration::from_secs(10), read_to_end(&mut stream)).await;
    assert!(end.is_ok(), "the connection stays for ever");
    app.stop().await;
}

/// Where the system tells of its timers, in the system's own table of connections.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn kernel_probes_an_idle_client() {
    let app = TestApp::start("").await;
    let _stream = connect(&app, "/openclone.v1.IngestService/Ingest HTTP/1.1").await;
    sleep(Duration::from_millis(200)).await;
    let local = format!("0100007F:{:04X}", app.address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mut lines = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    // its side of the connection, established; 02 is a keepalive timer
    let line = lines.find(|line| line[1] == local && line[3] == "01").unwrap();
    assert!(line[5].starts_with("02:"), "{line:?}");
    app.stop().await;
}

//! How connections end: what is in flight at a shutdown is answered, and a client that has gone keeps nothing.

#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code)]
#[path = "common/app.rs"]
mod common;

use std::time::Duration;

use common::{KEY, TestApp};
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
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_waits_for_a_request_that_has_begun_and_answers_it() {
    let app = TestApp::start("").await;
    let mut stream = connect(&app, "/api/v1/ingest HTTP/1.1").await;
    let half = b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{";
    stream.write_all(half).await.unwrap();
    // Until it is in flight: one that has not begun is not waited for.
    sleep(Duration::from_millis(200)).await;
    let stopping = tokio::spawn(app.stop());
    sleep(Duration::from_millis(500)).await;
    assert!(!stopping.is_finished(), "it has ended with a request in flight");
    stream.write_all(b"}").await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
    assert!(answer.contains("Field required"), "{answer}");
    stopping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_while_it_watches_over_http_1_keeps_no_connection() {
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

//! Bodies: their size, time, encoding and type.

use std::{io::Write, time::Duration};

use axum::{Router, body::Body};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, Request};
use openclone_client::v1::event::Data;
use openclone_gateway::{Endpoint, GatewayOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::service::{Fake, KEY, local, post_json, send};

const VALID: &str = r#"{"source_type":"braindump","platform":"macos","device_id":"test-001","plugin_id":"my-plugin",
    "plugin_version":"1.0.0","timestamp":1708258800.0,"events":[{"timestamp":1708258800,"data":{"text":"hi"}}]}"#;
const LIMIT: usize = 1_048_576;
const TOO_LARGE: &str = r#"{"detail":"Request body too large: the limit is 1048576 bytes"}"#;
const UNPARSABLE: &str = r#"{"detail":"There was an error parsing the body"}"#;

/// A sound batch of exactly so many bytes.
fn padded(bytes: usize) -> Vec<u8> {
    let mut body = VALID.as_bytes().to_vec();
    body.resize(bytes, b' ');
    body
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn encoded(coding: &'static str, body: Vec<u8>) -> Request<Body> {
    let mut request = post_json(body);
    request
        .headers_mut()
        .insert("content-encoding", HeaderValue::from_static(coding));
    request
}

/// Status and body.
async fn answer(router: &Router, request: Request<Body>) -> (u16, String) {
    let (status, _, body) = send(router, request).await;
    (status, body)
}

fn unparsable() -> (u16, String) {
    (400, UNPARSABLE.to_owned())
}

fn too_large() -> (u16, String) {
    (413, TOO_LARGE.to_owned())
}

#[tokio::test]
async fn size_limit_is_exact_with_and_without_content_length() {
    let router = local(&Fake::default());
    let pieces = |body: Vec<u8>| {
        let pieces: Vec<_> = body
            .chunks(10_000)
            .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
            .collect();
        Body::from_stream(futures_util::stream::iter(pieces))
    };
    assert_eq!(answer(&router, post_json(padded(LIMIT))).await.0, 200);
    assert_eq!(answer(&router, post_json(padded(LIMIT + 1))).await, too_large());
    assert_eq!(answer(&router, post_json(pieces(padded(LIMIT)))).await.0, 200);
    assert_eq!(
        answer(&router, post_json(pieces(padded(LIMIT + 1)))).await,
        too_large()
    );
}

#[tokio::test]
async fn compressed_bodies_have_the_same_limit() {
    let router = local(&Fake::default());
    let zstd = |plain: &[u8]| zstd::encode_all(plain, 1).unwrap();
    assert_eq!(
        answer(&router, encoded("gzip", gzip(&padded(LIMIT)))).await.0,
        200
    );
    assert_eq!(
        answer(&router, encoded("GZIP", gzip(VALID.as_bytes()))).await.0,
        200
    );
    assert_eq!(
        answer(&router, encoded("zstd", zstd(&padded(LIMIT)))).await.0,
        200
    );
    assert_eq!(answer(&router, encoded("identity", padded(1_000))).await.0, 200);
    assert_eq!(
        answer(&router, encoded("gzip", gzip(&padded(LIMIT + 1)))).await,
        too_large()
    );
    assert_eq!(
        answer(&router, encoded("zstd", zstd(&padded(100 * LIMIT)))).await,
        too_large()
    );
    assert_eq!(
        answer(&router, encoded("gzip", padded(1_000))).await,
        unparsable()
    );
    assert_eq!(
        answer(&router, encoded("zstd", gzip(VALID.as_bytes()))).await,
        unparsable()
    );
    let mut cut = gzip(VALID.as_bytes());
    cut.truncate(cut.len() - 9);
    assert_eq!(answer(&router, encoded("gzip", cut)).await, unparsable());
    for coding in ["br", "gzip, gzip", "deflate"] {
        let (status, body) = answer(&router, encoded(coding, padded(1_000))).await;
        assert_eq!(status, 415, "{coding}");
        assert_eq!(
            body,
            r#"{"detail":"Unsupported Content-Encoding: use gzip, zstd or identity"}"#
        );
    }
}

#[tokio::test]
async fn a_zstd_frame_may_not_ask_for_much_memory() {
    let router = local(&Fake::default());
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(VALID.as_bytes()).unwrap();
    assert_eq!(
        answer(&router, encoded("zstd", encoder.finish().unwrap())).await,
        unparsable()
    );
}

#[tokio::test]
async fn bodies_that_no_parser_reads_are_refused() {
    let router = local(&Fake::default());
    assert_eq!(
        answer(&router, post_json(VALID.replace("hi", "\u{1}").into_bytes()))
            .await
            .0,
        422
    );
    let mut bad = VALID.as_bytes().to_vec();
    bad[VALID.find("hi").unwrap()] = 0xff;
    assert_eq!(answer(&router, post_json(bad)).await, unparsable());
    assert_eq!(answer(&router, post_json("[".repeat(LIMIT))).await, unparsable());
    let deep =
        |levels: usize| VALID.replace("\"hi\"", &format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    assert_eq!(answer(&router, post_json(deep(31))).await.0, 200);
    assert_eq!(answer(&router, post_json(deep(32))).await, unparsable());
    assert_eq!(
        answer(&router, post_json(format!("\u{feff}{VALID}"))).await.0,
        200
    );
}

#[tokio::test]
async fn numbers_in_data_keep_their_digits_or_are_rejected() {
    let fake = Fake::default();
    let router = local(&fake);
    let with = |json: &str| post_json(VALID.replace("\"hi\"", json));
    assert_eq!(answer(&router, with("9007199254740993123456789")).await.0, 200);
    let batch = fake.0.lock().unwrap().batches[0].batch.clone().unwrap();
    assert_eq!(
        batch.events[0].data,
        Some(Data::Json(r#"{"text":9007199254740993123456789}"#.to_owned()))
    );
    for json in ["1e400", "NaN", "[{\"a\":-Infinity}]"] {
        let (status, body) = answer(&router, with(json)).await;
        assert_eq!(status, 422);
        let expected = r#"{"detail":[{"type":"finite_number","loc":["body","events",0,"data","text""#;
        assert!(body.starts_with(expected), "{body}");
    }
}

#[tokio::test]
async fn body_that_does_not_arrive_times_out() {
    let options = GatewayOptions {
        body_timeout: Duration::from_millis(20),
        ..Default::default()
    };
    let router = Endpoint::new(Fake::default(), options).router();
    let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let expected = (
        408,
        r#"{"detail":"The request body did not arrive in time"}"#.to_owned(),
    );
    assert_eq!(answer(&router, post_json(never)).await, expected);
}

/// Sends bytes over a socket and reads until the answer is over or the server hangs up.
async fn over_a_socket(request: Vec<u8>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, local(&Fake::default())).into_future());
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    while !answer.ends_with(b"}") {
        match socket.read(&mut piece).await.unwrap() {
            0 => break,
            bytes => answer.extend_from_slice(&piece[..bytes]),
        }
    }
    server.abort();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn client_that_sends_too_much_reads_the_response() {
    for key in [KEY, "oc_bad"] {
        let body = padded(LIMIT + LIMIT / 2);
        let head = format!(
            "POST /api/v1/ingest HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer = over_a_socket([head.as_bytes(), &body].concat()).await;
        let expected = if key == KEY {
            ("413", TOO_LARGE)
        } else {
            ("401", "Invalid or missing X-API-Key")
        };
        assert!(
            answer.contains(expected.0) && answer.contains(expected.1),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn client_that_expects_continue_is_not_asked_for_a_rejected_body() {
    let head = "POST /api/v1/ingest HTTP/1.1\r\nhost: x\r\nx-api-key: oc_bad\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n";
    let answer = over_a_socket(head.as_bytes().to_vec()).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

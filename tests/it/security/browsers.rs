//! DNS rebinding and cross-site requests: on every transport of `serve` and `gateway`, a foreign `Host` or `Origin` gets 403.

use std::time::Instant;

use openclone_client::v1::{IngestBatchRequest, ingest_service_client::IngestServiceClient};
use tonic::{Code, transport::Endpoint};

use super::record;
use crate::{
    batches::{batch, json, with},
    process::{Serve, command, http},
};

const FOREIGN: [&str; 6] = [
    "Origin: https://evil.example",
    "Origin: null",
    "Origin: http://localhost.evil.example",
    "Origin: file://",
    "Origin: http://127.0.0.1:1",
    "Origin: https://evil.example\r\nX-API-Key: x",
];

/// Requests that do something, or tell something.
const REQUESTS: [(&str, &str, &str); 7] = [
    ("POST", "/api/v1/ingest", "Content-Type: text/plain"),
    ("POST", "/api/v1/ingest", "Content-Type: application/json"),
    (
        "POST",
        "/openclone.v1.IngestService/IngestBatch",
        "Content-Type: application/grpc-web+proto",
    ),
    (
        "POST",
        "/openclone.v1.IngestService/IngestBatch",
        "Content-Type: application/grpc-web-text",
    ),
    ("GET", "/api/v1/plugins", "Accept: */*"),
    ("GET", "/metrics", "Accept: */*"),
    ("OPTIONS", "/api/v1/ingest", "Access-Control-Request-Method: POST"),
];

#[test]
fn foreign_pages_and_names_are_rejected_on_every_transport() {
    let began = Instant::now();
    let home = tempfile::tempdir().unwrap();
    let serve = Serve::start(home.path(), &[]);
    let mut command = command(&home.path().join("gateway"));
    command.args(["gateway", "--upstream", &serve.url, "--listen", "127.0.0.1:0"]);
    let gateway = Serve::spawn(&mut command, 2);
    let key = format!("X-API-Key: {}", serve.lines[2].strip_prefix("API key ").unwrap());
    let mut trials = 0;
    for url in [&serve.url, &gateway.url] {
        for (method, path, line) in REQUESTS {
            for foreign in FOREIGN {
                let (status, head, _) = http(url, method, path, &[&key, line, foreign], &json(&["x"]));
                assert_eq!(status, 403, "{url} {method} {path} {foreign}");
                assert!(!head.contains("access-control-allow-origin"), "{head}");
                trials += 1;
            }
            // a second Host beside the right one
            let (status, ..) = http(url, method, path, &[&key, line, "Host: evil.example"], "");
            assert!([400, 403].contains(&status), "{url} {method} {path}: {status}");
            trials += 1;
        }
        let own = format!("Origin: {url}");
        let lines = [key.as_str(), "Content-Type: application/json", &own];
        let (status, head, _) = http(url, "POST", "/api/v1/ingest", &lines, &json(&["own"]));
        assert_eq!(status, 200, "{head}");
    }
    trials += by_name(&serve.url, &gateway.url, &key);
    record(
        "Foreign hosts and pages",
        "Host, :authority and Origin of others, on each transport of serve and gateway; anything but 403",
        trials,
        String::new(),
        began,
    );
}

/// The name itself is foreign, over both versions of HTTP.
fn by_name(serve: &str, gateway: &str, key: &str) -> u64 {
    let secret = key.strip_prefix("X-API-Key: ").unwrap();
    for name in ["evil.example", "127.0.0.1.evil.example", "evil.example:8000"] {
        for url in [serve, gateway] {
            let status = named(url, name, key);
            assert_eq!(status, 403, "{url} {name}");
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let rejected = runtime.block_on(async {
            let endpoint = Endpoint::from_shared(serve.to_owned()).unwrap();
            let endpoint = endpoint.origin(format!("http://{name}").parse().unwrap());
            let mut client = IngestServiceClient::new(endpoint.connect().await.unwrap());
            let message = IngestBatchRequest {
                batch: Some(batch(&["x"])),
            };
            client.ingest_batch(with(secret, message)).await.unwrap_err()
        });
        assert_eq!(rejected.code(), Code::PermissionDenied, "{rejected:?}");
    }
    9
}

fn named(url: &str, name: &str, key: &str) -> u16 {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "GET /api/v1/plugins HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n{key}\r\n\r\n"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

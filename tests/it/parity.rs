//! One table of requests to the gateway in the process of the service and to a remote one: responses are equal, headers included.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::app::{HttpResponse, KEY, TestApp, braindump, http};
use axum::Router;
use openclone::{
    config::{Config, Inputs, Layers},
    net::{Server, ServiceRouter},
};
use openclone_gateway::{Endpoint, GatewayOptions, RemoteBackend};
use tokio::{net::TcpListener, sync::oneshot};

/// How long the gateway waits for a response, and caches that a key is good.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A gateway of its own in front of `app`.
async fn remote(app: &TestApp) -> (SocketAddr, oneshot::Sender<()>) {
    let file = Some((PathBuf::from("test.toml"), String::new()));
    let config = Config::read(
        &Layers::new(Inputs {
            file,
            ..Inputs::default()
        })
        .unwrap(),
    )
    .unwrap();
    let json = Endpoint::new(
        RemoteBackend::new(app.channel(), TIMEOUT, TIMEOUT),
        GatewayOptions::default(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shutdown, stop) = oneshot::channel();
    let server = Server::new(&config.server).unwrap();
    tokio::spawn(async move {
        server
            .serve(listener, ServiceRouter::new(json, Router::new(), None), async {
                _ = stop.await
            })
            .await
    });
    (address, shutdown)
}

/// All requests, each with its name.
fn table() -> Vec<(&'static str, &'static str, &'static str, Vec<String>, String)> {
    let key = format!("X-API-Key: {KEY}");
    let json = "Content-Type: application/json".to_owned();
    let keyed = vec![key.clone(), json.clone()];
    let ingest = "/api/v1/ingest";
    let fine = braindump("Hello!", "e1");
    vec![
        ("first", "POST", ingest, keyed.clone(), fine.clone()),
        ("again", "POST", ingest, keyed.clone(), fine.clone()),
        ("no key", "POST", ingest, vec![json.clone()], fine.clone()),
        (
            "invalid key",
            "POST",
            ingest,
            vec!["X-API-Key: invalid".into(), json.clone()],
            fine.clone(),
        ),
        ("not json", "POST", ingest, keyed.clone(), "{".into()),
        ("no batch", "POST", ingest, keyed.clone(), "{}".into()),
        (
            "bad fields",
            "POST",
            ingest,
            keyed.clone(),
            fine.replace("macos", "beos").replace("my-plugin", "My_"),
        ),
        (
            "too early",
            "POST",
            ingest,
            keyed.clone(),
            fine.replace("1708258800.0", "5"),
        ),
        (
            "too deep",
            "POST",
            ingest,
            keyed.clone(),
            fine.replace("\"Hello!\"", &("[".repeat(40) + &"]".repeat(40))),
        ),
        (
            "too large",
            "POST",
            ingest,
            keyed.clone(),
            fine.replace("Hello!", &"x".repeat(1 << 20)),
        ),
        (
            "plugins",
            "GET",
            "/api/v1/plugins",
            vec![key.clone()],
            String::new(),
        ),
        (
            "no plugin",
            "GET",
            "/api/v1/plugins/nope",
            vec![key.clone()],
            String::new(),
        ),
        (
            "source types",
            "GET",
            "/api/v1/source-types",
            vec![key.clone()],
            String::new(),
        ),
        (
            "source types without a key",
            "GET",
            "/api/v1/source-types",
            vec![],
            String::new(),
        ),
        ("not found", "GET", "/nothing", vec![key.clone()], String::new()),
        ("invalid method", "GET", ingest, vec![key.clone()], String::new()),
        (
            "invalid host",
            "GET",
            ingest,
            vec!["Host: evil.example".into()],
            String::new(),
        ),
        ("last of the burst", "POST", ingest, keyed.clone(), fine.clone()),
        ("limited", "POST", ingest, keyed, fine),
    ]
}

async fn responses(address: SocketAddr) -> Vec<(&'static str, HttpResponse)> {
    let mut responses = Vec::new();
    for (name, method, path, lines, body) in table() {
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        responses.push((name, stable(http(address, method, path, &lines, &body).await)));
    }
    responses
}

/// Without what differs from one time to the next.
fn stable(mut response: HttpResponse) -> HttpResponse {
    for name in ["date", "x-request-id", "x-ratelimit-reset", "retry-after"] {
        if let Some(value) = response.headers.get_mut(name) {
            assert!(!value.is_empty());
            "some".clone_into(value);
        }
    }
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .to_string();
    response.body = response.body.replace(&today, "<today>");
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn both_gateways_give_the_same_response() {
    // every request with a good key whose body was read is counted, the first eight here
    let options = "limits.burst = 8\nlimits.requests_per_minute = 1\n";
    let inside = TestApp::start(options).await;
    let local = responses(inside.address).await;
    inside.stop().await;
    let behind = TestApp::start(options).await;
    let (address, shutdown) = remote(&behind).await;
    let far = responses(address).await;
    for ((name, local), (_, far)) in local.iter().zip(&far) {
        assert_eq!(
            (local.status, &local.headers, &local.body),
            (far.status, &far.headers, &far.body),
            "{name}"
        );
    }
    let statuses: Vec<_> = local
        .iter()
        .map(|(name, response)| format!("{name}: {}", response.status))
        .collect();
    assert_eq!(
        statuses,
        [
            "first: 200",
            "again: 200",
            "no key: 401",
            "invalid key: 401",
            "not json: 422",
            "no batch: 422",
            "bad fields: 422",
            "too early: 422",
            "too deep: 400",
            "too large: 413",
            "plugins: 200",
            "no plugin: 404",
            "source types: 200",
            "source types without a key: 401",
            "not found: 404",
            "invalid method: 405",
            "invalid host: 403",
            "last of the burst: 200",
            "limited: 429",
        ]
    );
    drop(shutdown);
    behind.stop().await;
}

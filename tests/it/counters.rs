//! Every received event ends in exactly one counter of `/metrics`: stored, duplicate, rejected or failed by reason. Each batch is
//! sent over JSON, as a unary call and on a stream, and the metrics are added up.

use std::{collections::BTreeMap, time::Duration};

use crate::app::{KEY, TestApp, http};
use crate::batches::{add_key, batch, json, with};
use openclone_client::v1::{Batch, IngestBatchRequest, IngestRequest, event::Data, ingest_response::Outcome};

/// A transport, and what went over it: how many events should stand in which counter.
struct Sender<'a> {
    app: &'a TestApp,
    expected: BTreeMap<(&'static str, &'static str), u64>,
}

#[derive(Clone, Copy, Debug)]
enum Door {
    Json,
    Unary,
    Stream,
}

const REQUESTS: [Door; 3] = [Door::Json, Door::Unary, Door::Stream];
const STORED: (&str, &str) = ("stored", "");
const DUPLICATE: (&str, &str) = ("duplicate", "");

impl Sender<'_> {
    fn expect(&mut self, counter: (&'static str, &'static str), events: usize) {
        *self.expected.entry(counter).or_default() += events as u64;
    }

    /// Sends a batch over `transport` with `key`; whether all of it is acknowledged.
    async fn send(&self, transport: Door, key: &str, refs: &[&str], spoil: impl Fn(&mut Batch)) -> bool {
        let mut batch = batch(refs);
        spoil(&mut batch);
        match transport {
            Door::Json => post(self.app, key, &json_of(&batch, refs)).await == 200,
            Door::Unary => {
                let message = IngestBatchRequest { batch: Some(batch) };
                self.app
                    .ingest_client()
                    .ingest_batch(with(key, message))
                    .await
                    .is_ok()
            }
            Door::Stream => {
                let request = IngestRequest {
                    sequence: 1,
                    batch: Some(batch),
                };
                let requests = tokio_stream::iter([request]);
                let Ok(responses) = self.app.ingest_client().ingest(with(key, requests)).await else {
                    return false;
                };
                let response = responses.into_inner().message().await;
                matches!(response, Ok(Some(response)) if matches!(response.outcome, Some(Outcome::Result(_))))
            }
        }
    }
}

/// The JSON form of what a test has spoilt: plugin and source type.
fn json_of(batch: &Batch, refs: &[&str]) -> String {
    json(refs).replace("my-plugin", &batch.plugin_id).replace(
        "\"braindump\"",
        if batch.source_type == 0 {
            "\"x\""
        } else {
            "\"braindump\""
        },
    )
}

async fn post(app: &TestApp, key: &str, body: &str) -> u16 {
    let key = format!("X-API-Key: {key}");
    let lines = [key.as_str(), "Content-Type: application/json"];
    http(app.address, "POST", "/api/v1/ingest", &lines, body)
        .await
        .status
}

/// The metrics of one name by the values of their labels.
async fn metrics(app: &TestApp, name: &str) -> BTreeMap<String, u64> {
    let text = app.get("/metrics").await.body;
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'));
    lines
        .map(|line| {
            let (labels, value) = line.split_once("} ").unwrap();
            (labels.to_owned(), value.parse().unwrap())
        })
        .collect()
}

async fn assert_adds_up(sender: &Sender<'_>) {
    let mut counted = metrics(sender.app, "openclone_events_total").await;
    counted.retain(|_, value| *value > 0);
    let expected: BTreeMap<_, _> = sender
        .expected
        .iter()
        .map(|((outcome, reason), events)| (format!("outcome=\"{outcome}\",reason=\"{reason}\""), *events))
        .collect();
    assert_eq!(counted, expected);
}

#[tokio::test]
async fn every_event_ends_in_exactly_one_counter() {
    let app = TestApp::start("limits.requests_per_minute = 0").await;
    let narrow = add_key(&app.home(), "ana", &["ingest:journal"], Some(0));
    let mut sender = Sender {
        app: &app,
        expected: BTreeMap::new(),
    };
    for (n, transport) in REQUESTS.into_iter().enumerate() {
        let name = |k: usize| format!("{n}-{k}");
        let (a, b, c) = (name(1), name(2), name(3));
        assert!(sender.send(transport, KEY, &[&a, &b, &b], |_| {}).await);
        sender.expect(STORED, 2);
        sender.expect(DUPLICATE, 1);
        assert!(sender.send(transport, KEY, &[&a, &b, &c], |_| {}).await);
        sender.expect(STORED, 1);
        sender.expect(DUPLICATE, 2);
        assert!(
            !sender
                .send(transport, KEY, &["x", "y"], |batch| batch.plugin_id = "No".into())
                .await
        );
        assert!(
            !sender
                .send(transport, KEY, &["x"], |batch| batch.source_type = 0)
                .await
        );
        let many: Vec<_> = (0..600).map(|k| format!("m{k}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(!sender.send(transport, KEY, &many, |_| {}).await);
        sender.expect(("rejected", "INVALID_BATCH"), 2 + 1 + 600);
        assert!(!sender.send(transport, &narrow, &["x", "y", "z"], |_| {}).await);
        sender.expect(("rejected", "FORBIDDEN"), 3);
        // nothing has come in
        assert!(!sender.send(transport, "no-such-key", &["x"], |_| {}).await);
        assert_adds_up(&sender).await;
    }
    the_gateway_counts_what_it_turns_away(&mut sender).await;
    a_vault_that_is_gone_fails_them(&mut sender).await;
}

/// Faults of the JSON that the service never sees.
async fn the_gateway_counts_what_it_turns_away(sender: &mut Sender<'_>) {
    let error = json(&["f1", "f2"]).replacen("\"timestamp\":", "\"timestamp\":[],\"was\":", 2);
    assert_eq!(post(sender.app, KEY, &error).await, 422);
    sender.expect(("rejected", "INVALID_BATCH"), 2);
    let nested = format!("{{\"a\":{}1{}}}", "[".repeat(60), "]".repeat(60));
    let deep = |batch: &mut Batch| batch.events[0].data = Some(Data::Json(nested.clone()));
    assert!(!sender.send(Door::Unary, KEY, &["d"], deep).await);
    sender.expect(("rejected", "DATA_TOO_DEEP"), 1);
    assert_adds_up(sender).await;
}

async fn a_vault_that_is_gone_fails_them(sender: &mut Sender<'_>) {
    let vault = sender.app.home().join("vault");
    std::fs::rename(&vault, vault.with_extension("away")).unwrap();
    for transport in REQUESTS {
        assert!(!sender.send(transport, KEY, &["gone-1", "gone-2"], |_| {}).await);
    }
    sender.expect(("failed", "VAULT_MISSING"), 6);
    assert_adds_up(sender).await;
    std::fs::rename(vault.with_extension("away"), &vault).unwrap();
}

#[tokio::test]
async fn a_rate_limit_rejects_the_events_of_a_request() {
    let app = TestApp::start("limits.requests_per_minute = 1\nlimits.burst = 1").await;
    let mut sender = Sender {
        app: &app,
        expected: BTreeMap::new(),
    };
    assert!(sender.send(Door::Json, KEY, &["a"], |_| {}).await);
    sender.expect(STORED, 1);
    assert!(!sender.send(Door::Json, KEY, &["b", "c"], |_| {}).await);
    assert!(!sender.send(Door::Unary, KEY, &["b", "c"], |_| {}).await);
    // the stream is not opened, so that nothing comes in
    assert!(!sender.send(Door::Stream, KEY, &["b", "c"], |_| {}).await);
    sender.expect(("rejected", "RATE_LIMITED"), 4);
    assert_adds_up(&sender).await;
}

#[tokio::test]
async fn batches_that_cannot_be_read_are_counted_as_such() {
    let app = TestApp::start("limits.requests_per_minute = 0").await;
    assert_eq!(post(&app, KEY, "{\"events\": [").await, 422);
    assert_eq!(post(&app, KEY, "[1]").await, 422);
    assert_eq!(post(&app, KEY, &"[".repeat(1 << 20)).await, 400);
    assert_eq!(post(&app, KEY, &" ".repeat((1 << 20) + 1)).await, 413);
    let mut large = batch(&["large"]);
    large.plugin_id = "x".repeat(5 << 20);
    let message = IngestBatchRequest {
        batch: Some(large.clone()),
    };
    let rejected = app.ingest_client().ingest_batch(with(KEY, message)).await;
    assert_eq!(rejected.unwrap_err().code(), tonic::Code::OutOfRange);
    let request = IngestRequest {
        sequence: 1,
        batch: Some(large),
    };
    let requests = tokio_stream::iter([request]);
    let responses = app.ingest_client().ingest(with(KEY, requests)).await;
    let rejected = responses.unwrap().into_inner().message().await;
    assert_eq!(rejected.unwrap_err().code(), tonic::Code::OutOfRange);
    let undecodable = metrics(&app, "openclone_rejected_bodies_total").await;
    assert_eq!(undecodable["reason=\"UNDECODABLE\""], 3);
    assert_eq!(undecodable["reason=\"TOO_LARGE\""], 3);
    let events = app.events().await;
    assert_eq!(events.values().sum::<u64>(), 0, "{events:?}");
}

/// Clients that hang up, at any time: what they sent in full is counted once, whatever became of it.
#[tokio::test]
async fn client_that_disconnects_leaves_nothing_uncounted() {
    let app = TestApp::start("limits.requests_per_minute = 0").await;
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..60_u64 {
        let (name, mut client) = (format!("gone-{n}"), app.ingest_client());
        calls.spawn(async move {
            let message = IngestBatchRequest {
                batch: Some(batch(&[&name])),
            };
            let call = client.ingest_batch(with(KEY, message));
            let _ = tokio::time::timeout(Duration::from_micros(n * 100), call).await;
        });
    }
    calls.join_all().await;
    let mut events = app.events().await;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = app.events().await;
        if now == events {
            break;
        }
        events = now;
    }
    let stored = walk_ids(&app);
    assert_eq!(events["stored"], stored, "{events:?}");
    assert!(events.values().sum::<u64>() <= 60, "{events:?}");
}

fn walk_ids(app: &TestApp) -> u64 {
    let Ok(files) = std::fs::read_dir(app.home().join("vault/Braindump")) else {
        return 0;
    };
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    texts.map(|text| text.matches(" ^oc-").count() as u64).sum()
}

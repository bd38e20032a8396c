//! Keys and tenants over real sockets: who may do what, on every transport, and what happens when that changes.

#![allow(clippy::unwrap_used, missing_docs)]
#[allow(dead_code)]
#[path = "common/app.rs"]
mod common;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use common::{Answer, KEY, TestApp, http};
use jiff::{SignedDuration, Timestamp};
use openclone::auth::{KeysFile, NewKey, keys_file::KeyRecord};
use openclone_client::v1::{
    self, Batch, Event, GetAccessRequest, IngestBatchRequest, IngestRequest, ListSourceTypesRequest,
    event::Data, ingest_response::Outcome,
};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{Code, Request, Status, Streaming};

/// Adds a key of `tenant` and gives the key itself.
fn add(app: &TestApp, tenant: &str, scopes: &[&str], change: impl FnOnce(&mut KeyRecord)) -> String {
    let key = NewKey::generate();
    let secret = key.secret.expose_secret().to_owned();
    KeysFile::change(&app.home().join("keys.toml"), |file| {
        let mut record = KeyRecord {
            id: key.id.clone(),
            tenant: tenant.into(),
            label: "test".into(),
            scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
            plugin: None,
            requests_per_minute: None,
            events_per_second: None,
            created_at: None,
            expires_at: None,
            revoked_at: None,
            hash: file.hash(secret.as_bytes()),
        };
        change(&mut record);
        file.keys.push(record);
        Ok(())
    })
    .unwrap();
    secret
}

fn change(app: &TestApp, key: &str, change: impl FnOnce(&mut KeyRecord)) {
    let id = openclone::auth::token::id_of(key).unwrap();
    KeysFile::change(&app.home().join("keys.toml"), |file| {
        change(file.keys.iter_mut().find(|record| record.id == id).unwrap());
        Ok(())
    })
    .unwrap();
}

fn braindump(text: &str, raw_ref: &str) -> Batch {
    let now = Some(prost_types::Timestamp::from(SystemTime::now()));
    let data = Some(Data::Braindump(v1::Braindump {
        text: Some(text.into()),
    }));
    Batch {
        source_type: v1::SourceType::Braindump as i32,
        platform: v1::Platform::Linux as i32,
        device_id: "test-1".into(),
        plugin_id: "my-plugin".into(),
        plugin_version: "1.0.0".into(),
        timestamp: now,
        events: vec![Event {
            timestamp: now,
            raw_ref: Some(raw_ref.into()),
            data,
        }],
    }
}

fn with<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-api-key", key.parse().unwrap());
    request
}

async fn post(app: &TestApp, key: &str, text: &str, raw_ref: &str) -> Answer {
    let lines = [
        format!("X-API-Key: {key}"),
        "Content-Type: application/json".into(),
    ];
    let lines = lines.each_ref().map(String::as_str);
    http(
        app.address,
        "POST",
        "/api/v1/ingest",
        &lines,
        &common::braindump(text, raw_ref),
    )
    .await
}

async fn unary(app: &TestApp, key: &str, batch: Batch) -> Result<v1::IngestResult, Status> {
    let request = with(key, IngestBatchRequest { batch: Some(batch) });
    let answer = app.ingest_client().ingest_batch(request).await?;
    Ok(answer.into_inner().result.unwrap())
}

/// An open stream; it lives as long as its sender.
async fn open(
    app: &TestApp,
    key: &str,
) -> Result<(mpsc::Sender<IngestRequest>, Streaming<v1::IngestResponse>), Status> {
    let (sender, receiver) = mpsc::channel(8);
    let answers = app
        .ingest_client()
        .ingest(with(key, ReceiverStream::new(receiver)))
        .await?;
    Ok((sender, answers.into_inner()))
}

/// One batch on a stream of its own.
async fn stream(app: &TestApp, key: &str, batch: Batch) -> Result<Outcome, Status> {
    let (sender, mut answers) = open(app, key).await?;
    let request = IngestRequest {
        sequence: 1,
        batch: Some(batch),
    };
    sender.send(request).await.unwrap();
    answers
        .message()
        .await
        .map(|answer| answer.unwrap().outcome.unwrap())
}

/// All Markdown under a directory.
fn markdown(dir: &Path) -> String {
    let Ok(entries) = fs::read_dir(dir) else {
        return String::new();
    };
    let texts = entries.map(|entry| entry.unwrap().path()).map(|path| {
        if path.is_dir() {
            markdown(&path)
        } else {
            fs::read_to_string(path).unwrap_or_default()
        }
    });
    texts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_share_nothing_on_any_transport() {
    let app = TestApp::start("").await;
    let (ana, ben) = (
        add(&app, "ana", &["ingest"], |_| {}),
        add(&app, "ben", &["ingest", "plugins:read"], |_| {}),
    );
    for (key, name) in [(ana.as_str(), "ana"), (&ben, "ben"), (KEY, "operator")] {
        let json = post(&app, key, &format!("json of {name}"), "same-1").await;
        assert!(
            json.status == 200 && json.body.contains("\"stored\":1"),
            "{json:?}"
        );
        let result = unary(&app, key, braindump(&format!("unary of {name}"), "same-2"))
            .await
            .unwrap();
        assert_eq!(
            (result.stored, result.skipped),
            (1, 0),
            "the ids of tenants are apart"
        );
        let Outcome::Result(result) = stream(&app, key, braindump(&format!("stream of {name}"), "same-3"))
            .await
            .unwrap()
        else {
            panic!("refused")
        };
        assert_eq!(result.stored, 1);
        let again = unary(&app, key, braindump("again", "same-3")).await.unwrap();
        assert_eq!((again.stored, again.skipped), (0, 1));
    }
    for (name, dir) in [
        ("ana", "tenants/ana/vault"),
        ("ben", "tenants/ben/vault"),
        ("operator", "vault"),
    ] {
        let text = markdown(&app.home().join(dir));
        for way in ["json", "unary", "stream"] {
            assert_eq!(
                text.matches(&format!("{way} of ")).count(),
                1,
                "{name} has only its own:\n{text}"
            );
            assert!(text.contains(&format!("{way} of {name}")), "{text}");
        }
    }
    let mut access = app.access_client();
    let seen = access
        .get_access(with(&ana, GetAccessRequest {}))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (seen.tenant.as_str(), &seen.scopes[..]),
        ("ana", &["ingest".to_owned()][..])
    );
    figures_are_apart(&app, &ana, &ben).await;
    app.stop().await;
}

async fn figures_are_apart(app: &TestApp, ana: &str, ben: &str) {
    let seen = |key: String| async move {
        let answer = http(
            app.address,
            "GET",
            "/api/v1/tenants",
            &[&format!("X-API-Key: {key}")],
            "",
        )
        .await;
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let tenants = body["tenants"].as_array().cloned().unwrap_or_default();
        let names: Vec<_> = tenants
            .iter()
            .map(|one| one["tenant"].as_str().unwrap().to_owned())
            .collect();
        (answer.status, names, tenants)
    };
    let (_, names, tenants) = seen(ana.to_owned()).await;
    assert_eq!(names, ["ana"]);
    assert_eq!(
        (
            &tenants[0]["events"]["stored"],
            &tenants[0]["events"]["duplicate"]
        ),
        (&3.into(), &1.into())
    );
    let on_disk = markdown(&app.home().join("tenants/ana/vault/Braindump")).len();
    assert_eq!(
        (&tenants[0]["bytes"], &tenants[0]["files"]),
        (&on_disk.into(), &1.into())
    );
    assert!(
        tenants[0]["last_seen"].is_string() && tenants[0]["journal"]["bytes"].as_u64() > Some(100),
        "{tenants:?}"
    );
    assert_eq!(seen(ben.to_owned()).await.1, ["ben"]);
    assert_eq!(seen(KEY.to_owned()).await.1, ["ana", "ben", "default"]);
    assert_eq!(seen("wrong".to_owned()).await.0, 401);
    let text = app.get("/metrics").await.body;
    for line in [
        "openclone_tenant_events_total{tenant=\"ana\",outcome=\"stored\"} 3",
        "openclone_tenant_events_total{tenant=\"ben\",outcome=\"duplicate\"} 1",
        "openclone_keys 2",
        "openclone_keys_file_broken 0",
    ] {
        assert!(
            text.lines().any(|known| known == line),
            "{line} is missing in\n{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scope_and_plugin_hold_on_every_transport() {
    let app = TestApp::start("").await;
    let of_another = add(&app, "ana", &["ingest"], |record| {
        record.plugin = Some("other".into())
    });
    for key in [add(&app, "ana", &["ingest:journal"], |_| {}), of_another] {
        let answer = post(&app, &key, "x", "1").await;
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.body.starts_with(r#"{"detail":"This key "#), "{answer:?}");
        let refused = unary(&app, &key, braindump("x", "1")).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        let Outcome::Error(error) = stream(&app, &key, braindump("x", "1")).await.unwrap() else {
            panic!("taken")
        };
        assert_eq!(error.code, Code::PermissionDenied as i32);
    }
    let reader = add(&app, "ana", &["plugins:read", "metrics"], |_| {});
    assert_eq!(
        open(&app, &reader).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    assert_eq!(post(&app, &reader, "x", "1").await.status, 403);
    let writer = add(&app, "ana", &["ingest"], |_| {});
    let line = format!("X-API-Key: {writer}");
    assert_eq!(
        http(app.address, "GET", "/api/v1/plugins", &[&line], "")
            .await
            .status,
        403
    );
    let list = app
        .registry_client()
        .list_source_types(with(&writer, ListSourceTypesRequest {}))
        .await;
    assert_eq!(list.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(markdown(&app.home().join("tenants")), "");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_keys_are_no_keys_on_any_transport() {
    let app = TestApp::start("limits.failed_auth_per_minute = 0\n").await;
    let past = Timestamp::now() - SignedDuration::from_secs(1);
    let expired = add(&app, "ana", &["*"], |record| record.expires_at = Some(past));
    let revoked = add(&app, "ana", &["*"], |record| record.revoked_at = Some(past));
    let mistyped = format!("{}x", &expired[..expired.len() - 1]);
    for key in [&expired, &revoked, &mistyped] {
        let answer = post(&app, key, "x", "1").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (401, r#"{"detail":"Invalid or missing X-API-Key"}"#)
        );
        assert_eq!(
            unary(&app, key, braindump("x", "1")).await.unwrap_err().code(),
            Code::Unauthenticated
        );
        assert_eq!(open(&app, key).await.unwrap_err().code(), Code::Unauthenticated);
        let access = app
            .access_client()
            .get_access(with(key, GetAccessRequest {}))
            .await;
        assert_eq!(access.unwrap_err().code(), Code::Unauthenticated);
        let line = format!("X-API-Key: {key}");
        assert_eq!(
            http(app.address, "GET", "/api/v1/plugins", &[&line], "")
                .await
                .status,
            401
        );
    }
    app.stop().await;
}

/// The status with which an open stream ends, within 5 s.
async fn end(mut answers: Streaming<v1::IngestResponse>) -> Status {
    let since = Instant::now();
    let ended = tokio::time::timeout(Duration::from_secs(5), answers.next()).await;
    let status = ended
        .expect("it must end within 5 s")
        .expect("not in silence")
        .unwrap_err();
    assert!(since.elapsed() < Duration::from_secs(5));
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_key() {
    let app = TestApp::start("").await;
    let (revoked, expiring) = (
        add(&app, "ana", &["ingest"], |_| {}),
        add(&app, "ana", &["ingest"], |_| {}),
    );
    let kept = add(&app, "ana", &["ingest"], |_| {});
    let (idle, idle_answers) = open(&app, &revoked).await.unwrap();
    let (busy, mut busy_answers) = open(&app, &expiring).await.unwrap();
    let (lasting, mut lasting_answers) = open(&app, &kept).await.unwrap();
    busy.send(IngestRequest {
        sequence: 1,
        batch: Some(braindump("before", "1")),
    })
    .await
    .unwrap();
    assert!(busy_answers.message().await.unwrap().is_some());
    change(&app, &revoked, |record| {
        record.revoked_at = Some(Timestamp::now())
    });
    change(&app, &expiring, |record| {
        record.expires_at = Some(Timestamp::now() + SignedDuration::from_millis(300))
    });
    // batches that come after the end are not taken, and end the stream at once
    tokio::time::sleep(Duration::from_millis(900)).await;
    busy.send(IngestRequest {
        sequence: 2,
        batch: Some(braindump("after", "2")),
    })
    .await
    .unwrap();
    assert_eq!(end(busy_answers).await.code(), Code::Unauthenticated);
    assert_eq!(end(idle_answers).await.code(), Code::Unauthenticated);
    lasting
        .send(IngestRequest {
            sequence: 3,
            batch: Some(braindump("kept", "3")),
        })
        .await
        .unwrap();
    assert!(
        lasting_answers.message().await.unwrap().is_some(),
        "other keys' streams go on"
    );
    let text = markdown(&app.home().join("tenants/ana"));
    assert!(
        text.contains("before") && text.contains("kept") && !text.contains("after"),
        "{text}"
    );
    drop((idle, busy, lasting));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_held_back_ends_with_its_key() {
    let app = TestApp::start("").await;
    let key = add(&app, "ana", &["ingest"], |record| {
        record.events_per_second = Some(1)
    });
    let (sender, mut answers) = open(&app, &key).await.unwrap();
    let mut full = braindump("x", "0");
    full.events = (0..500)
        .map(|n| braindump("x", &n.to_string()).events.remove(0))
        .collect();
    for sequence in 0..3 {
        sender
            .send(IngestRequest {
                sequence,
                batch: Some(full.clone()),
            })
            .await
            .unwrap();
    }
    assert!(
        answers.message().await.unwrap().is_some(),
        "the first fits, the second waits for minutes"
    );
    change(&app, &key, |record| record.revoked_at = Some(Timestamp::now()));
    assert_eq!(end(answers).await.code(), Code::Unauthenticated);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_its_own_rate() {
    let app = TestApp::start("").await;
    let slow = add(&app, "ana", &["ingest"], |record| {
        record.requests_per_minute = Some(2)
    });
    let free = add(&app, "ana", &["ingest"], |record| {
        record.requests_per_minute = Some(0)
    });
    for left in ["1", "0"] {
        let answer = post(&app, &slow, "x", left).await;
        assert_eq!(
            (answer.status, answer.headers["x-ratelimit-remaining"].as_str()),
            (200, left)
        );
    }
    let held = unary(&app, &slow, braindump("x", "3")).await.unwrap_err();
    assert_eq!(held.code(), Code::ResourceExhausted);
    let held = post(&app, &slow, "x", "4").await;
    assert_eq!(held.status, 429);
    assert!(
        held.body.contains("Rate limit exceeded: 2 per 1 minute"),
        "{held:?}"
    );
    for n in 0..70 {
        assert_eq!(post(&app, &free, "x", &n.to_string()).await.status, 200);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_tenant_share_its_limit_on_every_transport() {
    let app = TestApp::start("[tenants.ana]\nrequests_per_minute = 3\n").await;
    let (phone, laptop) = (
        add(&app, "ana", &["ingest"], |_| {}),
        add(&app, "ana", &["ingest"], |_| {}),
    );
    let stranger = add(&app, "ben", &["ingest"], |_| {});
    let answer = post(&app, &phone, "x", "1").await;
    assert_eq!((answer.status, &*answer.headers["x-ratelimit-limit"]), (200, "3"));
    unary(&app, &laptop, braindump("x", "2")).await.unwrap();
    stream(&app, &laptop, braindump("x", "3")).await.unwrap();
    // What has been used stays used when the file of keys changes.
    change(&app, &phone, |record| record.label = "renamed".into());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let held = post(&app, &laptop, "x", "4").await;
    assert!(
        held.status == 429 && held.body.contains("Rate limit exceeded: 3 per 1 minute"),
        "{held:?}"
    );
    assert!(held.headers.contains_key("retry-after"), "{held:?}");
    let held = unary(&app, &phone, braindump("x", "5")).await.unwrap_err();
    assert_eq!(held.code(), Code::ResourceExhausted);
    let free = post(&app, &stranger, "x", "6").await;
    assert_eq!((free.status, &*free.headers["x-ratelimit-limit"]), (200, "60"));

    let access = app
        .access_client()
        .get_access(with(&phone, GetAccessRequest {}))
        .await;
    let limits = access.unwrap().into_inner().limits.unwrap();
    assert_eq!(
        (limits.requests_per_minute, limits.burst, limits.remaining),
        (3, 3, 0)
    );
    let page = http(
        app.address,
        "GET",
        "/api/v1/tenants",
        &[&format!("X-API-Key: {phone}")],
        "",
    )
    .await;
    let page: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(page["tenants"][0]["limits"]["requests_per_minute"], 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_ends_no_key_and_is_told_of() {
    let app = TestApp::start("").await;
    let key = add(&app, "ana", &["ingest"], |_| {});
    assert_eq!(post(&app, &key, "x", "1").await.status, 200);
    let path = app.home().join("keys.toml");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("\"ingest\"", "\"ingest:everything\"")).unwrap();
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(
        ready.body.contains("unknown scope") && ready.body.contains("the keys read before hold"),
        "{ready:?}"
    );
    assert_eq!(post(&app, &key, "x", "2").await.status, 200);
    assert!(
        app.get("/metrics")
            .await
            .body
            .contains("openclone_keys_file_broken 1\n")
    );
    fs::write(&path, good).unwrap();
    assert!(!app.get("/readyz").await.body.contains("detail"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_kept_over_a_restart() {
    let app = TestApp::start("").await;
    let key = add(&app, "ana", &["ingest"], |_| {});
    let id = openclone::auth::token::id_of(&key).unwrap().to_owned();
    let before = Timestamp::now();
    assert_eq!(post(&app, &key, "x", "1").await.status, 200);
    assert!(
        !app.home().join("keys-used.toml").exists(),
        "not one write for each request"
    );
    let home = app.stop().await;
    let uses = openclone::auth::last_use::read(&home.path().join("home/keys-used.toml"));
    assert!((uses[&id].duration_since(before)).abs() < SignedDuration::from_secs(5));
    assert!(!uses.contains_key("env"), "it was not used");
}

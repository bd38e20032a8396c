//! Keys as an operator creates them, and requests with them.

use std::{fs, path::Path, time::SystemTime};

use openclone::auth::{KeysFile, NewKey, keys_file::KeyRecord};
use openclone_client::v1::{
    self, Batch, Event, IngestBatchRequest, IngestRequest, event::Data, ingest_response::Outcome,
};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};

use crate::app::{HttpResponse, TestApp, http};

/// Adds a key of `tenant` and gives the key itself.
pub(crate) fn add(
    app: &TestApp,
    tenant: &str,
    scopes: &[&str],
    change: impl FnOnce(&mut KeyRecord),
) -> String {
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

pub(crate) fn change(app: &TestApp, key: &str, change: impl FnOnce(&mut KeyRecord)) {
    let id = openclone::auth::token::id_of(key).unwrap();
    KeysFile::change(&app.home().join("keys.toml"), |file| {
        change(file.keys.iter_mut().find(|record| record.id == id).unwrap());
        Ok(())
    })
    .unwrap();
}

pub(crate) fn braindump(text: &str, raw_ref: &str) -> Batch {
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

pub(crate) fn with<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-api-key", key.parse().unwrap());
    request
}

pub(crate) async fn post(app: &TestApp, key: &str, text: &str, raw_ref: &str) -> HttpResponse {
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
        &crate::app::braindump(text, raw_ref),
    )
    .await
}

pub(crate) async fn unary(app: &TestApp, key: &str, batch: Batch) -> Result<v1::IngestResult, Status> {
    let request = with(key, IngestBatchRequest { batch: Some(batch) });
    let response = app.ingest_client().ingest_batch(request).await?;
    Ok(response.into_inner().result.unwrap())
}

/// An open stream; it lives as long as its sender.
pub(crate) async fn open(
    app: &TestApp,
    key: &str,
) -> Result<(mpsc::Sender<IngestRequest>, Streaming<v1::IngestResponse>), Status> {
    let (sender, receiver) = mpsc::channel(8);
    let responses = app
        .ingest_client()
        .ingest(with(key, ReceiverStream::new(receiver)))
        .await?;
    Ok((sender, responses.into_inner()))
}

/// One batch on a stream of its own.
pub(crate) async fn stream(app: &TestApp, key: &str, batch: Batch) -> Result<Outcome, Status> {
    let (sender, mut responses) = open(app, key).await?;
    let request = IngestRequest {
        sequence: 1,
        batch: Some(batch),
    };
    sender.send(request).await.unwrap();
    responses
        .message()
        .await
        .map(|response| response.unwrap().outcome.unwrap())
}

/// All Markdown under a directory.
pub(crate) fn markdown(dir: &Path) -> String {
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

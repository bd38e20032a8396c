//! Batches, keys and requests for tests that send over every transport.

use std::{path::Path, time::SystemTime};

use openclone::auth::{KeysFile, NewKey, keys_file::KeyRecord};
use openclone_client::v1::{self, Batch, Event, event::Data};
use secrecy::ExposeSecret as _;
use tonic::Request;

/// Adds a key of `tenant` to a home, with as many requests a minute as are given, and gives the key itself.
pub(crate) fn add_key(home: &Path, tenant: &str, scopes: &[&str], per_minute: Option<u32>) -> String {
    let key = NewKey::generate();
    let secret = key.secret.expose_secret().to_owned();
    KeysFile::change(&home.join("keys.toml"), |file| {
        file.keys.push(KeyRecord {
            id: key.id.clone(),
            tenant: tenant.into(),
            label: "test".into(),
            scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
            plugin: None,
            requests_per_minute: per_minute,
            events_per_second: None,
            created_at: None,
            expires_at: None,
            revoked_at: None,
            hash: file.hash(secret.as_bytes()),
        });
        Ok(())
    })
    .unwrap();
    secret
}

/// A braindump for each reference, of which the text says the same.
pub(crate) fn batch(refs: &[&str]) -> Batch {
    let now = Some(prost_types::Timestamp::from(SystemTime::now()));
    let event = |raw_ref: &&str| Event {
        timestamp: now,
        raw_ref: Some((*raw_ref).to_owned()),
        data: Some(Data::Braindump(v1::Braindump {
            text: Some(format!("thought {raw_ref}")),
        })),
    };
    Batch {
        source_type: v1::SourceType::Braindump as i32,
        platform: v1::Platform::Linux as i32,
        device_id: "test-1".into(),
        plugin_id: "my-plugin".into(),
        plugin_version: "1.0.0".into(),
        timestamp: now,
        events: refs.iter().map(event).collect(),
    }
}

/// The same as a JSON body.
pub(crate) fn json(refs: &[&str]) -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let event = |raw_ref: &&str| {
        format!(r#"{{"timestamp":{now},"data":{{"text":"thought {raw_ref}"}},"raw_ref":"{raw_ref}"}}"#)
    };
    let events: Vec<_> = refs.iter().map(event).collect();
    format!(
        r#"{{"source_type":"braindump","platform":"linux","device_id":"test-1","plugin_id":"my-plugin",
        "plugin_version":"1.0.0","timestamp":{now},"events":[{}]}}"#,
        events.join(",")
    )
}

/// A call with `key`.
pub(crate) fn with<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-api-key", key.parse().unwrap());
    request
}

//! A service in memory, for the tests of plugins.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use super::health::Health;

/// Takes the place of the service: [`Builder::memory`](super::Builder::memory). Nothing leaves the process, and nothing is
/// left on disk. Clones are the same; use one for each client.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Inner>>);

/// An event as the service would have stored it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// The name of the source type of its batch.
    pub source_type: String,
    /// Unix seconds.
    pub timestamp: f64,
    /// The plugin's name for it.
    pub raw_ref: String,
    /// In JSON, whether it was sent as a typed message or not.
    pub data: Value,
}

#[derive(Debug, Default)]
struct Inner {
    events: Vec<StoredEvent>,
    known: BTreeSet<(String, String)>,
    health: Vec<(Health, String)>,
    rejects: BTreeSet<String>,
    is_away: bool,
}

impl Memory {
    /// What was stored, each event once.
    #[must_use]
    pub fn events(&self) -> Vec<StoredEvent> {
        self.inner().events.clone()
    }

    /// State and reason of each report of the plugin's health.
    #[must_use]
    pub fn health(&self) -> Vec<(Health, String)> {
        self.inner().health.clone()
    }

    /// Makes every batch fail as if the service were away, or takes that back.
    pub fn set_away(&self, is_away: bool) {
        self.inner().is_away = is_away;
    }

    /// Rejects the event of that name.
    pub fn reject(&self, raw_ref: &str) {
        self.inner().rejects.insert(raw_ref.to_owned());
    }

    pub(super) fn report(&self, state: Health, reason: &str) {
        self.inner().health.push((state, reason.to_owned()));
    }

    /// Answers a documented batch as the JSON endpoint does: status and body.
    pub(super) fn post(&self, body: &str) -> Result<(u16, String), String> {
        let batch: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let mut inner = self.inner();
        if inner.is_away {
            return Err("the service in memory is away".to_owned());
        }
        let events = batch["events"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(index) = events
            .iter()
            .position(|event| inner.rejects.contains(&text(&event["raw_ref"])))
        {
            let detail = serde_json::json!({"detail": [{"loc": ["body", "events", index], "msg": "rejected by the test"}]});
            return Ok((422, detail.to_string()));
        }
        let mut stored = 0;
        for event in &events {
            let (source_type, raw_ref) = (text(&batch["source_type"]), text(&event["raw_ref"]));
            if inner.known.insert((source_type.clone(), raw_ref.clone())) {
                stored += 1;
                inner.events.push(StoredEvent {
                    source_type,
                    timestamp: event["timestamp"].as_f64().unwrap_or_default(),
                    raw_ref,
                    data: event["data"].clone(),
                });
            }
        }
        Ok((
            200,
            serde_json::json!({"stored": stored, "skipped": events.len() - stored}).to_string(),
        ))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

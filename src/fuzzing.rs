//! Entry points for the fuzz targets: no input may cause a panic, and accepted input must survive a round trip.

#![allow(clippy::unwrap_used, missing_docs)]

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::SystemTime};

use openclone_client::{v1::Batch, validate};
use openclone_vault::{DayBy, DayRule, ids_in};
use prost::Message as _;

use crate::{auth::KeysFile, ingest::prepare::Preparer, registry::manifest};
use openclone_redact::Redactor;

/// Parses a manifest; an accepted one has an id that is a directory name.
pub fn plugin_json(text: &str) {
    if let Ok(manifest) = manifest::parse("my-plugin", text) {
        assert!(manifest.warnings().len() < 1_000);
    }
}

/// Parses keys; accepted ones are the same after writing and reading them.
pub fn keys_toml(text: &str) {
    KeysFile::check_round_trip(text);
}

/// Decodes a message; a valid one is rendered, and its entries carry its ids.
pub fn protobuf(bytes: &[u8], preparer: &Preparing) {
    let Ok(batch) = Batch::decode(bytes) else { return };
    assert_eq!(
        Batch::decode(&*batch.encode_to_vec()).unwrap().events.len(),
        batch.events.len()
    );
    if validate(&batch, SystemTime::now()).is_empty() {
        preparer.prepare(&batch);
    }
}

/// Renders valid batches.
#[derive(Debug)]
pub struct Preparing(Preparer);

impl Default for Preparing {
    fn default() -> Self {
        let days = DayRule {
            by: DayBy::Captured,
            zone: jiff::tz::TimeZone::UTC,
            zone_name: "UTC".to_owned(),
            starts_at: jiff::civil::Time::midnight(),
        };
        let redactor = Redactor::new(&openclone_redact::RedactConfig::default()).unwrap();
        Self(Preparer {
            redactor: Arc::new(redactor),
            days,
            format: openclone_vault::Format::default(),
        })
    }
}

impl Preparing {
    /// Renders a valid batch.
    pub fn prepare(&self, batch: &Batch) {
        let Some(source_type) = openclone_core::SourceType::from_number(batch.source_type) else {
            return;
        };
        let Ok(prepared) = self
            .0
            .prepare(&"default".into(), source_type, batch, jiff::Timestamp::now())
        else {
            return;
        };
        for file in &prepared.batch.files {
            let found: Vec<_> = ids_in(&file.bytes).map(|(id, _)| id).collect();
            assert_eq!(found, file.ids);
        }
    }
}

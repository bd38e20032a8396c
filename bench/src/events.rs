//! The events that are sent: an 85-character transcript each, about 190 bytes of Markdown, as a message and as JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use openclone_client::v1::{AudioSystem, Batch, Event, Platform, SourceType, event::Data};
use prost_types::Timestamp;

pub(crate) const TEXT: &str =
    "We discussed the product roadmap for the second quarter and agreed on what comes next.";
const DEVICE: &str = "550e8400-e29b-41d4-a716-446655440000";

/// A batch with an event for each ref.
pub(crate) fn batch(refs: impl Iterator<Item = String>) -> Batch {
    let timestamp = Some(Timestamp::from(SystemTime::now()));
    let event = |raw_ref| Event {
        timestamp,
        raw_ref: Some(raw_ref),
        data: Some(Data::AudioSystem(AudioSystem {
            text: Some(TEXT.to_owned()),
            duration: Some(60.0),
            app_name: None,
            confidence: Some(0.95),
        })),
    };
    Batch {
        source_type: SourceType::AudioSystem.into(),
        platform: Platform::Linux.into(),
        device_id: DEVICE.to_owned(),
        plugin_id: "openclone-bench".to_owned(),
        plugin_version: "1.0.0".to_owned(),
        timestamp,
        events: refs.map(event).collect(),
    }
}

/// The same as a body for the JSON endpoint.
pub(crate) fn json(refs: impl Iterator<Item = String>) -> String {
    let now = seconds();
    let event = |raw_ref| {
        format!(
            r#"{{"timestamp":{now}.5,"data":{{"text":"{TEXT}","duration":60,"confidence":0.95}},"raw_ref":"{raw_ref}"}}"#
        )
    };
    format!(
        r#"{{"source_type":"audio_system","platform":"linux","device_id":"{DEVICE}","plugin_id":"openclone-bench","plugin_version":"1.0.0","timestamp":{now}.5,"events":[{}]}}"#,
        refs.map(event).collect::<Vec<_>>().join(",")
    )
}

/// Since 1970.
pub(crate) fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

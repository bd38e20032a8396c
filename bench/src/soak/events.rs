//! The events that are sent: an 85-character transcript each, about 190 bytes of Markdown, every one new.

use openclone_client::v1::{AudioSystem, Batch, Event, Platform, SourceType, event::Data};
use prost_types::Timestamp;

const TEXT: &str = "We discussed the product roadmap for the second quarter and agreed on what comes next.";

/// Batch number `number` of sender `sender`. `run` keeps the refs of one run apart from another's.
pub(crate) fn batch(run: u64, sender: usize, number: u64, events: usize) -> Batch {
    let now = std::time::SystemTime::now();
    let timestamp = Some(Timestamp::from(now));
    let event = |position: usize| Event {
        timestamp,
        raw_ref: Some(format!("{run:x}-{sender}-{number}-{position}")),
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
        device_id: "550e8400-e29b-41d4-a716-446655440000".to_owned(),
        plugin_id: "openclone-bench".to_owned(),
        plugin_version: "1.0.0".to_owned(),
        timestamp,
        events: (0..events).map(event).collect(),
    }
}

/// The same as a JSON body.
pub(crate) fn json(run: u64, sender: usize, number: u64, events: usize) -> String {
    use std::fmt::Write as _;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let mut body = format!(
        r#"{{"source_type":"audio_system","platform":"linux","device_id":"550e8400-e29b-41d4-a716-446655440000","plugin_id":"openclone-bench","plugin_version":"1.0.0","timestamp":{now}.5,"events":["#
    );
    for position in 0..events {
        let comma = if position == 0 { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(
            body,
            r#"{comma}{{"timestamp":{now}.5,"data":{{"text":"{TEXT}","duration":60,"confidence":0.95}},"raw_ref":"{run:x}-{sender}-{number}-{position}"}}"#
        );
    }
    body.push_str("]}");
    body
}

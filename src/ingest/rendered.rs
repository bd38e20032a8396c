//! Tests that the vault's bytes hold no secret that redaction would still find: none between title, text and fields.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use openclone_client::v1;
use openclone_redact::{RedactConfig, Redactor};
use openclone_redact_corpus::{Dice, events, people};
use openclone_vault::{DayBy, DayRule, SourceType};
use serde_json::{Value, json};

use super::prepare::Preparer;

fn preparer() -> Preparer {
    Preparer {
        redactor: Arc::new(Redactor::new(&RedactConfig::default()).unwrap()),
        days: DayRule {
            by: DayBy::Captured,
            zone: TimeZone::UTC,
            zone_name: "UTC".to_owned(),
            starts_at: Time::midnight(),
        },
        format: openclone_vault::Format::default(),
    }
}

/// The Markdown of one event.
fn rendered(preparer: &Preparer, source_type: SourceType, data: &Value) -> String {
    let timestamp = prost_types::Timestamp {
        seconds: 1_772_115_000,
        nanos: 0,
    };
    let batch = v1::Batch {
        device_id: "test-001".to_owned(),
        plugin_id: "my-plugin".to_owned(),
        plugin_version: "1.0.0".to_owned(),
        timestamp: Some(timestamp),
        events: vec![v1::Event {
            timestamp: Some(timestamp),
            raw_ref: None,
            data: Some(v1::event::Data::Json(data.to_string())),
        }],
        ..v1::Batch::default()
    };
    let prepared = preparer
        .prepare(&"default".into(), source_type, &batch, Timestamp::UNIX_EPOCH)
        .unwrap();
    let bytes = prepared
        .batch
        .files
        .into_iter()
        .flat_map(|file| file.bytes)
        .collect();
    String::from_utf8(bytes).unwrap()
}

/// Data in which `text` stands as a whole, or is divided between two members where its words divide.
fn layouts(text: &str) -> Vec<(SourceType, Value)> {
    let mut all = vec![
        (SourceType::Braindump, json!({"text": text})),
        (
            SourceType::Notes,
            json!({"title": "Note", "text": text, "tags": ["home"]}),
        ),
        (
            SourceType::ScreenOcr,
            json!({"window_title": text, "app_name": "Terminal", "text": text}),
        ),
        (
            SourceType::Messaging,
            json!({"platform": "signal", "from": "Ana", "preview": text}),
        ),
    ];
    if let Some((before, after)) = text.split_once(": ").or_else(|| text.split_once('\n')) {
        all.extend([
            (SourceType::Notes, json!({"title": before, "text": after})),
            (SourceType::Messaging, json!({"from": before, "preview": after})),
            (
                SourceType::Email,
                json!({"subject": before, "from": "ana@example.org", "preview": after}),
            ),
            (
                SourceType::Braindump,
                json!({"label": before, "value": after, "text": "from the router"}),
            ),
        ]);
    }
    all
}

/// What a reader sees: a backslash before punctuation is not part of the text, and two characters may stand as entities.
fn without_escapes(markdown: &str) -> String {
    let mut shown = String::new();
    let mut characters = markdown.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' || !characters.peek().is_some_and(char::is_ascii_punctuation) {
            shown.push(character);
        }
    }
    shown.replace("&lt;", "<").replace("&amp;", "&")
}

#[test]
fn what_is_written_holds_no_secret_that_redaction_finds() {
    let preparer = preparer();
    let mut dice = Dice::new(11);
    let secrets = people(12, 6)
        .into_iter()
        .map(|positive| (positive.text, positive.secret));
    let ordinary = events(13, 300)
        .into_iter()
        .map(|text| (text, "no such secret".to_owned()));
    for (text, secret) in secrets.chain(ordinary) {
        let text = match dice.below(3) {
            0 => format!(
                "\u{1b}[32m{}\u{1b}[0m",
                text.replace(&secret, &format!("{}\u{200b}{}", &secret[..1], &secret[1..]))
            ),
            _ => text,
        };
        for (source_type, data) in layouts(&text) {
            let written = rendered(&preparer, source_type, &data);
            assert!(!written.contains(&secret), "{data}: {written}");
            let shown = without_escapes(&written);
            let found = preparer.redactor.find(&shown);
            assert!(found.is_empty(), "{data}: {found:?} in {written}");
        }
    }
}

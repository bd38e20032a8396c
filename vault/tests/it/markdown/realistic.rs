//! Items of the realistic corpus.

use std::sync::Arc;

use jiff::{Timestamp, civil, tz::TimeZone};
use openclone_corpus::CorpusEvent;
use openclone_vault::{
    BatchBuilder, BatchContext, DayBy, DayRule, Event, EventId, Format, Object, PreparedBatch, SourceType,
};

const DEVICE: &str = "550e8400-e29b-41d4-a716-446655440000";

/// The source type of that name.
pub(crate) fn source_type(name: &str) -> SourceType {
    SourceType::ALL
        .into_iter()
        .find(|source_type| source_type.as_str() == name)
        .unwrap()
}

/// The day on which the corpus was captured and received.
pub(crate) fn days() -> DayRule {
    DayRule {
        by: DayBy::Received,
        zone: TimeZone::get("Europe/Madrid").unwrap(),
        zone_name: "Europe/Madrid".to_owned(),
        starts_at: civil::Time::midnight(),
    }
}

/// The event as a batch of its own.
pub(crate) fn batch(event: &CorpusEvent, format: Format) -> PreparedBatch {
    let (tenant, days): (Arc<str>, DayRule) = ("default".into(), days());
    let source_type = source_type(event.source_type);
    let timestamp = Timestamp::from_millisecond(event.timestamp).unwrap();
    let json = event.data.to_string();
    let data = Object::parse(&json).unwrap();
    let id = match &event.raw_ref {
        Some(raw_ref) => EventId::from_ref("default", source_type, event.plugin_id, raw_ref),
        None => EventId::from_content(
            "default",
            source_type,
            event.plugin_id,
            DEVICE,
            timestamp.as_microsecond(),
            &data,
        ),
    };
    let mut builder = BatchBuilder::new(BatchContext {
        tenant: &tenant,
        source_type,
        plugin_id: event.plugin_id,
        plugin_version: "1.0.0",
        device_id: DEVICE,
        received: "2026-02-26T21:00:00Z".parse().unwrap(),
        days: &days,
        format,
    });
    builder.push(
        id,
        &Event {
            timestamp,
            raw_ref: event.raw_ref.as_deref(),
            data: &data,
        },
    );
    builder.finish()
}

/// The event's item.
pub(crate) fn item(event: &CorpusEvent) -> String {
    let mut batch = batch(event, Format::default());
    String::from_utf8(batch.files.remove(0).bytes).unwrap()
}

//! Batches as the service makes them, for tests.

use std::sync::Arc;

use jiff::{civil, tz::TimeZone};
use openclone_vault::{
    BatchBuilder, BatchContext, DayBy, DayRule, Event, EventId, Format, Object, PreparedBatch, SourceType,
};

pub(crate) const DEVICE: &str = "550e8400-e29b-41d4-a716-446655440000";

/// What a test may want to be different.
pub(crate) struct Setting {
    pub(crate) source_type: SourceType,
    pub(crate) version: String,
    pub(crate) raw_ref: Option<String>,
    pub(crate) zone: &'static str,
    pub(crate) by: DayBy,
    pub(crate) starts_at: civil::Time,
    pub(crate) received: &'static str,
    pub(crate) captured: &'static str,
    pub(crate) format: Format,
}

impl Setting {
    /// Captured and received on 2026-02-26 at 14:30 in Madrid.
    pub(crate) fn new(source_type: SourceType) -> Self {
        Self {
            source_type,
            version: "1.0.0".to_owned(),
            raw_ref: Some("r1".to_owned()),
            zone: "Europe/Madrid",
            by: DayBy::Received,
            starts_at: civil::Time::midnight(),
            received: "2026-02-26T13:30:05Z",
            captured: "2026-02-26T13:30:00.25Z",
            format: Format::default(),
        }
    }

    pub(crate) fn days(&self) -> DayRule {
        DayRule {
            by: self.by,
            zone: TimeZone::get(self.zone).unwrap(),
            zone_name: self.zone.to_owned(),
            starts_at: self.starts_at,
        }
    }

    /// Renders one event for each object, captured one minute after another.
    pub(crate) fn batch(&self, data: &[Object<'_>]) -> PreparedBatch {
        let days = self.days();
        let tenant: Arc<str> = Arc::from("default");
        let mut builder = BatchBuilder::new(BatchContext {
            tenant: &tenant,
            source_type: self.source_type,
            plugin_id: "my-plugin",
            plugin_version: &self.version,
            device_id: DEVICE,
            received: self.received.parse().unwrap(),
            days: &days,
            format: self.format,
        });
        for (index, data) in data.iter().enumerate() {
            let index = i64::try_from(index).unwrap();
            let captured: jiff::Timestamp = self.captured.parse().unwrap();
            let timestamp = captured + jiff::SignedDuration::from_mins(index);
            let id = EventId::from_ref("default", self.source_type, "my-plugin", &index.to_string());
            builder.push(
                id,
                &Event {
                    timestamp,
                    raw_ref: self.raw_ref.as_deref(),
                    data,
                },
            );
        }
        builder.finish()
    }

    /// The item of one event.
    pub(crate) fn item(&self, data: &Object<'_>) -> String {
        let mut batch = self.batch(std::slice::from_ref(data));
        String::from_utf8(batch.files.remove(0).bytes).unwrap()
    }

    /// The item of one event whose data is `json`.
    pub(crate) fn item_of(&self, json: &str) -> String {
        self.item(&Object::parse(json).unwrap())
    }
}

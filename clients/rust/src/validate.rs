//! The rules of a batch, the same for the service, the gateway and every plugin.
//!
//! Faults are listed in the order of the fields: source_type, platform, device_id, plugin_id, plugin_version,
//! timestamp, events, and in each event timestamp, data, raw_ref. A batch of more than [`MAX_EVENTS`] events has that one
//! fault instead of those of its events. The work is linear in the size of the batch.

mod data;
mod fields;
mod payload;
mod report;
mod rule;

use std::time::SystemTime;

pub use report::{Segment, Violation};
pub use rule::Rule;

use crate::v1::{Batch, Event, Platform, SourceType, event::Data};
use report::Report;

/// Events in one batch, at most.
pub const MAX_EVENTS: usize = 500;
/// Violations listed for one batch, at most.
pub const MAX_VIOLATIONS: usize = 100;
/// Bytes of a `raw_ref`, at most.
pub const MAX_RAW_REF: usize = 256;
/// Characters of a `plugin_id`, at most.
pub const MAX_PLUGIN_ID: usize = 64;
/// Bytes of a `plugin_version`, at most.
pub const MAX_PLUGIN_VERSION: usize = 256;
/// Containers inside each other in `data`, the object itself included, at most.
pub const MAX_DATA_DEPTH: usize = 32;
/// Members of one object in `data`, at most.
pub const MAX_DATA_KEYS: usize = 256;
/// Bytes of one key in `data`, at most.
pub const MAX_DATA_KEY: usize = 128;
/// Bytes of one string in `data`, at most.
pub const MAX_DATA_STRING: usize = 256 * 1024;
/// 2020-01-01T00:00:00Z in Unix seconds: no timestamp may be earlier.
pub const EARLIEST: i64 = 1_577_836_800;
/// How many seconds a timestamp may be ahead of the clock.
pub const MAX_AHEAD: u64 = 24 * 60 * 60;

/// Lists what is wrong with a batch that came in at `now`, at most [`MAX_VIOLATIONS`]; nothing if it is valid.
#[must_use]
pub fn validate(batch: &Batch, now: SystemTime) -> Vec<Violation> {
    let latest = fields::latest(now);
    let mut report = Report::new(MAX_VIOLATIONS);
    let source_type = SourceType::try_from(batch.source_type).unwrap_or_default();
    report.field("source_type", fields::source_type(source_type));
    report.field(
        "platform",
        fields::platform(Platform::try_from(batch.platform).unwrap_or_default()),
    );
    report.field("device_id", fields::device_id(&batch.device_id));
    report.field("plugin_id", fields::plugin_id(&batch.plugin_id));
    report.field("plugin_version", fields::plugin_version(&batch.plugin_version));
    report.field("timestamp", fields::timestamp(batch.timestamp.as_ref(), latest));
    report.field("events", fields::event_count(batch.events.len()));
    if batch.events.len() > MAX_EVENTS {
        return report.into_violations();
    }
    report.inside("events", |report| {
        for (index, event) in batch.events.iter().enumerate() {
            report.inside(index, |report| check_event(event, source_type, latest, report));
            if report.is_full() {
                break;
            }
        }
    });
    report.into_violations()
}

fn check_event(event: &Event, source_type: SourceType, latest: fields::Instant, report: &mut Report) {
    report.field("timestamp", fields::timestamp(event.timestamp.as_ref(), latest));
    match &event.data {
        None => report.field("data", Some(Rule::Missing)),
        Some(Data::Json(json)) => data::check(json, report),
        Some(typed) => payload::check(typed, source_type, report),
    }
    if event
        .raw_ref
        .as_ref()
        .is_some_and(|raw_ref| raw_ref.len() > MAX_RAW_REF)
    {
        report.field("raw_ref", Some(Rule::TooLong { limit: MAX_RAW_REF }));
    }
}

#[cfg(test)]
mod tests;

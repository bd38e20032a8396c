//! The rules of a batch, the same for the service, the gateway and every plugin.
//!
//! Violations are listed in the order of the fields: source_type, platform, device_id, plugin_id, plugin_version,
//! timestamp, events, and in each event timestamp, data, raw_ref. A batch of more than [`MAX_EVENTS`] events has that one
//! violation instead of those of its events. The work is linear in the size of the batch. The rules that need no protobuf
//! are in `openclone-core`.

mod payload;

use std::time::SystemTime;

pub use openclone_core::validate::{
    EARLIEST, MAX_AHEAD, MAX_DATA_DEPTH, MAX_DATA_KEY, MAX_DATA_KEYS, MAX_DATA_STRING, MAX_EVENTS,
    MAX_PLUGIN_ID, MAX_PLUGIN_VERSION, MAX_RAW_REF, MAX_VIOLATIONS, Rule, Segment, Violation, Violations,
};
use openclone_core::{timestamp::UnixTime, validate as rules};
use prost_types::Timestamp;

use crate::v1::{Batch, Event, Platform, SourceType, event::Data};

/// Lists what is wrong with a batch that arrived at `now`: at most [`MAX_VIOLATIONS`], none if it is valid.
#[must_use]
pub fn validate(batch: &Batch, now: SystemTime) -> Vec<Violation> {
    let latest = UnixTime::latest(now);
    let mut violations = Violations::new(MAX_VIOLATIONS);
    let source_type = SourceType::try_from(batch.source_type).unwrap_or_default();
    let platform = Platform::try_from(batch.platform).unwrap_or_default();
    let is_unknown = source_type == SourceType::Unspecified;
    violations.field("source_type", is_unknown.then_some(Rule::SourceType));
    violations.field(
        "platform",
        (platform == Platform::Unspecified).then_some(Rule::Platform),
    );
    violations.field("device_id", rules::device_id(&batch.device_id));
    violations.field("plugin_id", rules::plugin_id(&batch.plugin_id));
    violations.field("plugin_version", rules::plugin_version(&batch.plugin_version));
    violations.field("timestamp", timestamp(batch.timestamp.as_ref(), latest));
    violations.field("events", rules::event_count(batch.events.len()));
    if batch.events.len() > MAX_EVENTS {
        return violations.into_vec();
    }
    violations.enter("events", |violations| {
        for (index, event) in batch.events.iter().enumerate() {
            violations.enter(index, |violations| {
                check_event(event, source_type, latest, violations);
            });
            if violations.is_full() {
                break;
            }
        }
    });
    violations.into_vec()
}

fn check_event(event: &Event, source_type: SourceType, latest: UnixTime, violations: &mut Violations) {
    violations.field("timestamp", timestamp(event.timestamp.as_ref(), latest));
    check_data(event, source_type, violations);
}

fn check_data(event: &Event, source_type: SourceType, violations: &mut Violations) {
    match &event.data {
        None => violations.field("data", Some(Rule::Missing)),
        Some(Data::Json(json)) => rules::check_data(json, violations),
        Some(typed) => payload::check(typed, source_type, violations),
    }
    let is_long = event
        .raw_ref
        .as_ref()
        .is_some_and(|raw_ref| raw_ref.len() > MAX_RAW_REF);
    violations.field("raw_ref", is_long.then_some(Rule::TooLong { limit: MAX_RAW_REF }));
}

fn timestamp(value: Option<&Timestamp>, latest: UnixTime) -> Option<Rule> {
    rules::timestamp(value.map(unix_time), latest)
}

/// A timestamp of the contract.
#[must_use]
pub const fn unix_time(timestamp: &Timestamp) -> UnixTime {
    UnixTime {
        seconds: timestamp.seconds,
        nanos: timestamp.nanos,
    }
}

/// Lists what is wrong with an event, but for its timestamp, at most [`MAX_VIOLATIONS`]; nothing if it is valid.
#[must_use]
pub fn validate_event(event: &Event, source_type: SourceType) -> Vec<Violation> {
    let mut violations = Violations::new(MAX_VIOLATIONS);
    check_data(event, source_type, &mut violations);
    violations.into_vec()
}

#[cfg(test)]
mod tests;

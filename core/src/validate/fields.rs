//! The rules for single fields. Each function returns the rule that is broken, if any.

use uuid::{Uuid, Variant};

use super::{MAX_EVENTS, MAX_PLUGIN_ID, Rule};
use crate::{
    PluginId,
    plugin_id::PluginIdError,
    timestamp::{TimestampError, UnixTime},
    version,
};

/// Checks a device id: a UUID of version 4, or `test-` and 1 to 59 of `[a-z0-9-]`.
#[must_use]
pub fn device_id(value: &str) -> Option<Rule> {
    if is_test_device(value) {
        return None;
    }
    match Uuid::parse_str(value) {
        Ok(id) if id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122 => None,
        Ok(_) => Some(Rule::UuidVersion),
        Err(error) => Some(Rule::Uuid(error.to_string())),
    }
}

/// The documented first request comes from `test-001`.
fn is_test_device(value: &str) -> bool {
    let Some(rest) = value.strip_prefix("test-") else {
        return false;
    };
    let is_allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    matches!(rest.len(), 1..=59) && rest.bytes().all(is_allowed)
}

/// Checks a plugin id.
#[must_use]
pub fn plugin_id(value: &str) -> Option<Rule> {
    match PluginId::check(value) {
        Ok(()) => None,
        Err(PluginIdError::TooLong) => Some(Rule::TooLong { limit: MAX_PLUGIN_ID }),
        Err(PluginIdError::Pattern) => Some(Rule::PluginId),
    }
}

/// Checks the version of a plugin.
#[must_use]
pub fn plugin_version(value: &str) -> Option<Rule> {
    (!version::is_valid(value)).then_some(Rule::Version)
}

/// Checks a timestamp that may not be later than `latest`.
#[must_use]
pub fn timestamp(value: Option<UnixTime>, latest: UnixTime) -> Option<Rule> {
    let Some(value) = value else {
        return Some(Rule::Missing);
    };
    value.check(latest).err().map(|error| match error {
        TimestampError::Nanos => Rule::Nanos,
        TimestampError::TooEarly => Rule::TooEarly,
        TimestampError::TooLate => Rule::TooLate,
    })
}

/// Checks the number of events in a batch.
#[must_use]
pub const fn event_count(actual: usize) -> Option<Rule> {
    match actual {
        0 => Some(Rule::NoEvents),
        1..=MAX_EVENTS => None,
        _ => Some(Rule::TooManyEvents { actual }),
    }
}

//! The rules of single fields. Each gives the rule that is broken, if one is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;
use uuid::{Uuid, Variant};

use super::{EARLIEST, MAX_AHEAD, MAX_EVENTS, MAX_PLUGIN_ID, MAX_PLUGIN_VERSION, Rule};
use crate::v1::{Platform, SourceType};

/// Unix seconds and nanoseconds.
pub(super) type Instant = (i64, i32);

/// The latest moment that a timestamp may name at `now`.
pub(super) fn latest(now: SystemTime) -> Instant {
    let since = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_add(Duration::from_secs(MAX_AHEAD));
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    (seconds, since.subsec_nanos().cast_signed())
}

pub(super) fn source_type(value: SourceType) -> Option<Rule> {
    (value == SourceType::Unspecified).then_some(Rule::SourceType)
}

pub(super) fn platform(value: Platform) -> Option<Rule> {
    (value == Platform::Unspecified).then_some(Rule::Platform)
}

pub(super) fn device_id(value: &str) -> Option<Rule> {
    if is_test_device(value) {
        return None;
    }
    match Uuid::parse_str(value) {
        Ok(id) if id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122 => None,
        Ok(_) => Some(Rule::UuidVersion),
        Err(error) => Some(Rule::Uuid(error)),
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

pub(super) fn plugin_id(value: &str) -> Option<Rule> {
    if value.len() > MAX_PLUGIN_ID && value.chars().count() > MAX_PLUGIN_ID {
        return Some(Rule::TooLong { limit: MAX_PLUGIN_ID });
    }
    let is_part =
        |part: &[u8]| !part.is_empty() && part.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
    let mut parts = value.as_bytes().split(|&byte| byte == b'-');
    (!parts.all(is_part)).then_some(Rule::PluginId)
}

pub(super) fn plugin_version(value: &str) -> Option<Rule> {
    (value.len() > MAX_PLUGIN_VERSION || !is_semver(value)).then_some(Rule::Version)
}

/// SemVer 2.0 as its grammar has it. The semver crate would refuse numbers above 2^64, which the grammar allows.
fn is_semver(value: &str) -> bool {
    let (rest, build) = cut(value.as_bytes(), b'+');
    let (core, pre_release) = cut(rest, b'-');
    let has_parts = |list: Option<&[u8]>, is_part: fn(&[u8]) -> bool| {
        list.is_none_or(|list| list.split(|&byte| byte == b'.').all(is_part))
    };
    core.iter().filter(|&&byte| byte == b'.').count() == 2
        && has_parts(Some(core), is_numeric)
        && has_parts(pre_release, |part| match part.iter().all(u8::is_ascii_digit) {
            true => is_numeric(part),
            false => is_identifier(part),
        })
        && has_parts(build, is_identifier)
}

/// What stands before the first `byte` and after it. On bytes, since every batch has a version to be checked.
fn cut(value: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    match value.iter().position(|&found| found == byte) {
        Some(at) => (&value[..at], Some(&value[at + 1..])),
        None => (value, None),
    }
}

fn is_numeric(part: &[u8]) -> bool {
    match part {
        [] => false,
        [b'0', _, ..] => false,
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

fn is_identifier(part: &[u8]) -> bool {
    !part.is_empty()
        && part
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

pub(super) fn timestamp(value: Option<&Timestamp>, latest: Instant) -> Option<Rule> {
    let Some(value) = value else {
        return Some(Rule::Missing);
    };
    if !(0..1_000_000_000).contains(&value.nanos) {
        return Some(Rule::Moment);
    }
    if value.seconds < EARLIEST {
        return Some(Rule::TooEarly);
    }
    ((value.seconds, value.nanos) > latest).then_some(Rule::TooLate)
}

pub(super) fn event_count(actual: usize) -> Option<Rule> {
    match actual {
        0 => Some(Rule::NoEvents),
        1..=MAX_EVENTS => None,
        _ => Some(Rule::TooManyEvents { actual }),
    }
}

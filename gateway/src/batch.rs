//! From JSON to a batch, in one pass over the body.
//!
//! `data` is not interpreted: its text is passed on unchanged, so that no digit is lost. Unknown members are ignored, and
//! the last value of a repeated member counts. A field of the wrong JSON type is a [`Violation`]; a valid placeholder takes
//! its place, so that the rules of a batch do not report it again. A value of the right type that breaks a rule is left to
//! those rules: an unknown `source_type` or `platform` becomes the unspecified one.

mod event;
mod timestamp;

use std::borrow::Cow;

use event::Events;
use openclone_client::v1::{Batch, Platform, SourceType};
use openclone_core::{
    json::{ParseError, Reader, Token},
    timestamp::UnixTime,
    validate::{MAX_EVENTS, MAX_VIOLATIONS, Rule, Segment, Violation},
};
use prost_types::Timestamp;

/// A batch, and the fields of it that have the wrong type.
#[derive(Debug, Default)]
pub(crate) struct DecodedBatch {
    /// The batch, with at most one event more than a batch may have.
    pub(crate) batch: Batch,
    /// Fields of the wrong type, in field order; at most 100.
    pub(crate) violations: Vec<Violation>,
    /// The number of events in the body.
    pub(crate) event_count: usize,
}

/// Why a body is not a batch at all.
#[derive(Debug, PartialEq)]
pub(crate) enum DecodeError {
    /// The body is not JSON.
    Syntax {
        /// The position in bytes.
        offset: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// Containers are nested too deeply.
    TooDeep,
    /// The body is `null`.
    Missing,
    /// The body is JSON, but not an object.
    NotAnObject,
}

impl From<ParseError> for DecodeError {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Syntax { offset, reason } => Self::Syntax { offset, reason },
            ParseError::TooDeep => Self::TooDeep,
            ParseError::NotAnObject | ParseError::NumberOutOfRange => Self::NotAnObject,
        }
    }
}

/// A member: absent, or its value, or the rule about its type that it breaks.
type Field<T> = Option<Result<T, Rule>>;

/// Decodes a body.
pub(crate) fn decode(body: &str) -> Result<DecodedBatch, DecodeError> {
    let mut reader = Reader::new(body);
    let token = reader.token()?;
    if !matches!(token, Token::Object) {
        reader.skip(&token)?;
        reader.end()?;
        return Err(if matches!(token, Token::Null) {
            DecodeError::Missing
        } else {
            DecodeError::NotAnObject
        });
    }
    let mut members = Members::default();
    let mut first = true;
    while let Some(key) = reader.key(first)? {
        first = false;
        members.read(&key.unescape(), &mut reader)?;
    }
    reader.end()?;
    if members.is_too_deep {
        return Err(DecodeError::TooDeep);
    }
    Ok(members.assemble())
}

#[derive(Default)]
struct Members {
    source_type: Field<SourceType>,
    platform: Field<Platform>,
    device_id: Field<String>,
    plugin_id: Field<String>,
    plugin_version: Field<String>,
    timestamp: Field<Timestamp>,
    events: Field<Events>,
    is_too_deep: bool,
}

impl Members {
    fn read(&mut self, key: &str, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        match key {
            "source_type" => self.source_type = Some(source_type(reader)?),
            "platform" => self.platform = Some(platform(reader)?),
            "device_id" => self.device_id = Some(owned(reader, Rule::UuidType)?),
            "plugin_id" => self.plugin_id = Some(owned(reader, Rule::StringType)?),
            "plugin_version" => self.plugin_version = Some(owned(reader, Rule::StringType)?),
            "timestamp" => self.timestamp = Some(timestamp::read(reader)?),
            "events" => self.events = Some(event::read_all(reader, &mut self.is_too_deep)?),
            _ => _ = reader.span()?,
        }
        Ok(())
    }

    fn assemble(self) -> DecodedBatch {
        let mut violations = Vec::new();
        let mut placeholders = Placeholders(&mut violations);
        let mut batch = Batch {
            source_type: placeholders
                .value("source_type", self.source_type, || SourceType::Braindump)
                .into(),
            platform: placeholders
                .value("platform", self.platform, || Platform::Web)
                .into(),
            device_id: placeholders.value("device_id", self.device_id, || "test-0".to_owned()),
            plugin_id: placeholders.value("plugin_id", self.plugin_id, || "a".to_owned()),
            plugin_version: placeholders.value("plugin_version", self.plugin_version, || "0.0.0".to_owned()),
            timestamp: Some(placeholders.value("timestamp", self.timestamp, valid_timestamp)),
            events: Vec::new(),
        };
        let events = placeholders.value("events", self.events, Events::placeholder);
        batch.events = events.events;
        // Too many events is the one violation that is reported about them.
        if events.count <= MAX_EVENTS {
            violations.extend(events.violations);
        }
        violations.truncate(MAX_VIOLATIONS);
        DecodedBatch {
            batch,
            violations,
            event_count: events.count,
        }
    }
}

/// Puts valid placeholders in the place of fields that cannot be decoded, and records why.
struct Placeholders<'v>(&'v mut Vec<Violation>);

impl Placeholders<'_> {
    fn value<T>(&mut self, name: &'static str, field: Field<T>, placeholder: impl FnOnce() -> T) -> T {
        let rule = match field {
            Some(Ok(value)) => return value,
            Some(Err(rule)) => rule,
            None => Rule::Missing,
        };
        self.0.push(Violation {
            path: vec![Segment::from(name)],
            rule,
        });
        placeholder()
    }
}

/// Corrects the number of events in `violations`: the batch has only the first of those beyond the limit.
pub(crate) fn set_event_count(violations: &mut [Violation], count: usize) {
    for violation in violations {
        if let Rule::TooManyEvents { actual } = &mut violation.rule {
            *actual = count;
        }
    }
}

const fn valid_timestamp() -> Timestamp {
    timestamp::to_message(UnixTime::EARLIEST)
}

/// Reads a value that must be a string; if it is not, it breaks `type_rule`.
fn text<'a>(reader: &mut Reader<'a>, type_rule: Rule) -> Result<Result<Cow<'a, str>, Rule>, ParseError> {
    let token = reader.token()?;
    if let Token::String(text) = token {
        return Ok(if text.has_lone_surrogate() {
            Err(Rule::StringUnicode)
        } else {
            Ok(text.unescape())
        });
    }
    reader.skip(&token)?;
    Ok(Err(type_rule))
}

/// As [`text`], owned.
fn owned(reader: &mut Reader<'_>, type_rule: Rule) -> Result<Result<String, Rule>, ParseError> {
    Ok(text(reader, type_rule)?.map(Cow::into_owned))
}

fn source_type(reader: &mut Reader<'_>) -> Result<Result<SourceType, Rule>, ParseError> {
    let name = text(reader, Rule::SourceType)?;
    Ok(name.map(|name| SourceType::from_json_name(&name).unwrap_or_default()))
}

fn platform(reader: &mut Reader<'_>) -> Result<Result<Platform, Rule>, ParseError> {
    let name = text(reader, Rule::Platform)?;
    Ok(name.map(|name| Platform::from_json_name(&name).unwrap_or_default()))
}

#[cfg(test)]
mod tests;

//! From JSON to a batch, in one pass over the body.
//!
//! `data` is not interpreted: its text goes on as it stands, so that no digit is lost. Members that nobody knows are passed
//! over, and of a member that occurs twice the last counts. A field of the wrong JSON type is a [`Fault`]; a sound
//! value stands in for it, so that the rules of a batch say nothing more about it. What has the right type but breaks a
//! rule is left to the rules: an unknown `source_type` or `platform` becomes the unspecified one.

mod event;
mod timestamp;

use std::borrow::Cow;

use openclone_client::{
    Rule, Segment,
    json::{self, Reader, Token},
    v1::{Batch, Platform, SourceType},
    validate::{EARLIEST, MAX_EVENTS, MAX_VIOLATIONS},
};
use prost_types::Timestamp;

use crate::fault::{Fault, Kind};
use event::Events;

/// A batch, and what stood in the way of reading it.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    /// The batch. Beyond the first event too many, events are left out.
    pub(crate) batch: Batch,
    /// Fields of the wrong type, in the order of the fields; at most 100.
    pub(crate) faults: Vec<Fault>,
    /// How many events there are in the body.
    pub(crate) event_count: usize,
}

/// Why a body holds no batch at all.
#[derive(Debug, PartialEq)]
pub(crate) enum Unreadable {
    /// It is not JSON.
    Syntax {
        /// Where, in bytes.
        at: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// Containers stand too deep inside each other.
    TooDeep,
    /// It is nothing, or `null`.
    Missing,
    /// It is JSON, but no object.
    NotAnObject,
}

impl From<json::Fault> for Unreadable {
    fn from(fault: json::Fault) -> Self {
        match fault {
            json::Fault::Syntax { at, reason } => Self::Syntax { at, reason },
            json::Fault::TooDeep => Self::TooDeep,
        }
    }
}

/// A member: absent, or read, or of the wrong type.
type Field<T> = Option<Result<T, Kind>>;

/// Reads a body.
pub(crate) fn decode(body: &str) -> Result<Decoded, Unreadable> {
    let mut reader = Reader::new(body);
    let token = reader.token()?;
    if !matches!(token, Token::Object) {
        reader.skip(&token)?;
        reader.end()?;
        return Err(if matches!(token, Token::Null) {
            Unreadable::Missing
        } else {
            Unreadable::NotAnObject
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
        return Err(Unreadable::TooDeep);
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
    fn read(&mut self, key: &str, reader: &mut Reader<'_>) -> Result<(), json::Fault> {
        match key {
            "source_type" => self.source_type = Some(source_type(reader)?),
            "platform" => self.platform = Some(platform(reader)?),
            "device_id" => self.device_id = Some(owned(reader, Kind::UuidType)?),
            "plugin_id" => self.plugin_id = Some(owned(reader, Kind::StringType)?),
            "plugin_version" => self.plugin_version = Some(owned(reader, Kind::StringType)?),
            "timestamp" => self.timestamp = Some(timestamp::read(reader)?),
            "events" => self.events = Some(event::read_all(reader, &mut self.is_too_deep)?),
            _ => _ = reader.span()?,
        }
        Ok(())
    }

    fn assemble(self) -> Decoded {
        let mut faults = Vec::new();
        let mut note = |name, kind| {
            faults.push(Fault {
                path: vec![Segment::from(name)],
                kind,
            });
        };
        let mut batch = Batch {
            source_type: settle(
                self.source_type,
                "source_type",
                || SourceType::Braindump,
                &mut note,
            )
            .into(),
            platform: settle(self.platform, "platform", || Platform::Web, &mut note).into(),
            device_id: settle(self.device_id, "device_id", || "test-0".to_owned(), &mut note),
            plugin_id: settle(self.plugin_id, "plugin_id", || "a".to_owned(), &mut note),
            plugin_version: settle(
                self.plugin_version,
                "plugin_version",
                || "0.0.0".to_owned(),
                &mut note,
            ),
            timestamp: Some(settle(self.timestamp, "timestamp", sound_timestamp, &mut note)),
            events: Vec::new(),
        };
        let events = settle(self.events, "events", Events::stand_in, &mut note);
        batch.events = events.events;
        // With too many events, that is the one fault of them.
        if events.count <= MAX_EVENTS {
            faults.extend(events.faults);
        }
        faults.truncate(MAX_VIOLATIONS);
        Decoded {
            batch,
            faults,
            event_count: events.count,
        }
    }
}

/// The value of a field, or what stands in for it once its fault is noted.
fn settle<T>(
    field: Field<T>,
    name: &'static str,
    sound: impl FnOnce() -> T,
    note: &mut impl FnMut(&'static str, Kind),
) -> T {
    let kind = match field {
        Some(Ok(value)) => return value,
        Some(Err(kind)) => kind,
        None => Kind::Rule(Rule::Missing),
    };
    note(name, kind);
    sound()
}

fn sound_timestamp() -> Timestamp {
    Timestamp {
        seconds: EARLIEST,
        nanos: 0,
    }
}

/// Reads a value that must be a string; if it is not, that is `wrong`.
fn text<'a>(reader: &mut Reader<'a>, wrong: Kind) -> Result<Result<Cow<'a, str>, Kind>, json::Fault> {
    let token = reader.token()?;
    if let Token::Text(text) = token {
        return Ok(if text.is_lone() {
            Err(Kind::StringUnicode)
        } else {
            Ok(text.unescape())
        });
    }
    reader.skip(&token)?;
    Ok(Err(wrong))
}

/// As [`text`], kept.
fn owned(reader: &mut Reader<'_>, wrong: Kind) -> Result<Result<String, Kind>, json::Fault> {
    Ok(text(reader, wrong)?.map(Cow::into_owned))
}

fn source_type(reader: &mut Reader<'_>) -> Result<Result<SourceType, Kind>, json::Fault> {
    let name = text(reader, Kind::Rule(Rule::SourceType))?;
    Ok(name.map(|name| SourceType::from_json_name(&name).unwrap_or_default()))
}

fn platform(reader: &mut Reader<'_>) -> Result<Result<Platform, Kind>, json::Fault> {
    let name = text(reader, Kind::Rule(Rule::Platform))?;
    Ok(name.map(|name| Platform::from_json_name(&name).unwrap_or_default()))
}

#[cfg(test)]
mod tests;

//! The events of a batch.

use openclone_client::{
    Rule, Segment,
    json::{self, Reader, Token, replace_lone},
    v1::{Event, event::Data},
    validate::{MAX_DATA_DEPTH, MAX_EVENTS, MAX_VIOLATIONS},
};
use prost_types::Timestamp;

use super::{Field, sound_timestamp, timestamp};
use crate::fault::{Fault, Kind};

/// The events of a body.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Those read: all, or one more than a batch may have.
    pub(super) events: Vec<Event>,
    /// Fields of the wrong type.
    pub(super) faults: Vec<Fault>,
    /// How many there are.
    pub(super) count: usize,
}

impl Events {
    /// One event that breaks no rule.
    pub(super) fn stand_in() -> Self {
        Self {
            events: vec![sound_event()],
            faults: Vec::new(),
            count: 1,
        }
    }
}

fn sound_event() -> Event {
    Event {
        timestamp: Some(sound_timestamp()),
        raw_ref: None,
        data: Some(sound_data()),
    }
}

fn sound_data() -> Data {
    Data::Json("{}".to_owned())
}

/// Reads `events`. Sets `is_too_deep` if the data of one is nested too deeply.
pub(super) fn read_all(
    reader: &mut Reader<'_>,
    is_too_deep: &mut bool,
) -> Result<Result<Events, Kind>, json::Fault> {
    let token = reader.token()?;
    if !matches!(token, Token::Array) {
        reader.skip(&token)?;
        return Ok(Err(Kind::ListType));
    }
    let mut all = Events::default();
    while reader.element(all.count == 0)? {
        if all.count <= MAX_EVENTS {
            let event = read(reader, all.count, &mut all.faults, is_too_deep)?;
            all.events.push(event);
        } else {
            reader.span()?;
        }
        all.count += 1;
    }
    Ok(Ok(all))
}

fn read(
    reader: &mut Reader<'_>,
    index: usize,
    faults: &mut Vec<Fault>,
    is_too_deep: &mut bool,
) -> Result<Event, json::Fault> {
    let token = reader.token()?;
    if !matches!(token, Token::Object) {
        reader.skip(&token)?;
        note(faults, index, None, Kind::ModelType);
        return Ok(sound_event());
    }
    let mut members = Members::default();
    let mut first = true;
    while let Some(key) = reader.key(first)? {
        first = false;
        match key.unescape().as_ref() {
            "timestamp" => members.timestamp = Some(timestamp::read(reader)?),
            "data" => members.data = Some(data(reader, is_too_deep)?),
            "raw_ref" => members.raw_ref = Some(raw_ref(reader)?),
            _ => _ = reader.span()?,
        }
    }
    Ok(members.assemble(index, faults))
}

#[derive(Default)]
struct Members {
    timestamp: Field<Timestamp>,
    data: Field<Data>,
    raw_ref: Field<Option<String>>,
}

impl Members {
    fn assemble(self, index: usize, faults: &mut Vec<Fault>) -> Event {
        let mut note = |name, kind| note(faults, index, Some(name), kind);
        let timestamp = self
            .timestamp
            .unwrap_or(Err(Kind::Rule(Rule::Missing)))
            .unwrap_or_else(|kind| {
                note("timestamp", kind);
                sound_timestamp()
            });
        let data = self
            .data
            .unwrap_or(Err(Kind::Rule(Rule::Missing)))
            .unwrap_or_else(|kind| {
                note("data", kind);
                sound_data()
            });
        let raw_ref = self.raw_ref.unwrap_or(Ok(None)).unwrap_or_else(|kind| {
            note("raw_ref", kind);
            None
        });
        Event {
            timestamp: Some(timestamp),
            raw_ref,
            data: Some(data),
        }
    }
}

/// Notes a fault of the event at `index`, as long as it may be listed.
fn note(faults: &mut Vec<Fault>, index: usize, field: Option<&'static str>, kind: Kind) {
    if faults.len() < MAX_VIOLATIONS {
        let mut path: Vec<Segment> = vec!["events".into(), index.into()];
        path.extend(field.map(Segment::from));
        faults.push(Fault { path, kind });
    }
}

fn data(reader: &mut Reader<'_>, is_too_deep: &mut bool) -> Result<Result<Data, Kind>, json::Fault> {
    let span = reader.span()?;
    *is_too_deep |= span.depth > MAX_DATA_DEPTH;
    if !matches!(span.token, Token::Object) {
        return Ok(Err(Kind::Rule(Rule::Object)));
    }
    let json = if span.lone {
        replace_lone(span.text)
    } else {
        span.text.to_owned()
    };
    Ok(Ok(Data::Json(json)))
}

fn raw_ref(reader: &mut Reader<'_>) -> Result<Result<Option<String>, Kind>, json::Fault> {
    let token = reader.token()?;
    match token {
        Token::Null => Ok(Ok(None)),
        Token::Text(text) => Ok(Ok(Some(text.unescape().into_owned()))),
        _ => {
            reader.skip(&token)?;
            Ok(Err(Kind::StringType))
        }
    }
}

//! The events of a batch.

use openclone_client::v1::{Event, event::Data};
use openclone_core::{
    json::{ParseError, Reader, Token, replace_lone_surrogates},
    validate::{MAX_DATA_DEPTH, MAX_EVENTS, MAX_VIOLATIONS, Rule, Segment, Violation},
};
use prost_types::Timestamp;

use super::{Field, timestamp, valid_timestamp};

/// The events of a body.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The events, at most one more than a batch may have.
    pub(super) events: Vec<Event>,
    /// Fields of the wrong type.
    pub(super) violations: Vec<Violation>,
    /// The number of events in the body.
    pub(super) count: usize,
}

impl Events {
    /// One valid event.
    pub(super) fn placeholder() -> Self {
        Self {
            events: vec![valid_event()],
            violations: Vec::new(),
            count: 1,
        }
    }
}

fn valid_event() -> Event {
    Event {
        timestamp: Some(valid_timestamp()),
        raw_ref: None,
        data: Some(valid_data()),
    }
}

fn valid_data() -> Data {
    Data::Json("{}".to_owned())
}

/// Reads `events`. Sets `is_too_deep` when the data of an event is nested too deeply.
pub(super) fn read_all(
    reader: &mut Reader<'_>,
    is_too_deep: &mut bool,
) -> Result<Result<Events, Rule>, ParseError> {
    let token = reader.token()?;
    if !matches!(token, Token::Array) {
        reader.skip(&token)?;
        return Ok(Err(Rule::ListType));
    }
    let mut all = Events::default();
    while reader.element(all.count == 0)? {
        if all.count <= MAX_EVENTS {
            let event = read(reader, all.count, &mut all.violations, is_too_deep)?;
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
    violations: &mut Vec<Violation>,
    is_too_deep: &mut bool,
) -> Result<Event, ParseError> {
    let token = reader.token()?;
    if !matches!(token, Token::Object) {
        reader.skip(&token)?;
        record(violations, index, None, Rule::ModelType);
        return Ok(valid_event());
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
    Ok(members.assemble(index, violations))
}

#[derive(Default)]
struct Members {
    timestamp: Field<Timestamp>,
    data: Field<Data>,
    raw_ref: Field<Option<String>>,
}

impl Members {
    fn assemble(self, index: usize, violations: &mut Vec<Violation>) -> Event {
        let mut record = |name, rule| record(violations, index, Some(name), rule);
        let timestamp = self
            .timestamp
            .unwrap_or(Err(Rule::Missing))
            .unwrap_or_else(|rule| {
                record("timestamp", rule);
                valid_timestamp()
            });
        let data = self.data.unwrap_or(Err(Rule::Missing)).unwrap_or_else(|rule| {
            record("data", rule);
            valid_data()
        });
        let raw_ref = self.raw_ref.unwrap_or(Ok(None)).unwrap_or_else(|rule| {
            record("raw_ref", rule);
            None
        });
        Event {
            timestamp: Some(timestamp),
            raw_ref,
            data: Some(data),
        }
    }
}

/// Records a violation of the event at `index`, unless the list is full.
fn record(violations: &mut Vec<Violation>, index: usize, field: Option<&'static str>, rule: Rule) {
    if violations.len() < MAX_VIOLATIONS {
        let mut path: Vec<Segment> = vec!["events".into(), index.into()];
        path.extend(field.map(Segment::from));
        violations.push(Violation { path, rule });
    }
}

fn data(reader: &mut Reader<'_>, is_too_deep: &mut bool) -> Result<Result<Data, Rule>, ParseError> {
    let span = reader.span()?;
    *is_too_deep |= span.depth > MAX_DATA_DEPTH;
    if !matches!(span.token, Token::Object) {
        return Ok(Err(Rule::Object));
    }
    let json = if span.has_lone_surrogate {
        replace_lone_surrogates(span.text)
    } else {
        span.text.to_owned()
    };
    Ok(Ok(Data::Json(json)))
}

fn raw_ref(reader: &mut Reader<'_>) -> Result<Result<Option<String>, Rule>, ParseError> {
    let token = reader.token()?;
    match token {
        Token::Null => Ok(Ok(None)),
        // Two different lone surrogates would become one text and so one event id: the second event would be lost.
        Token::String(text) if text.has_lone_surrogate() => Ok(Err(Rule::StringUnicode)),
        Token::String(text) => Ok(Ok(Some(text.unescape().into_owned()))),
        _ => {
            reader.skip(&token)?;
            Ok(Err(Rule::StringType))
        }
    }
}

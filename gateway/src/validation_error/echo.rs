//! Finds the bad value in the body again, and shows it within bounds.

use std::borrow::Cow;

use openclone_core::{
    json::{ParseError, Reader, Span, Token},
    validate::Segment,
};
use serde_json::value::RawValue;

use crate::options::Redact;

/// Bytes of a value that are shown, at most.
pub(super) const SHOWN: usize = 256;
/// Bytes behind them in which a secret may end that begins within: enough for any rule to recognise it.
const MARGIN: usize = 256;
/// Bytes read for one response, at most, to find values again. A value that is not found within them is shown as `null`.
const BUDGET: usize = 16 << 20;

/// Finds values in a body by their paths.
pub(super) struct Locator<'a> {
    body: &'a str,
    /// The text of each event, once needed.
    events: Option<Vec<Span<'a>>>,
    budget: usize,
}

impl<'a> Locator<'a> {
    pub(super) const fn new(body: &'a str) -> Self {
        Self {
            body,
            events: None,
            budget: BUDGET,
        }
    }

    /// The value at `path`.
    pub(super) fn find(&mut self, path: &[Segment]) -> Option<Span<'a>> {
        if let [Segment::Field(name), Segment::Index(index), inner @ ..] = path
            && name == "events"
        {
            let body = self.body;
            let events = self
                .events
                .get_or_insert_with(|| elements(body).unwrap_or_default());
            let event = *events.get(*index)?;
            return self.descend(event.text, inner);
        }
        self.descend(self.body, path)
    }

    fn descend(&mut self, text: &'a str, path: &[Segment]) -> Option<Span<'a>> {
        let mut span = Reader::new(text).span().ok()?;
        self.budget = self.budget.checked_sub(text.len())?;
        for segment in path {
            self.budget = self.budget.checked_sub(span.text.len())?;
            span = match segment {
                Segment::Field(name) => member(span.text, name).ok()??,
                Segment::Index(index) => element(span.text, *index).ok()??,
                Segment::Key => return Some(span),
            };
        }
        Some(span)
    }
}

/// The last member with that name.
fn member<'a>(object: &'a str, name: &str) -> Result<Option<Span<'a>>, ParseError> {
    let mut reader = Reader::new(object);
    if !matches!(reader.token()?, Token::Object) {
        return Ok(None);
    }
    let (mut found, mut first) = (None, true);
    while let Some(key) = reader.key(first)? {
        first = false;
        let value = reader.span()?;
        if key.unescape() == name {
            found = Some(value);
        }
    }
    Ok(found)
}

fn element(array: &str, index: usize) -> Result<Option<Span<'_>>, ParseError> {
    let mut reader = Reader::new(array);
    if !matches!(reader.token()?, Token::Array) {
        return Ok(None);
    }
    let mut at = 0;
    while reader.element(at == 0)? {
        let value = reader.span()?;
        if at == index {
            return Ok(Some(value));
        }
        at += 1;
    }
    Ok(None)
}

fn elements(body: &str) -> Result<Vec<Span<'_>>, ParseError> {
    let Some(events) = member(body, "events")? else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::new(events.text);
    let mut all = Vec::new();
    if matches!(reader.token()?, Token::Array) {
        while reader.element(all.is_empty())? {
            all.push(reader.span()?);
        }
    }
    Ok(all)
}

/// A value as it is shown: itself if it is short, has no secret and any parser reads it, else the beginning of its text.
pub(super) fn echo(span: &Span<'_>, redact: Option<&Redact>) -> Box<RawValue> {
    if let Token::String(text) = span.token {
        return echo_text(&text.unescape(), redact);
    }
    let short = cut(span.text, SHOWN);
    let is_whole = short.len() == span.text.len();
    let is_public = || redact.is_none_or(|redact| redact(short) == short);
    if is_whole
        && serde_json::from_str::<serde_json::Value>(short).is_ok()
        && is_public()
        && let Ok(value) = RawValue::from_string(short.to_owned())
    {
        return value;
    }
    echo_text(span.text, redact)
}

/// A text as it is shown.
pub(super) fn echo_text(text: &str, redact: Option<&Redact>) -> Box<RawValue> {
    let start = cut(text, SHOWN + MARGIN);
    let clean = redact.map_or(Cow::Borrowed(start), |redact| redact(start));
    serde_json::value::to_raw_value(cut(&clean, SHOWN)).unwrap_or_default()
}

/// The beginning of a text, at most `limit` bytes.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len()))
        .rev()
        .find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

//! The rules of `data` in its JSON form.
//!
//! Most data is sound, so a first scan only answers yes or no, without allocating. Only data that is not goes through a
//! second scan, which finds all faults. A member that occurs twice counts once, but each of its values must be sound: whoever
//! reads the data later reads all of them.

use std::{borrow::Cow, collections::HashSet};

use super::{MAX_DATA_DEPTH, MAX_DATA_KEY, MAX_DATA_KEYS, MAX_DATA_STRING, Report, Rule, Segment};
use crate::json::{Fault, Number, Reader, Text, Token};

/// Reports what is wrong with the JSON text of an event's `data`.
pub(super) fn check(json: &str, report: &mut Report) {
    if is_sound(json) == Ok(true) {
        return;
    }
    report.inside("data", |report| {
        if let Err(fault) = find_faults(json, report) {
            report.here(Rule::Json(fault));
        }
    });
}

fn is_sound(json: &str) -> Result<bool, Fault> {
    let mut reader = Reader::new(json);
    let token = reader.token()?;
    let is_sound = matches!(token, Token::Object) && is_sound_value(&mut reader, token, 1)?;
    Ok(is_sound && reader.end().is_ok())
}

/// Recursion ends at [`MAX_DATA_DEPTH`].
fn is_sound_value(reader: &mut Reader<'_>, token: Token<'_>, depth: usize) -> Result<bool, Fault> {
    if depth > MAX_DATA_DEPTH && matches!(token, Token::Array | Token::Object) {
        return Ok(false);
    }
    match token {
        Token::Null | Token::Bool(_) => Ok(true),
        Token::Number(number) => Ok(number.is_finite()),
        Token::Text(text) => Ok(!text.is_lone() && !text.is_longer_than(MAX_DATA_STRING)),
        Token::Array => {
            let mut first = true;
            while reader.element(first)? {
                first = false;
                let element = reader.token()?;
                if !is_sound_value(reader, element, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Token::Object => {
            let mut members = 0;
            while let Some(key) = reader.key(members == 0)? {
                members += 1;
                let value = reader.token()?;
                let is_sound_key =
                    !key.is_lone() && !key.is_longer_than(MAX_DATA_KEY) && members <= MAX_DATA_KEYS;
                if !is_sound_key || !is_sound_value(reader, value, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

fn find_faults(json: &str, report: &mut Report) -> Result<(), Fault> {
    let mut whole = Reader::new(json);
    let span = whole.span()?;
    whole.end()?;
    if span.depth > MAX_DATA_DEPTH {
        report.here(Rule::TooDeep);
        return Ok(());
    }
    let mut reader = Reader::new(json);
    match reader.token()? {
        Token::Object => visit_object(&mut reader, report),
        _ => {
            report.here(Rule::Object);
            Ok(())
        }
    }
}

fn visit(reader: &mut Reader<'_>, report: &mut Report) -> Result<(), Fault> {
    match reader.token()? {
        Token::Null | Token::Bool(_) => {}
        Token::Number(number) => visit_number(number, report),
        Token::Text(text) => visit_text(text, MAX_DATA_STRING, report),
        Token::Object => return visit_object(reader, report),
        Token::Array => {
            let mut index = 0;
            while reader.element(index == 0)? {
                report.inside(index, |report| visit(reader, report))?;
                index += 1;
            }
        }
    }
    Ok(())
}

fn visit_object(reader: &mut Reader<'_>, report: &mut Report) -> Result<(), Fault> {
    let start = report.len();
    let mut keys: HashSet<Cow<'_, str>> = HashSet::new();
    while let Some(key) = reader.key(keys.is_empty())? {
        let name = key.unescape();
        report.inside(shown(&name), |report| {
            report.inside(Segment::Key, |report| visit_text(key, MAX_DATA_KEY, report));
            visit(reader, report)
        })?;
        keys.insert(name);
    }
    if keys.len() > MAX_DATA_KEYS {
        // That is all that is said of such an object.
        report.truncate(start);
        report.here(Rule::TooManyKeys { actual: keys.len() });
    }
    Ok(())
}

fn visit_number(number: Number<'_>, report: &mut Report) {
    if !number.is_finite() {
        report.here(Rule::Finite);
    }
}

fn visit_text(text: Text<'_>, limit: usize, report: &mut Report) {
    if text.is_lone() {
        report.here(Rule::LoneSurrogate);
    }
    if text.is_longer_than(limit) {
        report.here(Rule::TooLong { limit });
    }
}

/// A key as a path shows it: not longer than a valid one.
fn shown(key: &str) -> String {
    let end = (0..=MAX_DATA_KEY.min(key.len()))
        .rev()
        .find(|&end| key.is_char_boundary(end))
        .unwrap_or(0);
    key[..end].to_owned()
}

//! The rules for `data` as JSON text.
//!
//! Most data is valid, so a first scan only returns yes or no and does not allocate. Only invalid data is scanned a second
//! time, to find all violations. A repeated key counts once, but each of its values must be valid, because later readers
//! read all of them.

use std::{borrow::Cow, collections::HashSet};

use super::{MAX_DATA_DEPTH, MAX_DATA_KEY, MAX_DATA_KEYS, MAX_DATA_STRING, Rule, Segment, Violations};
use crate::json::{NumberLiteral, ParseError, Reader, StringLiteral, Token};

/// Records the violations in the JSON text of an event's `data`.
pub fn check_data(json: &str, violations: &mut Violations) {
    if is_valid(json) == Ok(true) {
        return;
    }
    violations.enter("data", |violations| {
        if let Err(error) = find_violations(json, violations) {
            violations.add(Rule::Json(error.to_string()));
        }
    });
}

fn is_valid(json: &str) -> Result<bool, ParseError> {
    let mut reader = Reader::new(json);
    let token = reader.token()?;
    let is_valid = matches!(token, Token::Object) && is_valid_value(&mut reader, token, 1)?;
    Ok(is_valid && reader.end().is_ok())
}

/// Recursion ends at [`MAX_DATA_DEPTH`].
fn is_valid_value(reader: &mut Reader<'_>, token: Token<'_>, depth: usize) -> Result<bool, ParseError> {
    if depth > MAX_DATA_DEPTH && matches!(token, Token::Array | Token::Object) {
        return Ok(false);
    }
    match token {
        Token::Null | Token::Bool(_) => Ok(true),
        Token::Number(number) => Ok(number.is_finite()),
        Token::String(text) => Ok(!text.has_lone_surrogate() && !text.is_longer_than(MAX_DATA_STRING)),
        Token::Array => {
            let mut first = true;
            while reader.element(first)? {
                first = false;
                let element = reader.token()?;
                if !is_valid_value(reader, element, depth + 1)? {
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
                let is_valid_key = !key.has_lone_surrogate()
                    && !key.is_longer_than(MAX_DATA_KEY)
                    && members <= MAX_DATA_KEYS;
                if !is_valid_key || !is_valid_value(reader, value, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

fn find_violations(json: &str, violations: &mut Violations) -> Result<(), ParseError> {
    let mut whole = Reader::new(json);
    let span = whole.span()?;
    whole.end()?;
    if span.depth > MAX_DATA_DEPTH {
        violations.add(Rule::TooDeep);
        return Ok(());
    }
    let mut reader = Reader::new(json);
    match reader.token()? {
        Token::Object => visit_object(&mut reader, violations),
        _ => {
            violations.add(Rule::Object);
            Ok(())
        }
    }
}

fn visit(reader: &mut Reader<'_>, violations: &mut Violations) -> Result<(), ParseError> {
    match reader.token()? {
        Token::Null | Token::Bool(_) => {}
        Token::Number(number) => visit_number(number, violations),
        Token::String(text) => visit_text(text, MAX_DATA_STRING, violations),
        Token::Object => return visit_object(reader, violations),
        Token::Array => {
            let mut index = 0;
            while reader.element(index == 0)? {
                violations.enter(index, |violations| visit(reader, violations))?;
                index += 1;
            }
        }
    }
    Ok(())
}

fn visit_object(reader: &mut Reader<'_>, violations: &mut Violations) -> Result<(), ParseError> {
    let start = violations.len();
    let mut keys: HashSet<Cow<'_, str>> = HashSet::new();
    while let Some(key) = reader.key(keys.is_empty())? {
        let name = key.unescape();
        violations.enter(shown(&name), |violations| {
            violations.enter(Segment::Key, |violations| {
                visit_text(key, MAX_DATA_KEY, violations)
            });
            visit(reader, violations)
        })?;
        keys.insert(name);
    }
    if keys.len() > MAX_DATA_KEYS {
        // This is the one violation of such an object.
        violations.truncate(start);
        violations.add(Rule::TooManyKeys { actual: keys.len() });
    }
    Ok(())
}

fn visit_number(number: NumberLiteral<'_>, violations: &mut Violations) {
    if !number.is_finite() {
        violations.add(Rule::Finite);
    }
}

fn visit_text(text: StringLiteral<'_>, limit: usize, violations: &mut Violations) {
    if text.has_lone_surrogate() {
        violations.add(Rule::LoneSurrogate);
    }
    if text.is_longer_than(limit) {
        violations.add(Rule::TooLong { limit });
    }
}

/// A key as it is shown in a path: no longer than a valid one.
fn shown(key: &str) -> String {
    let end = (0..=MAX_DATA_KEY.min(key.len()))
        .rev()
        .find(|&end| key.is_char_boundary(end))
        .unwrap_or(0);
    key[..end].to_owned()
}

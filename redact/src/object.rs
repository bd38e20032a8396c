//! Redaction of an event's data: every text, every key, every number, the value under a telling key, and the value that
//! another member names.

mod seams;

use std::borrow::Cow;

use openclone_core::json::{Object, Value};

use crate::engine::Engine;
use crate::pair::{is_declared_number, is_declared_text};
use crate::rules::Kind;

/// Redacts `data` in place; returns the number of secrets.
pub(crate) fn redact(engine: &Engine, data: &mut Object<'_>) -> u32 {
    members(engine, data, None)
}

fn members(engine: &Engine, data: &mut Object<'_>, above: Option<Kind>) -> u32 {
    let mut count = 0;
    let mut keys_changed = false;
    for (key, member) in data.iter_mut() {
        if engine.is_harmless(key) {
            count += value(engine, member, above);
            continue;
        }
        count += value(engine, member, engine.declares(key).or(above));
        if let Some((redacted, found)) = engine.redact(key) {
            *key = Cow::Owned(redacted);
            count += found;
            keys_changed = true;
        }
    }
    if keys_changed {
        number_equal_keys(data);
    }
    count + seams::redact_members(engine, data)
}

fn value(engine: &Engine, value: &mut Value<'_>, declared: Option<Kind>) -> u32 {
    let (replacement, count) = match value {
        Value::Null | Value::Bool(_) => return 0,
        Value::Array(items) => {
            let inside: u32 = items
                .iter_mut()
                .map(|item| self::value(engine, item, declared))
                .sum();
            return inside + seams::redact_items(engine, items);
        }
        Value::Object(object) => return members(engine, object, declared),
        Value::Number(number) => redacted_number(engine, number.as_str(), declared),
        Value::String(text) => redacted_text(engine, text, declared),
    };
    if let Some(replacement) = replacement {
        *value = Value::String(Cow::Owned(replacement));
    }
    count
}

fn redacted_text(engine: &Engine, text: &str, declared: Option<Kind>) -> (Option<String>, u32) {
    if let Some(kind) = declared
        && is_declared_text(kind, text)
        && !engine.is_marker(text)
        && !engine.allows(text)
    {
        return (Some(engine.marker_of(kind)), 1);
    }
    split(engine.redact(text))
}

fn redacted_number(engine: &Engine, digits: &str, declared: Option<Kind>) -> (Option<String>, u32) {
    match declared {
        Some(kind) if is_declared_number(kind, digits) && !engine.allows(digits) => {
            (Some(engine.marker_of(kind)), 1)
        }
        _ if digits.len() < engine.shortest_number() => (None, 0),
        _ => split(engine.redact(digits)),
    }
}

fn split(found: Option<(String, u32)>) -> (Option<String>, u32) {
    found.map_or((None, 0), |(text, count)| (Some(text), count))
}

/// Gives keys a number that have become equal to an earlier one.
fn number_equal_keys(data: &mut Object<'_>) {
    let mut taken: std::collections::HashSet<String> = std::collections::HashSet::new();
    let mut next: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let all: std::collections::HashSet<String> = data.iter().map(|(key, _)| key.to_string()).collect();
    for (key, _) in data.iter_mut() {
        if !taken.insert(key.to_string()) {
            let number = next.entry(key.to_string()).or_insert(2);
            while all.contains(&format!("{key} {number}")) || taken.contains(&format!("{key} {number}")) {
                *number += 1;
            }
            *key = Cow::Owned(format!("{key} {number}"));
            taken.insert(key.to_string());
        }
    }
}

#[cfg(test)]
mod tests;

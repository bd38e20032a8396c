//! Secrets that one member names and another one holds: a title `WiFi password` above a text `hunter2x`.
//!
//! The two are put together as the vault shows them, and what is found in the second one is replaced there.

use std::borrow::Cow;

use openclone_core::json::{Object, Value};

use crate::engine::Engine;
use crate::words::head;

/// The longest text that can be a label, in bytes.
const LABEL: usize = 80;
/// Bytes of a value that are looked at.
const SHOWN: usize = 256;
/// Labels of one object or list that are tried.
const LABELS: usize = 2;
/// Members before and behind a label that it can name, in the order of the data; so the work of a label has a bound.
const NEAR: usize = 8;
/// Members that an item shows directly behind its title or sender, wherever they stand in the data.
const BODIES: &[&str] = &[
    "text",
    "preview",
    "value",
    "body",
    "content",
    "message",
    "description",
    "notes",
];

/// Redacts members of `data` that another member of it names.
pub(super) fn redact_members(engine: &Engine, data: &mut Object<'_>) -> u32 {
    let labels: Vec<(usize, String)> = data
        .iter()
        .enumerate()
        .filter_map(|(index, (_, value))| Some((index, label(engine, value)?)))
        .take(LABELS)
        .collect();
    let mut count = 0;
    for (labelled, label) in labels {
        for (value, body) in named_members(data, labelled) {
            count += redact_value(engine, &label, value, body);
        }
    }
    count
}

/// The members that the one at `labelled` can name, and whether an item shows them directly behind it.
fn named_members<'a, 'b>(
    data: &'a mut Object<'b>,
    labelled: usize,
) -> impl Iterator<Item = (&'a mut Value<'b>, bool)> {
    data.iter_mut()
        .enumerate()
        .filter_map(move |(index, (key, value))| {
            let body = BODIES.contains(&key.as_ref());
            let near = index.abs_diff(labelled) <= NEAR;
            (index != labelled && (body || near)).then_some((value, body))
        })
}

/// Redacts items of a list that the item before names.
pub(super) fn redact_items(engine: &Engine, items: &mut [Value<'_>]) -> u32 {
    let mut count = 0;
    for index in 1..items.len() {
        if let Some(label) = label(engine, &items[index - 1]) {
            count += redact_value(engine, &label, &mut items[index], true);
        }
    }
    count
}

/// The last line of a short text that holds the name of a secret; whether it names the value behind it is the engine's to say.
fn label(engine: &Engine, value: &Value<'_>) -> Option<String> {
    let Value::String(text) = value else { return None };
    let line = text.trim_end();
    let line = line.rsplit('\n').next().unwrap_or_default();
    let name = line.trim_end_matches([':', ' ', '=', '-', '*', '?', '"', '\'', '`']);
    if name.is_empty() || name.len() > LABEL {
        return None;
    }
    // Short names count only with what follows them.
    engine
        .mentions_name(&format!("{name}: "))
        .then(|| name.to_owned())
}

fn redact_value(engine: &Engine, label: &str, value: &mut Value<'_>, body: bool) -> u32 {
    let Value::String(text) = value else { return 0 };
    let shown = head(text, SHOWN);
    let mut span = found_behind(engine, &format!("{label}\n"), shown);
    if body && span.is_none() {
        span = found_behind(engine, &format!("{label}: "), shown);
    }
    let Some((range, marker)) = span else { return 0 };
    let redacted = format!("{}{marker}{}", &text[..range.start], &text[range.end..]);
    *text = Cow::Owned(redacted);
    1
}

/// The secret that begins the value behind `label`, and its marker.
fn found_behind(engine: &Engine, label: &str, value: &str) -> Option<(std::ops::Range<usize>, String)> {
    let joined = format!("{label}{value}");
    let span = engine
        .locate(&joined)
        .into_iter()
        .find(|secret| secret.start >= label.len())?;
    let own = engine.locate(value);
    let start = span.start - label.len();
    let known = own
        .iter()
        .any(|secret| secret.start <= start && start < secret.end);
    (!known).then(|| (start..span.end - label.len(), crate::marker::marker(span.rule)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn data(members: usize) -> Object<'static> {
        let mut data = Object::default();
        for index in 0..members {
            data.push(
                format!("k{index}"),
                Value::String(Cow::Owned(format!("v{index}"))),
            );
        }
        for body in BODIES {
            data.push((*body).to_owned(), Value::Null);
        }
        data
    }

    #[test]
    fn the_members_that_a_label_can_name_have_a_bound() {
        for labelled in [0, 5, 400, 999] {
            let tried = named_members(&mut data(1000), labelled).count();
            assert!(
                tried <= 2 * NEAR + BODIES.len(),
                "{tried} members for label {labelled}"
            );
            assert!(tried >= NEAR + BODIES.len() - 1, "{tried}");
        }
    }

    #[test]
    fn a_body_far_from_its_title_is_found() {
        let engine = Engine::new(&crate::RedactConfig::default(), &[]).unwrap();
        let mut far = Object::default();
        far.push("title".to_owned(), Value::String(Cow::Borrowed("WiFi password")));
        for (key, value) in data(100).iter_mut().take(100) {
            far.push(key.to_string(), value.clone());
        }
        far.push("text".to_owned(), Value::String(Cow::Borrowed("hunter2x")));
        assert_eq!(redact_members(&engine, &mut far), 1);
    }
}

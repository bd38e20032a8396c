//! Secrets that one member names and another one holds: a title `WiFi password` above a text `hunter2x`.
//!
//! The two are put together as the vault shows them, and what is found in the second one is replaced there.

use std::borrow::Cow;

use openclone_core::json::{Object, Value};

use crate::engine::Engine;
use crate::marker;
use crate::words::head;

/// The longest text that can be a label, in bytes.
const LABEL: usize = 80;
/// Bytes of a value that are looked at.
const SHOWN: usize = 256;
/// Labels of one object or list that are tried.
const LABELS: usize = 2;
/// Members that a label is always tried on: bodies, then the nearest.
const NEAREST: usize = 6;
/// Bytes looked at behind one label for each byte of the object, beyond the nearest members: the bound that keeps the time
/// linear. A label of some words is tried on all members; one as long as a label may be, above many short members, on some.
const EFFORT: usize = 4;
/// Members that an item shows directly behind its title or sender.
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
    if labels.is_empty() {
        return 0;
    }
    let bytes = data.iter().map(|(key, value)| key.len() + length(value)).sum();
    let mut members: Vec<Member<'_, '_>> = members(data).collect();
    let mut count = 0;
    for (labelled, label) in labels {
        for member in tried(labelled, &label, &mut members, bytes) {
            count += redact_text(engine, &label, member.text, member.is_body);
        }
    }
    count
}

/// A member with a text: where it stands, its text, and whether an item shows it directly behind its title.
struct Member<'a, 'b> {
    index: usize,
    is_body: bool,
    text: &'a mut Cow<'b, str>,
}

fn members<'a, 'b>(data: &'a mut Object<'b>) -> impl Iterator<Item = Member<'a, 'b>> {
    data.iter_mut()
        .enumerate()
        .filter_map(|(index, (key, value))| match value {
            Value::String(text) => Some(Member {
                index,
                is_body: BODIES.contains(&key.as_ref()),
                text,
            }),
            _ => None,
        })
}

/// The members that `label`, the text of member `labelled`, can name in an object of `bytes`: bodies, then the nearest.
fn tried<'m, 'a, 'b>(
    labelled: usize,
    label: &str,
    members: &'m mut [Member<'a, 'b>],
    bytes: usize,
) -> impl Iterator<Item = &'m mut Member<'a, 'b>> {
    members.sort_by_key(|member| (!member.is_body, member.index.abs_diff(labelled)));
    let mut left = EFFORT * bytes;
    members
        .iter_mut()
        .filter(move |member| member.index != labelled)
        .enumerate()
        .take_while(move |(rank, member)| {
            let cost = cost(label, member);
            let affordable = cost <= left;
            left = left.saturating_sub(cost);
            affordable || *rank < NEAREST
        })
        .map(|(_, member)| member)
}

/// Bytes looked at to try `label` on a member: a body is tried with it on the line before and on the same line.
fn cost(label: &str, member: &Member<'_, '_>) -> usize {
    (label.len() + member.text.len().min(SHOWN)) * if member.is_body { 2 } else { 1 }
}

fn length(value: &Value<'_>) -> usize {
    match value {
        Value::String(text) => text.len(),
        _ => 0,
    }
}

/// Redacts items of a list that the item before names.
pub(super) fn redact_items(engine: &Engine, items: &mut [Value<'_>]) -> u32 {
    let mut count = 0;
    for index in 1..items.len() {
        if let Some(label) = label(engine, &items[index - 1])
            && let Value::String(text) = &mut items[index]
        {
            count += redact_text(engine, &label, text, true);
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
    // The name in a marker names nothing, so the engine need not be asked.
    if name.is_empty() || name.len() > LABEL || name.contains(marker::OPEN) {
        return None;
    }
    // Short names count only with what follows them.
    engine
        .mentions_name(&[name, ": "].concat())
        .then(|| name.to_owned())
}

fn redact_text(engine: &Engine, label: &str, text: &mut Cow<'_, str>, body: bool) -> u32 {
    let shown = head(text, SHOWN);
    let mut span = found_behind(engine, label, "\n", shown);
    if body && span.is_none() {
        span = found_behind(engine, label, ": ", shown);
    }
    let Some((range, marker)) = span else { return 0 };
    let redacted = format!("{}{marker}{}", &text[..range.start], &text[range.end..]);
    *text = Cow::Owned(redacted);
    1
}

/// The secret that begins the value behind `label` and `link`, and its marker.
fn found_behind(
    engine: &Engine,
    label: &str,
    link: &str,
    value: &str,
) -> Option<(std::ops::Range<usize>, String)> {
    let joined = [label, link, value].concat();
    let from = joined.len() - value.len();
    let span = engine
        .locate(&joined)
        .into_iter()
        .find(|secret| secret.start >= from)?;
    let own = engine.locate(value);
    let start = span.start - from;
    let known = own
        .iter()
        .any(|secret| secret.start <= start && start < secret.end);
    (!known).then(|| (start..span.end - from, marker::marker(span.rule)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn text(text: &str) -> Value<'static> {
        Value::String(Cow::Owned(text.to_owned()))
    }

    /// A title, `between` short members, and what it may name.
    fn object(title: &str, between: usize, key: &str, named: &str) -> Object<'static> {
        let mut data = Object::default();
        data.push("title".to_owned(), text(title));
        for index in 0..between {
            data.push(format!("k{index}"), text(&format!("v{index}")));
        }
        data.push(key.to_owned(), text(named));
        data
    }

    fn redacted(mut data: Object<'static>) -> u32 {
        let engine = Engine::new(&crate::RedactConfig::default(), &[]).unwrap();
        redact_members(&engine, &mut data)
    }

    #[test]
    fn a_usual_label_names_members_however_far_away() {
        for between in [0, 5, 8, 9, 20, 100] {
            for key in ["answer", "text"] {
                let data = object("WiFi password", between, key, "hunter2x");
                assert_eq!(redacted(data), 1, "{key} behind {between} members");
            }
        }
    }

    #[test]
    fn a_long_label_names_near_members_and_bodies() {
        let label = "the office router has this WiFi password";
        assert_eq!(redacted(object(label, 5, "answer", "hunter2x")), 1);
        assert_eq!(redacted(object(label, 1000, "text", "hunter2x")), 1);
    }

    #[test]
    fn the_bytes_looked_at_are_linear_in_those_of_the_object() {
        let label = format!("{} password", "long ".repeat(14));
        let mut data = object(&label, 1000, "answer", "hunter2x");
        let bytes: usize = data.iter().map(|(key, value)| key.len() + length(value)).sum();
        // To try all of them would take more.
        assert!(1000 * label.len() > 2 * EFFORT * bytes);
        let mut members: Vec<_> = members(&mut data).collect();
        let looked_at = tried(0, &label, &mut members, bytes).map(|member| cost(&label, member));
        assert!(looked_at.sum::<usize>() <= EFFORT * bytes);
    }
}

//! Violations of a request in the format that plugins written for the original backend parse.
//!
//! `{"detail": [{"type", "loc", "msg", "input", "ctx"?}]}`. `input` echoes the bad value (for a missing member, the object
//! that lacks it) with secrets replaced, cut to 256 bytes.

mod echo;
mod wording;

use std::{borrow::Cow, time::SystemTime};

use openclone_core::validate::{MAX_VIOLATIONS, Rule, Segment, Violation};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::{
    batch::{self, DecodedBatch},
    options::Redact,
};
use echo::{Locator, SHOWN, cut, echo, echo_text};
pub(crate) use wording::SEMVER_PATTERN;
use wording::wording;

/// One violation as it is written.
#[derive(Serialize)]
struct Item {
    r#type: &'static str,
    loc: Vec<Value>,
    msg: String,
    input: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<Value>,
}

/// All violations of a batch, those of its types and those of its rules, in field order.
pub(crate) fn of_batch(decoded: DecodedBatch, now: SystemTime) -> Vec<Violation> {
    let DecodedBatch {
        batch,
        mut violations,
        event_count,
    } = decoded;
    let mut rules = openclone_client::validate(&batch, now);
    batch::set_event_count(&mut rules, event_count);
    violations.extend(rules);
    // A field has violations of one sort only, so a stable sort by field keeps the order inside each.
    violations.sort_by_cached_key(|violation| rank(&violation.path));
    violations.truncate(MAX_VIOLATIONS);
    violations
}

/// The position of a field among all fields of a batch.
fn rank(path: &[Segment]) -> (usize, usize, usize) {
    let position = |segment: Option<&Segment>, fields: &[&str]| match segment {
        Some(Segment::Field(name)) => fields
            .iter()
            .position(|field| field == name)
            .unwrap_or(fields.len()),
        _ => 0,
    };
    let index = match path.get(1) {
        Some(Segment::Index(index)) => index + 1,
        _ => 0,
    };
    let fields = [
        "source_type",
        "platform",
        "device_id",
        "plugin_id",
        "plugin_version",
        "timestamp",
        "events",
    ];
    (
        position(path.first(), &fields),
        index,
        position(path.get(2), &["timestamp", "data", "raw_ref"]),
    )
}

/// The body of a response that lists `violations` of the JSON text `body`.
pub(crate) fn render(violations: &[Violation], body: &str, redact: Option<&Redact>) -> String {
    let mut locator = Locator::new(body);
    let items = violations.iter().map(|violation| {
        let shown = match violation.rule {
            Rule::Missing => &violation.path[..violation.path.len().saturating_sub(1)],
            _ => &violation.path,
        };
        let input = locator.find(shown).map_or_else(null, |span| echo(&span, redact));
        item("body", violation, input, redact)
    });
    detail(items.collect())
}

/// The body of a response about one parameter of the query.
pub(crate) fn render_query(name: &'static str, rule: Rule, value: &str, redact: Option<&Redact>) -> String {
    let violation = Violation {
        path: vec![name.into()],
        rule,
    };
    detail(vec![item("query", &violation, echo_text(value, redact), redact)])
}

/// The body of a response to a request without a body, or with `null`.
pub(crate) fn render_missing() -> String {
    detail(vec![item("body", &of_whole_body(Rule::Missing), null(), None)])
}

/// The body of a response to a request whose body is not JSON by its content type.
pub(crate) fn render_not_an_object(body: &str, redact: Option<&Redact>) -> String {
    let violation = of_whole_body(Rule::ModelType);
    detail(vec![item("body", &violation, echo_text(body, redact), redact)])
}

/// The body of a response to a request whose body breaks the grammar of JSON at the byte `offset`.
pub(crate) fn render_syntax(body: &str, offset: usize, reason: &'static str) -> String {
    let characters = body.get(..offset).map_or(offset, |before| before.chars().count());
    detail(vec![Item {
        r#type: "json_invalid",
        loc: vec![json!("body"), json!(characters)],
        msg: "JSON decode error".to_owned(),
        input: RawValue::from_string("{}".to_owned()).unwrap_or_default(),
        ctx: Some(json!({ "error": reason })),
    }])
}

const fn of_whole_body(rule: Rule) -> Violation {
    Violation {
        path: Vec::new(),
        rule,
    }
}

fn item(root: &str, violation: &Violation, input: Box<RawValue>, redact: Option<&Redact>) -> Item {
    let segment = |segment: &Segment| match segment {
        Segment::Field(name) => {
            let name = cut(name, SHOWN);
            json!(redact.map_or(Cow::Borrowed(name), |redact| redact(name)))
        }
        Segment::Index(index) => json!(index),
        Segment::Key => json!("[key]"),
    };
    let loc = std::iter::once(json!(root))
        .chain(violation.path.iter().map(segment))
        .collect();
    let (r#type, msg, ctx) = wording(&violation.rule);
    Item {
        r#type,
        loc,
        msg,
        input,
        ctx,
    }
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

fn detail(items: Vec<Item>) -> String {
    #[derive(Serialize)]
    struct Detail {
        detail: Vec<Item>,
    }
    // Strings, numbers and checked JSON always serialize.
    serde_json::to_string(&Detail { detail: items }).unwrap_or_default()
}

#[cfg(test)]
mod tests;

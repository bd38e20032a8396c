//! Faults of a request in the shape that plugins written for the original backend parse.
//!
//! `{"detail": [{"type", "loc", "msg", "input", "ctx"?}]}`. `input` echoes the bad value (of a missing member: the object
//! that lacks it), secrets replaced, cut to 256 bytes.

mod echo;
mod told;
mod wording;

use std::{ops::Range, time::SystemTime};

use openclone_client::{Rule, Segment, Violation, validate::MAX_VIOLATIONS};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::{batch::Decoded, options::Redact};
use echo::{Locator, echo, echo_text};
pub(crate) use wording::SEMVER_PATTERN;
use wording::wording;

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// Where, from the body (or the query) inwards.
    pub(crate) path: Vec<Segment>,
    /// What is wrong.
    pub(crate) kind: Kind,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// It breaks a rule of the batch.
    Rule(Rule),
    /// It is no string.
    StringType,
    /// It is a string with half a surrogate pair, which no UTF-8 can hold.
    StringUnicode,
    /// It is nothing that a UUID can be read from.
    UuidType,
    /// It is no number.
    FloatType,
    /// It is a string that is no number.
    FloatParsing,
    /// It is no list.
    ListType,
    /// It is no object.
    ModelType,
    /// It was refused by the service for a reason that the gateway does not see.
    Other(String),
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self {
            path: violation.path,
            kind: Kind::Rule(violation.rule),
        }
    }
}

/// One fault as it is written.
#[derive(Serialize)]
struct Item {
    r#type: &'static str,
    loc: Vec<Value>,
    msg: String,
    input: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<Value>,
}

/// All faults of a batch, those of its types and those of its rules, in the order of the fields.
pub(crate) fn of_batch(decoded: Decoded, now: SystemTime) -> Vec<Fault> {
    let Decoded {
        batch,
        mut faults,
        event_count,
    } = decoded;
    let mut violations = openclone_client::validate(&batch, now);
    for violation in &mut violations {
        if let Rule::TooManyEvents { actual } = &mut violation.rule {
            *actual = event_count;
        }
    }
    faults.extend(violations.into_iter().map(Fault::from));
    // A field has faults of one sort only, so a stable sort by field keeps the order inside each.
    faults.sort_by_cached_key(|fault| rank(&fault.path));
    faults.truncate(MAX_VIOLATIONS);
    faults
}

/// The place of a field among all fields of a batch.
fn rank(path: &[Segment]) -> (usize, usize, usize) {
    let place = |segment: Option<&Segment>, fields: &[&str]| match segment {
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
        place(path.first(), &fields),
        index,
        place(path.get(2), &["timestamp", "data", "raw_ref"]),
    )
}

/// The body of an answer that lists `faults` of the JSON text `body`.
pub(crate) fn render(faults: &[Fault], body: &str, redact: Option<&Redact>) -> String {
    let mut locator = Locator::new(body);
    let items = faults.iter().map(|fault| {
        let is_missing = fault.kind == Kind::Rule(Rule::Missing);
        let shown = match is_missing {
            true => &fault.path[..fault.path.len().saturating_sub(1)],
            false => &fault.path,
        };
        let input = locator.find(shown).map_or_else(null, |span| echo(&span, redact));
        item("body", fault, input, redact)
    });
    detail(items.collect())
}

/// The body of an answer about one parameter of the query.
pub(crate) fn render_query(name: &'static str, kind: Kind, value: &str, redact: Option<&Redact>) -> String {
    let fault = Fault {
        path: vec![name.into()],
        kind,
    };
    detail(vec![item("query", &fault, echo_text(value, redact), redact)])
}

/// The body of an answer to a request that has no body, or `null`.
pub(crate) fn render_missing() -> String {
    let fault = Fault {
        path: Vec::new(),
        kind: Kind::Rule(Rule::Missing),
    };
    detail(vec![item("body", &fault, null(), None)])
}

/// The body of an answer to a request whose body is not read as JSON.
pub(crate) fn render_no_object(body: &str, redact: Option<&Redact>) -> String {
    let fault = Fault {
        path: Vec::new(),
        kind: Kind::ModelType,
    };
    detail(vec![item("body", &fault, echo_text(body, redact), redact)])
}

/// The body of an answer to a request whose body breaks the grammar of JSON at the byte `at`.
pub(crate) fn render_syntax(body: &str, at: usize, reason: &'static str) -> String {
    let before: Range<usize> = 0..at;
    let characters = body.get(before).map_or(at, |text| text.chars().count());
    let ctx = json!({ "error": reason });
    let loc = vec![json!("body"), json!(characters)];
    let input = RawValue::from_string("{}".to_owned()).unwrap_or_default();
    let msg = "JSON decode error".to_owned();
    detail(vec![Item {
        r#type: "json_invalid",
        loc,
        msg,
        input,
        ctx: Some(ctx),
    }])
}

fn item(root: &str, fault: &Fault, input: Box<RawValue>, redact: Option<&Redact>) -> Item {
    let segment = |segment: &Segment| match segment {
        Segment::Field(name) => json!(redact.map_or_else(|| name.as_ref().into(), |redact| redact(name))),
        Segment::Index(index) => json!(index),
        Segment::Key => json!("[key]"),
    };
    let loc = std::iter::once(json!(root))
        .chain(fault.path.iter().map(segment))
        .collect();
    let (r#type, msg, ctx) = wording(&fault.kind);
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
    // Strings, numbers and checked JSON: there is nothing in it that could fail.
    serde_json::to_string(&Detail { detail: items }).unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! Secrets that a name declares: `password: hunter2`, `API_KEY ?= "…"`, `<token>…</token>`, a name above its value.
//!
//! Prose speaks about passwords without telling them ("password: the one you know"), and code names secrets without
//! containing them (`lastToken = firstToken`), so a value has to qualify: see [`judge`]. Every look around a name is
//! bounded, so the time is linear in the text.

mod judge;
mod link;
mod table;
mod value;

use crate::marker;
use crate::rules::Name;
use link::By;
use std::ops::Range;

/// What a member's key says of its value, as one pair.
pub(crate) use judge::{is_declared_number, is_declared_text};
pub(crate) use link::whole_key;

/// Bytes of a text around a name that are looked at, at most.
pub(crate) const REACH: usize = 240;

/// The secret that the name at `at` declares, if there is one.
pub(crate) fn find(text: &str, at: usize, name: &Name) -> Option<Range<usize>> {
    let name_end = at
        + name
            .text
            .trim_end_matches([':', '=', ' ', '"', '\'', '_', '\n'])
            .len();
    let link = link::after(text, at, name_end, name)?;
    let range = match link.by {
        By::Column | By::Line => table::value_of(text, at, &link)?,
        // What an earlier pass has replaced is most of what a second pass meets.
        _ if text[link.at..].starts_with(marker::OPEN) => return None,
        _ => value::at(text, &link)
            .filter(|value| judge::is_secret(name.kind, &link, value, &text[at..name_end]))?
            .whole(text),
    };
    (!range.is_empty()).then_some(range)
}

//! The one place where the bytes of a daily file are made.
//!
//! Foreign text has two ways in, [`Markdown::text`] and [`Markdown::lines`], and both escape; everything else takes
//! literals or types that have only harmless forms. Each piece of foreign text stands behind a literal that ends in
//! a space or an opening bracket, and escaping treats a piece's end as hostile, so that nothing arises at a seam.

use std::borrow::Cow;

use super::{
    escape::{Start, escape_line},
    normalise::clean,
    url::Destination,
};
use crate::{day::LocalTime, event_id::EventId, value::Number};

/// Markdown of ours, growing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Markdown {
    bytes: Vec<u8>,
}

/// What stands in front of each further line of a text: the indentation of our list item.
const NEXT_LINE: &str = "\n  ";

impl Markdown {
    /// Nothing yet, with room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
        }
    }

    /// Appends a literal of ours as it is.
    pub(crate) fn literal(&mut self, literal: &'static str) {
        self.bytes.extend_from_slice(literal.as_bytes());
    }

    /// Appends what has been made before.
    pub(crate) fn append(&mut self, made: &Self) {
        self.bytes.extend_from_slice(&made.bytes);
    }

    /// Appends foreign text on one line: each break, and the blank lines and spaces around it, become one space.
    pub(crate) fn text(&mut self, foreign: &str) {
        self.assert_boundary();
        let clean = clean(foreign);
        escape_line(&mut self.bytes, &on_one_line(&clean), Start::Within);
    }

    /// Appends foreign text, its further lines indented as ours, without blank lines.
    pub(crate) fn lines(&mut self, foreign: &str) {
        self.assert_boundary();
        let clean = clean(foreign);
        for (index, line) in inked(&clean).enumerate() {
            if index > 0 {
                self.literal(NEXT_LINE);
            }
            let start = if index > 0 { Start::Line } else { Start::Within };
            escape_line(&mut self.bytes, line, start);
        }
    }

    /// Appends a member's key that `layout::is_field_name` takes. Unlike text it keeps a `_` between letters or
    /// digits, where it cannot begin emphasis: Dataview's users would otherwise ask for `app\_name`.
    pub(crate) fn field_name(&mut self, name: &str) {
        let bytes = name.as_bytes();
        let alphanumeric = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        for (at, &byte) in bytes.iter().enumerate() {
            let harmless = byte == b'-' || byte.is_ascii_alphanumeric();
            let joins_words = byte == b'_' && at > 0 && alphanumeric(at - 1) && alphanumeric(at + 1);
            if !harmless && !joins_words {
                self.bytes.push(b'\\');
            }
            self.bytes.push(byte);
        }
    }

    /// Appends a number's digits.
    pub(crate) fn number(&mut self, number: &Number<'_>) {
        self.bytes.extend_from_slice(number.as_str().as_bytes());
    }

    /// Appends a link's destination.
    pub(super) fn destination(&mut self, destination: &Destination) {
        self.bytes.extend_from_slice(destination.as_str().as_bytes());
    }

    /// Appends ` ^oc-<id>` and a line feed.
    pub(crate) fn block_id(&mut self, id: EventId) {
        self.literal(" ^oc-");
        self.bytes.extend_from_slice(&id.to_text());
        self.literal("\n");
    }

    /// Appends `HH:MM:SS`.
    pub(crate) fn time(&mut self, time: LocalTime) {
        let second = time.second_of_day();
        self.two_digits(second / 3600);
        self.literal(":");
        self.two_digits(second / 60 % 60);
        self.literal(":");
        self.two_digits(second % 60);
    }

    /// Appends an offset from UTC: `+HH:MM`.
    pub(crate) fn offset(&mut self, seconds: i32) {
        self.literal(if seconds < 0 { "-" } else { "+" });
        let minutes = seconds.unsigned_abs() / 60;
        self.two_digits(minutes / 60);
        self.literal(":");
        self.two_digits(minutes % 60);
    }

    /// Appends a date: `YYYY-MM-DD`.
    pub(crate) fn date(&mut self, date: jiff::civil::Date) {
        let year = u32::from(date.year().unsigned_abs());
        self.literal(if date.year() < 0 { "-" } else { "" });
        self.two_digits(year / 100);
        self.two_digits(year % 100);
        self.literal("-");
        self.two_digits(u32::from(date.month().unsigned_abs()));
        self.literal("-");
        self.two_digits(u32::from(date.day().unsigned_abs()));
    }

    /// Appends `HH:MM`.
    pub(crate) fn hour_and_minute(&mut self, time: jiff::civil::Time) {
        self.two_digits(u32::from(time.hour().unsigned_abs()));
        self.literal(":");
        self.two_digits(u32::from(time.minute().unsigned_abs()));
    }

    /// Appends a name as it is if YAML reads it as a string; quoted otherwise.
    pub(super) fn yaml_string(&mut self, name: &str) {
        if is_plain_yaml(name) {
            return self.bytes.extend_from_slice(name.as_bytes());
        }
        self.literal("\"");
        for character in name.chars().filter(|character| !character.is_control()) {
            if matches!(character, '"' | '\\') {
                self.literal("\\");
            }
            let mut utf8 = [0; 4];
            self.bytes
                .extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        self.literal("\"");
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes, which are UTF-8.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn two_digits(&mut self, number: u32) {
        let digit = |digit: u32| b'0' + u8::try_from(digit % 10).unwrap_or_default();
        self.bytes.extend_from_slice(&[digit(number / 10), digit(number)]);
    }

    fn assert_boundary(&self) {
        debug_assert!(
            matches!(self.bytes.last(), Some(b' ' | b'(' | b'[')),
            "foreign text behind {:?}",
            self.bytes.last()
        );
    }
}

/// Whether YAML reads the name of a zone as a string without quotes.
fn is_plain_yaml(name: &str) -> bool {
    const OTHER_TYPES: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"];
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'+' | b'-'))
        && !OTHER_TYPES.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// Whether anything of `foreign` would be seen.
pub(super) fn is_blank(foreign: &str) -> bool {
    let first = foreign.bytes().next();
    // Nearly every text begins with a letter.
    !first.is_some_and(|byte| byte.is_ascii_graphic()) && inked(&clean(foreign)).next().is_none()
}

/// The lines with something on them, trimmed.
fn inked(clean: &str) -> impl Iterator<Item = &str> {
    clean.split('\n').map(str::trim).filter(|line| !line.is_empty())
}

fn on_one_line(clean: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\n', clean.as_bytes()).is_none() {
        return Cow::Borrowed(clean.trim());
    }
    let mut line = String::with_capacity(clean.len());
    for part in inked(clean) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(part);
    }
    Cow::Owned(line)
}

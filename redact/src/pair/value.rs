//! The value behind a name.

use std::ops::Range;

use super::link::{By, Link};
use crate::words::{JUDGED, head};

/// A value, or the beginning of a long one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    pub(crate) text: &'a str,
    start: usize,
    closer: Option<&'static str>,
    pub(crate) quoted: bool,
    /// Nothing but punctuation follows on its line.
    pub(crate) last: bool,
    /// The byte behind it.
    pub(crate) next: Option<u8>,
}

impl Value<'_> {
    /// All bytes of the value. Only a value that is redacted is read to its end.
    pub(crate) fn whole(&self, text: &str) -> Range<usize> {
        let judged_to_its_end = self.start + self.text.len() < text.len() && self.text.len() + 4 < JUDGED;
        if judged_to_its_end || self.closer.is_some() {
            return self.start..self.start + self.text.len();
        }
        let rest = &text[self.start..];
        self.start..self.start + trim_end(&rest[..bare_end(rest)]).len()
    }
}

/// Bytes in which the end of a quoted value is searched for.
const QUOTED: usize = 256;

/// Opening quotes and what closes them. Escaped ones come first.
const QUOTES: &[(&str, &str)] = &[
    ("\\\"", "\\\""),
    ("\\'", "\\'"),
    ("\"\"\"", "\"\"\""),
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("“", "”"),
    ("„", "“"),
    ("«", "»"),
    ("‘", "’"),
];
/// Words of a header between name and value.
const SCHEMES: &[&str] = &["bearer ", "basic ", "token ", "apikey ", "api-key "];

/// The value at the end of `link`.
pub(crate) fn at<'a>(text: &'a str, link: &Link) -> Option<Value<'a>> {
    let mut start = link.at;
    if let Some(scheme) = SCHEMES.iter().find(|scheme| {
        text.get(start..start + scheme.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(scheme))
    }) {
        start += scheme.len();
    }
    let rest = &text[start..];
    // A prefix of a literal: b'…', r"…", @"…".
    let prefix = rest.as_bytes().first().filter(|&&byte| {
        b"bBrRfFuU@$".contains(&byte) && matches!(rest.as_bytes().get(1), Some(b'"' | b'\''))
    });
    start += usize::from(prefix.is_some());
    let opener = QUOTES.iter().find(|(open, _)| text[start..].starts_with(open));
    if let Some((open, close)) = opener
        && let Some(value) = quoted(text, start + open.len(), close)
    {
        return Some(value);
    }
    if link.by == By::Comma {
        return None;
    }
    start += opener.map_or(0, |(open, _)| open.len());
    Some(bare(text, start))
}

fn quoted<'a>(text: &'a str, start: usize, close: &'static str) -> Option<Value<'a>> {
    let window = head(&text[start..], QUOTED);
    let line = &window[..line_end(window)];
    if let Some(end) = line.find(close) {
        return Some(Value {
            text: &line[..end],
            start,
            closer: Some(close),
            quoted: true,
            last: false,
            next: None,
        });
    }
    None
}

fn bare(text: &str, start: usize) -> Value<'_> {
    let window = head(&text[start..], JUDGED);
    let value = trim_end(&window[..bare_end(window)]);
    let rest = &window[value.len()..];
    let mut of_line = rest.chars().take_while(|c| !matches!(c, '\n' | '\r'));
    Value {
        text: value,
        start,
        closer: None,
        quoted: false,
        last: !of_line.any(char::is_alphanumeric),
        next: rest.bytes().next().filter(|byte| !matches!(byte, b'\n' | b'\r')),
    }
}

fn line_end(text: &str) -> usize {
    text.bytes()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .unwrap_or(text.len())
}

/// A bare value ends at white space, a quote or `<`, at an escaped line end, and before the next pair of a list.
fn bare_end(line: &str) -> usize {
    let bytes = line.as_bytes();
    let ends = |(at, c): (usize, char)| match c {
        '"' | '\'' | '`' | '<' | '“' | '”' | '«' | '»' => at > 0,
        '\\' => matches!(bytes.get(at + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'' | b'\\')),
        ',' | ';' | '&' => next_pair(&line[at + 1..]),
        '|' => at > 0 && bytes[at - 1] == b' ',
        _ => c.is_whitespace(),
    };
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        // Most bytes of a value are these, and a character is slow to decode.
        if byte.is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let Some(c) = line[at..].chars().next().filter(|&c| !ends((at, c))) else {
            return at;
        };
        at += c.len_utf8();
    }
    at
}

/// Whether `rest` starts with `name=` or `name:`.
fn next_pair(rest: &str) -> bool {
    let part =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'"' | b'\'' | b' ');
    let name = rest
        .as_bytes()
        .iter()
        .take(40)
        .take_while(|byte| part(byte))
        .count();
    name > 0 && matches!(rest.as_bytes().get(name), Some(b'=' | b':'))
}

/// Without the punctuation of the sentence around it.
fn trim_end(value: &str) -> &str {
    value.trim_end_matches([
        '.', ',', ';', ':', ')', ']', '}', '>', '"', '\'', '`', '*', '|', '…', '\\',
    ])
}

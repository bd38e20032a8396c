//! Private keys in PEM armour, whole or cut off.

use regex::Regex;

use super::pair::head;
use super::strength::looks_random;

/// The first line of a private key.
pub(super) const HEADER: &str = r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----";

const FOOTER: &str = "-----END ";
/// An RSA key of 16,384 bits has 12,700 bytes.
const LONGEST: usize = 16 * 1024;
/// Base64 characters in a row that are no word of prose.
const RUN: usize = 16;

/// Calls `found` with the bytes of each private key, from its first line to its last one, or to the end of what is
/// left of it.
pub(super) fn find(header: &Regex, text: &str, mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    while let Some(first) = header.find_at(text, at) {
        at = first.end();
        let end = footer_end(text, first.end()).unwrap_or_else(|| body_end(text, first.end()));
        if end > first.end() {
            found(first.start(), end);
            at = end;
        }
    }
}

fn footer_end(text: &str, from: usize) -> Option<usize> {
    let footer = from + head(&text[from..], LONGEST).find(FOOTER)?;
    let line = &text[footer + FOOTER.len()..];
    let label = line
        .bytes()
        .take_while(|b| *b == b' ' || b.is_ascii_uppercase() || b.is_ascii_digit())
        .count();
    let dashes = line.bytes().skip(label).take_while(|b| *b == b'-').count();
    Some(footer + FOOTER.len() + label + dashes)
}

/// Runs of base64 parted by white space or escaped line ends; `from` if there is none. The last line may be short, but
/// then it has to look like no word.
fn body_end(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = from;
    loop {
        let (skipped, new_line) = gap(&bytes[end..]);
        let start = end + skipped;
        let length = bytes[start..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b))
            .count();
        let run = &text[start..start + length];
        let last = end > from && new_line && (run.ends_with('=') || looks_random(run));
        if length < RUN && !last {
            return end;
        }
        end = start + length;
    }
}

/// How many bytes part two lines, and whether a line end is among them.
fn gap(bytes: &[u8]) -> (usize, bool) {
    let (mut at, mut new_line) = (0, false);
    loop {
        match &bytes[at..] {
            [b'\\', b'n' | b'r', ..] => (at, new_line) = (at + 2, true),
            [b'\n' | b'\r', ..] => (at, new_line) = (at + 1, true),
            [byte, ..] if byte.is_ascii_whitespace() => at += 1,
            _ => return (at, new_line),
        }
    }
}

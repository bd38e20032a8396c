//! Private keys in PEM armour, whole or cut off.

use crate::words::{head, looks_random};
use std::ops::Range;

/// The first bytes of an armour.
pub(crate) const BEGIN: &str = "-----begin ";

const FOOTER: &str = "-----END ";
/// An RSA key of 16,384 bits has 12,700 bytes.
const LONGEST: usize = 16 * 1024;
/// Base64 characters in a row that are no word of prose.
const RUN: usize = 16;

/// Finds footers without reading any byte of the text twice.
#[derive(Debug, Default)]
pub(crate) struct Footers {
    /// The first footer at or after the last position that was asked for.
    next: Option<usize>,
    searched: bool,
}

impl Footers {
    fn after(&mut self, text: &str, from: usize) -> Option<usize> {
        if !self.searched || self.next.is_some_and(|next| next < from) {
            self.next = text[from..].find(FOOTER).map(|at| from + at);
            self.searched = true;
        }
        self.next.filter(|&next| next - from <= LONGEST)
    }
}

/// The private key whose first line begins at `at`, up to its last line, or to the end of what is left of it.
pub(crate) fn find(text: &str, at: usize, footers: &mut Footers) -> Option<Range<usize>> {
    let first = at + header_length(&text[at..])?;
    let body = body_end(text, first);
    let end = footers
        .after(text, first)
        .filter(|&footer| has_key_material(text, first, footer))
        .map_or(body, |footer| footer_end(text, footer));
    (end > first).then_some(at..end)
}

/// The length of `-----BEGIN … PRIVATE KEY-----`.
fn header_length(text: &str) -> Option<usize> {
    let line = head(text, 128);
    let label = &line[BEGIN.len()..];
    let end = label.find("-----")?;
    let words = &label[..end];
    let known = words
        .bytes()
        .all(|b| b == b' ' || b.is_ascii_uppercase() || b.is_ascii_digit());
    let private = words.ends_with("PRIVATE KEY") || words.ends_with("PRIVATE KEY BLOCK");
    (known && private).then_some(BEGIN.len() + end + 5)
}

/// Whether base64 stands between header and footer, and not just a sentence.
fn has_key_material(text: &str, from: usize, to: usize) -> bool {
    let window = head(&text[from..to], 1024);
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    window
        .as_bytes()
        .split(|byte| !base64(*byte))
        .any(|run| run.len() >= RUN)
}

fn footer_end(text: &str, footer: usize) -> usize {
    let line = &text[footer + FOOTER.len()..];
    let label = line
        .bytes()
        .take_while(|b| *b == b' ' || b.is_ascii_uppercase() || b.is_ascii_digit())
        .count();
    let dashes = line.bytes().skip(label).take_while(|b| *b == b'-').count();
    footer + FOOTER.len() + label + dashes
}

/// Runs of base64 with white space or escaped line ends between them; `from` if there is none. The last line may be
/// short, but then it has to look like no word.
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

/// How many bytes separate two lines, and whether a line end is among them.
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

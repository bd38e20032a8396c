//! What stands between a name and its value.

use super::REACH;
use crate::rules::{Edge, Kind, Name};
use crate::words::head;

/// How a name is tied to its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// `=`, `:=`, `?=`, `=>` and their like.
    Assign,
    /// `:`, or `key="name" value="…"`.
    Colon,
    /// The start tag of an element.
    Element,
    /// The comma of a call: `put("name", "value")`.
    Comma,
    /// A verb of prose, or a dash.
    Is,
    /// A wide space or a bar in a table.
    Column,
    /// The end of the line.
    Line,
}

/// Where the value begins, and what was read before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) by: By,
    /// The end of the name with its suffix.
    pub(crate) name_end: usize,
    /// The first byte that may belong to the value, its opening quote included.
    pub(crate) at: usize,
    /// White space stands between name and `=`.
    pub(crate) spaced: bool,
    /// A line end stands between the operator and the value.
    pub(crate) crossed: bool,
}

/// Suffixes that make the name of a secret the name of something else.
#[rustfmt::skip]
const OTHER: &[&str] = &[
    "age", "algorithm", "attempt", "attempts", "auth", "authsource", "budget", "button", "case", "change", "changed", "chars",
    "class", "code", "confirmation", "count", "created", "date", "days", "description", "dialog", "error", "errors", "event",
    "exp", "expired", "expires", "expiry", "field", "file", "filename", "fn", "form", "format", "generator", "handler", "hash",
    "header", "help", "hint", "icon", "id", "ids", "index", "info", "input", "is", "issuer", "kind", "label", "len", "length",
    "level", "limit", "list", "location", "manager", "map", "max", "message", "min", "mode", "name", "names", "number", "of",
    "page", "param", "path", "pattern", "placeholder", "policy", "pressed", "prefix", "prompt", "provider", "regex", "required",
    "reset", "rotation", "rule", "rules", "scope", "screen", "service", "set", "size", "source", "state", "status", "store",
    "strength", "text", "time", "title", "ttl", "type", "types", "uri", "url", "usage", "used", "valid", "validation",
    "validator", "vault", "version", "visible", "word", "words", "at", "in", "for",
];
/// Words before `key` that make it no secret.
#[rustfmt::skip]
const PUBLIC: &[&str] = &["public", "pub", "primary", "foreign", "sort", "partition", "cache", "issuer", "public_", "publishable"];
/// Bytes of what a secret is for, at most.
const PURPOSE: usize = 48;
/// Words that introduce what a secret is for.
#[rustfmt::skip]
const PREPOSITIONS: &[&str] = &["for", "of", "to", "del", "de", "do", "da", "du", "pour", "para", "von", "für", "zum", "от", "для", "к"];
/// Words between name and value in prose.
#[rustfmt::skip]
const VERBS: &[&str] = &["is", "is:", "was", "es", "era", "ist", "lautet", "lautet:", "est", "é", "är", "jest", "-", "–", "—", "->", "→"];
/// Types that a declaration puts between name and `=`.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "string", "String", "str", "&str", "&'static", "char*", "char", "text", "std::string", "NSString", "varchar", "Secret", "bytes", "any",
];

/// Reads on from a name; `None` if it is not one, or nothing ties it to a value.
pub(crate) fn after(text: &str, at: usize, name_end: usize, name: &Name) -> Option<Link> {
    let bytes = text.as_bytes();
    if !begins_well(text, at, name) {
        return None;
    }
    let name_end = suffix_end(text, name_end)?;
    let (closed, quoted) = closers(bytes, name_end);
    let qualified = purpose_end(text, qualifier_end(bytes, closed));
    let (from, spaces) = skip_blanks(bytes, qualified, 12);
    let (by, end) = operator(text, at, from, spaces, quoted)?;
    let link = |by, at, crossed| Link {
        by,
        name_end,
        at,
        spaced: spaces > 0,
        crossed,
    };
    if matches!(by, By::Column | By::Line) {
        return Some(link(by, end, false));
    }
    let (start, crossed) = match by {
        By::Colon | By::Element | By::Comma => skip_space(bytes, end, 48),
        _ => (skip_blanks(bytes, end, 12).0, false),
    };
    Some(link(by, start, crossed))
}

/// Whether `key` as a whole is a name of secrets, and which kind.
pub(crate) fn whole_key<'n>(key: &str, at: usize, name: &'n Name) -> Option<&'n Name> {
    let trimmed = name.text.trim_end_matches([':', '=', ' ', '"', '\'', '_', '\n']);
    let end = at + trimmed.len();
    let ends = suffix_end(key, end)? == key.trim_end().len();
    (begins_well(key, at, name) && ends).then_some(name)
}

fn begins_well(text: &str, at: usize, name: &Name) -> bool {
    let before = text[..at].chars().next_back();
    let letter = before.is_some_and(char::is_alphabetic);
    let camel = before.is_some_and(char::is_lowercase) && text[at..].starts_with(char::is_uppercase);
    if name.edge == Edge::Word && letter && !camel {
        return false;
    }
    if name.kind == Kind::MaybeSecret || name.text.ends_with("key") || name.text == "token" {
        return !is_public(text, at);
    }
    true
}

/// Whether the word before the name says that it is no secret.
fn is_public(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(['_', '-', ' ', '.']);
    PUBLIC.iter().any(|word| {
        before
            .len()
            .checked_sub(word.len())
            .and_then(|from| before.get(from..))
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
    })
}

/// The end of the identifier that the name begins or is part of; `None` if the suffix makes it another word.
fn suffix_end(text: &str, name_end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = name_end;
    let plural = matches!(bytes.get(from), Some(b's' | b'S'))
        && !bytes.get(from + 1).is_some_and(u8::is_ascii_alphabetic);
    from += usize::from(plural);
    let Some(next) = text[from..].chars().next() else {
        return Some(from);
    };
    let camel = next.is_ascii_uppercase() && bytes[from - 1].is_ascii_lowercase();
    if next.is_alphabetic() && !camel && name_end.checked_sub(1).is_some_and(|last| bytes[last].is_ascii()) {
        return None;
    }
    if !(camel || next.is_ascii_digit() || matches!(next, '_' | '-' | '.')) {
        return Some(from);
    }
    let length = bytes[from..]
        .iter()
        .take(40)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    let suffix = text[from..from + length].trim_end_matches(['-', '.', '?']);
    (length < 40 && !is_other(suffix)).then_some(from + suffix.len())
}

/// Whether a part of the suffix is on the list.
fn is_other(suffix: &str) -> bool {
    let mut words = suffix.split(['_', '-', '.']).flat_map(camel_parts);
    words.any(|word| word.len() <= 12 && OTHER.contains(&word.to_ascii_lowercase().as_str()))
}

fn camel_parts(word: &str) -> impl Iterator<Item = &str> {
    let bytes = word.as_bytes();
    let mut starts: Vec<usize> = (1..word.len())
        .filter(|&at| bytes[at].is_ascii_uppercase() && !bytes[at - 1].is_ascii_uppercase())
        .collect();
    starts.insert(0, 0);
    starts.push(word.len());
    (1..starts.len()).map(move |n| &word[starts[n - 1]..starts[n]])
}

/// Quotes, brackets and emphasis that close behind a name; and whether one of them is a quote.
fn closers(bytes: &[u8], from: usize) -> (usize, bool) {
    let length = bytes[from..]
        .iter()
        .take(5)
        .take_while(|byte| b"\\\"'`*_)]}".contains(byte))
        .count();
    let quoted = bytes[from..from + length]
        .iter()
        .any(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    (from + length, quoted)
}

/// Passes over a remark in brackets: `WiFi password (guests): …`.
fn qualifier_end(bytes: &[u8], from: usize) -> usize {
    if !bytes[from..].starts_with(b" (") {
        return from;
    }
    let inside = bytes[from..].iter().take(32).position(|&byte| byte == b')');
    let plain = |end: usize| !bytes[from..from + end].contains(&b'\n');
    inside
        .filter(|&end| plain(end))
        .map_or(from, |end| from + end + 1)
}

/// Passes over what the secret is for, if a colon or a verb follows: `Contraseña del wifi: …`, `password for guests is …`.
fn purpose_end(text: &str, from: usize) -> usize {
    let window = head(&text[from..], PURPOSE);
    let Some(purpose) = window.strip_prefix(' ') else {
        return from;
    };
    let word = purpose.split(' ').next().unwrap_or_default();
    if !PREPOSITIONS.contains(&word) {
        return from;
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let end = purpose.find(|c| !plain(c)).unwrap_or(purpose.len());
    if purpose[end..].starts_with(':') {
        return from + 1 + purpose[..end].trim_end().len();
    }
    let words = purpose[..end].match_indices(' ');
    let verb = words.map(|(at, _)| at).find(|at| {
        let next = purpose[at + 1..].split(' ').next().unwrap_or_default();
        VERBS.contains(&next)
    });
    verb.map_or(from, |at| from + 1 + at)
}

/// Passes over spaces within a line, no-break ones included; and how many there are.
fn skip_blanks(bytes: &[u8], from: usize, limit: usize) -> (usize, usize) {
    let (mut at, mut count) = (from, 0);
    while count < limit {
        match &bytes[at..] {
            [b' ' | b'\t', ..] => at += 1,
            [0xc2, 0xa0, ..] => at += 2,
            [0xe2, 0x80, 0xaf | 0x87, ..] | [0xe3, 0x80, 0x80, ..] => at += 3,
            _ => break,
        }
        count += 1;
    }
    (at, count)
}

/// Passes over white space, line ends (escaped ones too) and emphasis; and whether a line ended.
fn skip_space(bytes: &[u8], from: usize, limit: usize) -> (usize, bool) {
    let (mut at, mut crossed) = (from, false);
    while at - from < limit {
        match &bytes[at..] {
            [b'\n' | b'\r', ..] => (at, crossed) = (at + 1, true),
            [b'|' | b'>', b'\n', ..] => (at, crossed) = (at + 2, true),
            [b'*' | b'_', b'*' | b'_', ..] => at += 2,
            [b'*', b' ', ..] => at += 2,
            _ => match skip_blanks(bytes, at, 1) {
                (_, 0) => break,
                (next, _) => at = next,
            },
        }
    }
    (at, crossed)
}

const SIGNS: &[(&str, By)] = &[
    (":::=", By::Assign),
    ("||=", By::Assign),
    ("??=", By::Assign),
    ("::=", By::Assign),
    ("===", By::Assign),
    (":=", By::Assign),
    ("?=", By::Assign),
    (".=", By::Assign),
    ("+=", By::Assign),
    ("==", By::Assign),
    ("=>", By::Assign),
    ("||", By::Assign),
    ("??", By::Assign),
    ("=", By::Assign),
    ("::", By::Colon),
    (":", By::Colon),
    ("：", By::Colon),
];

fn operator(text: &str, name_at: usize, from: usize, spaces: usize, quoted: bool) -> Option<(By, usize)> {
    let rest = &text[from..];
    if let Some((sign, by)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        let end = from + sign.len();
        return Some(match typed(text, end) {
            Some(assigned) if *by == By::Colon => (By::Assign, assigned),
            _ => (*by, end),
        });
    }
    let first = *text.as_bytes().get(from)?;
    match first {
        b'>' if spaces == 0 && opens_element(text, name_at) => Some((By::Element, from + 1)),
        b',' if quoted => value_attribute(text, from + 1).or(Some((By::Comma, from + 1))),
        b'\n' => Some((By::Line, from)),
        b'|' => Some((By::Column, from)),
        _ if spaces == 0 => None,
        _ if quoted => value_attribute(text, from),
        _ => verb(text, from)
            .or_else(|| typed(text, from).map(|end| (By::Assign, end)))
            .or_else(|| Some((By::Column, from)).filter(|_| spaces >= 2 || is_one_word_row(text, from))),
    }
}

/// A single space parts columns only where tabs were: the rest of the line is one word.
fn is_one_word_row(text: &str, from: usize) -> bool {
    let line = text.as_bytes()[from..]
        .iter()
        .take(REACH)
        .take_while(|&&byte| byte != b'\n');
    !line.into_iter().any(|&byte| byte == b' ' || byte == b'\t')
}

/// The end of `is `, `lautet ` or `- `.
fn verb(text: &str, from: usize) -> Option<(By, usize)> {
    let rest = &text[from..];
    let word = rest.split([' ', '\n']).next().unwrap_or_default();
    let known = VERBS.contains(&word);
    let followed = rest[word.len()..].starts_with(' ');
    (known && followed).then_some((By::Is, from + word.len() + 1))
}

/// The end of `string = `, the type and the sign of a declaration.
fn typed(text: &str, from: usize) -> Option<usize> {
    let (at, _) = skip_blanks(text.as_bytes(), from, 2);
    let rest = &text[at..];
    let kind = TYPES.iter().find(|kind| rest.starts_with(**kind))?;
    let (end, _) = skip_blanks(text.as_bytes(), at + kind.len(), 2);
    let (end, _) = match text[end..].starts_with("str") {
        true => skip_blanks(text.as_bytes(), end + 3, 2),
        false => (end, 0),
    };
    (text[end..].starts_with('=') && !text[end..].starts_with("==")).then_some(end + 1)
}

/// The end of `value=` in `key="password" value="…"` and of `"value":` in `"name": "password", "value": "…"`.
fn value_attribute(text: &str, from: usize) -> Option<(By, usize)> {
    let bytes = text.as_bytes();
    let (mut at, _) = skip_space(bytes, from, 24);
    at += usize::from(matches!(bytes.get(at), Some(b'"' | b'\'')));
    let rest = text.get(at..)?;
    if !rest.get(..5)?.eq_ignore_ascii_case("value") {
        return None;
    }
    at += 5;
    at += usize::from(matches!(bytes.get(at), Some(b'"' | b'\'')));
    let (at, _) = skip_blanks(bytes, at, 2);
    matches!(bytes.get(at), Some(b'=' | b':')).then_some((By::Colon, at + 1))
}

/// Whether the identifier that contains the byte `at` stands directly behind `<`.
fn opens_element(text: &str, at: usize) -> bool {
    let bytes = &text.as_bytes()[..at];
    let word = bytes
        .iter()
        .rev()
        .take(48)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
        .count();
    bytes[..at - word].ends_with(b"<")
}

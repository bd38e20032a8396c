//! Whether a value that a name declares is a secret.

use super::link::{By, Link};
use super::value::Value;
use crate::rules::Kind;
use crate::words::{
    JUDGED, capital_inside, entropy, has_digit, head, is_code, is_elsewhere, is_label, is_placeholder,
    is_state, is_type, is_word, reads_as_identifier, turns, varied,
};

/// What is called by letters and digits and is no password.
#[rustfmt::skip]
const TERMS: &[&str] = &[
    "2fa", "mfa", "oauth2", "oauth2.0", "wpa2", "wpa3", "wpa2-psk", "sha1", "sha256", "sha-256", "sha512", "md5", "base64", "utf8",
    "utf-8", "ipv4", "ipv6", "http2", "x509", "x86_64", "ed25519", "rs256", "hs256", "es256", "1password", "k8s", "v1", "v2", "v3",
    "s3", "ec2", "b2b", "5ghz", "2.4ghz", "argon2", "argon2id", "bcrypt", "pbkdf2", "cp1252",
];

/// Whether `value` is what the name of this kind says.
pub(super) fn is_secret(kind: Kind, link: &Link, value: &Value<'_>, name: &str) -> bool {
    let text = value.text;
    if text.is_empty() {
        return false;
    }
    let fits = match kind {
        Kind::Password => is_password(link, value, false),
        Kind::MaybePassword => is_password(link, value, true),
        Kind::Secret => is_key(link, value, false),
        Kind::MaybeSecret => is_key(link, value, true),
    };
    fits && !is_placeholder(text) && !is_type(text) && !text.eq_ignore_ascii_case(name)
}

/// Whether `text`, the value of a member whose key is a name of `kind`, is a secret.
pub(crate) fn is_declared_text(kind: Kind, text: &str) -> bool {
    let shown = text.trim();
    if shown.is_empty() || is_placeholder(shown) || is_type(shown) || is_state(shown) {
        return false;
    }
    match kind {
        Kind::Password => !is_label(shown) && !is_elsewhere(shown),
        Kind::MaybePassword => {
            has_digit(shown) && !shown.contains(char::is_whitespace) && !is_elsewhere(shown)
        }
        Kind::Secret => {
            !shown.contains(char::is_whitespace) && (is_machine_made(shown, true) || is_short_secret(shown))
        }
        Kind::MaybeSecret => {
            !shown.contains(char::is_whitespace) && is_machine_made(shown, true) && is_dense(shown)
        }
    }
}

/// Under a key that names a secret, a short text with a digit is one.
fn is_short_secret(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (6..=64).contains(&text.len())
        && digits > 0
        && digits < text.len()
        && !is_elsewhere(text)
        && !is_code(text)
        && !is_versioned(text)
}

/// Whether digits, the value of a member whose key is a name of `kind`, are a secret.
pub(crate) fn is_declared_number(kind: Kind, digits: &str) -> bool {
    match kind {
        Kind::Password | Kind::MaybePassword => digits.len() >= 4,
        Kind::Secret => digits.len() >= 14,
        Kind::MaybeSecret => false,
    }
}

fn is_password(link: &Link, value: &Value<'_>, strict: bool) -> bool {
    let Value {
        text,
        quoted,
        last,
        next,
        ..
    } = *value;
    let text = if quoted { text } else { head(text, JUDGED) };
    if is_state(text) || is_elsewhere(text) || is_code(text) || is_term(text) {
        return false;
    }
    if link.by == By::Comma {
        return quoted && !text.contains(' ') && has_digit(&without_escapes(text));
    }
    if quoted {
        let plain = is_word(text) && (strict || capital_inside(text));
        return !plain && !is_label(text) && (link.by != By::Is || text.chars().count() >= 4);
    }
    let letters = text.chars().any(char::is_alphabetic);
    let count = text.chars().count();
    let tight = link.by == By::Assign && !link.spaced;
    match link.by {
        _ if text.starts_with(['(', '[', '{', '|', '>', '=', '<', '*'])
            || (link.crossed && text.contains('=')) =>
        {
            false
        }
        _ if is_compound(text) || (!tight && is_constant(text)) => false,
        By::Is => count >= 4 && is_mixed(text) && !is_quantity(text),
        By::Assign if link.spaced && matches!(next, Some(b';' | b',' | b')' | b'(')) => false,
        _ if count < 4 => tight && !strict,
        _ if is_word(text) && capital_inside(text) => tight && !strict,
        _ if is_word(text) && strict => false,
        By::Assign if is_word(text) => tight || (last && count >= 5 && !text.contains('_')),
        _ if is_word(text) => last && !link.crossed && !matches!(next, Some(b',' | b';' | b'(' | b'{')),
        _ if !letters && link.crossed => count >= 6 && last,
        _ if !letters => is_digits_or_symbols(text, last),
        _ if link.crossed => is_mixed(text) && last,
        _ => !is_quantity(text),
    }
}

/// `text` without escaped characters such as `\xF1` and `\u043F`, whose digits are not of the text.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = match part.as_bytes().first() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            _ => 0,
        };
        let escape = part
            .get(1..=digits)
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        kept.push_str(escape.map_or(part, |code| &part[1 + code.len()..]));
    }
    kept
}

/// Letters with digits, or with a symbol inside.
pub(super) fn is_mixed(text: &str) -> bool {
    let symbol = |c: char| {
        c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '\'' | '.' | ',' | '/' | ':' | '(' | ')' | '?')
    };
    let inside = text.trim_end_matches(['!', '?']);
    let letters = text.chars().any(char::is_alphabetic);
    (letters && (has_digit(text) || inside.contains(symbol))) || (has_digit(text) && inside.contains(symbol))
}

fn is_digits_or_symbols(text: &str, last: bool) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 6
        || (digits >= 4 && last)
        || (digits > 0 && digits < text.len() && text.len() >= 6 && is_mixed(text))
}

/// A number with a unit: `8+`, `12-character`, `90days`, `2nd`.
fn is_quantity(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text[digits..].trim_start_matches(['+', '-', '–', '%', '.']);
    (1..=3).contains(&digits)
        && (rest.len() <= 2
            || [
                "char", "day", "digit", "hour", "min", "sec", "time", "word", "letter", "year", "byte",
            ]
            .iter()
            .any(|unit| rest.starts_with(unit)))
}

/// Several words that hyphens join: `case-sensitive`, `end-to-end`.
fn is_compound(text: &str) -> bool {
    text.contains('-') && text.chars().all(|c| c.is_lowercase() || c == '-')
}

/// The name of a constant: `MESSAGE_TYPE_2`.
fn is_constant(text: &str) -> bool {
    text.contains('_')
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// A term of the trade, whatever punctuation follows it.
pub(super) fn is_term(text: &str) -> bool {
    let lower = head(text, 24).to_ascii_lowercase();
    TERMS.contains(&lower.trim_end_matches(|c: char| !c.is_alphanumeric()))
}

fn is_key(link: &Link, value: &Value<'_>, strict: bool) -> bool {
    let Value { quoted, next, .. } = *value;
    let text = head(value.text, JUDGED);
    if !has_digit(text) && turns(text).case < 3 && !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    if value.text.contains(char::is_whitespace) || is_elsewhere(text) || is_term(text) || text.contains("://")
    {
        return false;
    }
    if !quoted && (is_code(text) || matches!(next, Some(b'('))) {
        return false;
    }
    let declared = quoted || link.by == By::Assign || link.by == By::Element;
    is_machine_made(text, declared) && (!strict || (declared || text.len() >= 20) && is_dense(text))
}

/// Whether a machine made it: long enough, of the characters that keys have, and neither word nor identifier.
fn is_machine_made(text: &str, declared: bool) -> bool {
    if is_uuid(text) {
        return true;
    }
    let judged = head(text, JUDGED);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+~=%:|@".contains(&byte);
    let printable = |byte: u8| byte.is_ascii_graphic();
    let length = judged.len();
    let turns = turns(judged);
    if !judged
        .bytes()
        .all(if declared && length >= 16 && turns.digit >= 3 {
            printable
        } else {
            allowed
        })
    {
        return false;
    }
    let digits = judged.bytes().filter(u8::is_ascii_digit).count();
    if digits == length {
        return (14 + usize::from(!declared)..=64).contains(&length) && varied_digits(judged);
    }
    if !varied(judged) && length < 12 && turns.digit < 3 {
        return false;
    }
    let random = match length {
        0..10 => false,
        10..16 => digits > 0 && (turns.digit >= 3 || (turns.digit >= 1 && turns.case >= 1)),
        _ => turns.digit >= 3 || (digits > 0 && turns.digit + turns.case >= 3) || turns.case >= 5,
    };
    (random || (length >= 16 && is_consonantal(judged)))
        && entropy(judged) >= 2.6
        && !is_versioned(judged)
        && !reads_as_identifier(judged)
}

/// Letters without digits that nobody can pronounce.
fn is_consonantal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !reads_as_identifier(text)
        && entropy(text) >= 3.2
}

fn varied_digits(text: &str) -> bool {
    entropy(text) >= 2.0
}

/// `rc0.15.0_20231217_1420-SNAPSHOT`, `jar:1.7.8`, `10.0.0.1:8080`: dots between short numbers.
fn is_versioned(text: &str) -> bool {
    let numbers = text
        .split(['.', '_', '-', ':', '/'])
        .filter(|part| {
            part.len() <= 8
                && part.bytes().any(|b| b.is_ascii_digit())
                && part.bytes().filter(u8::is_ascii_alphabetic).count() <= 3
        })
        .count();
    let parts = text.split(['.', '_', '-', ':', '/']).count();
    parts >= 3 && numbers * 2 >= parts && !is_uuid(text) && text.contains('.')
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Random throughout, not words with a number between them.
fn is_dense(text: &str) -> bool {
    let longest = text
        .split(['-', '.', '/', ':', '_', '|'])
        .max_by_key(|part| part.len())
        .unwrap_or_default();
    let hex = is_uuid(text);
    !hex && longest.len() >= 14
        && (turns(longest).digit >= 3 || turns(longest).case >= 4)
        && entropy(longest) >= 3.0
}

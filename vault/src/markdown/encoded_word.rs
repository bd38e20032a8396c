//! Encoded words of mail headers (RFC 2047): `=?UTF-8?Q?caf=C3=A9?=`.
//!
//! They are decoded before redaction, so that a secret in one is found like any other.

use std::borrow::Cow;

use crate::value::{Object, Value};

/// The longest encoded word that is decoded; the standard allows 75 characters.
const LONGEST: usize = 1024;

/// Decodes the encoded words in the members of a mail that come from its headers.
pub fn decode_mail_headers(data: &mut Object<'_>) {
    for (key, value) in data.iter_mut() {
        if matches!(key.as_ref(), "subject" | "from" | "to") {
            decode_in(value);
        }
    }
}

fn decode_in(value: &mut Value<'_>) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(decoded) = decode_encoded_words(text) {
                *text = Cow::Owned(decoded);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(decode_in),
        _ => {}
    }
}

/// `text` with its encoded words decoded. A word in a charset other than UTF-8, US-ASCII, ISO-8859-1 and Windows-1252,
/// or one that is damaged, stays as it is. White space between two encoded words goes, as the standard says.
fn decode_encoded_words(text: &str) -> Cow<'_, str> {
    if !text.contains("=?") {
        return Cow::Borrowed(text);
    }
    let (mut decoded, mut rest, mut pending) = (String::with_capacity(text.len()), text, Vec::new());
    let mut behind_word = false;
    while let Some(at) = rest.find("=?") {
        let Some((bytes, charset, length)) = word(&rest[at..]) else {
            flush(&mut decoded, &mut pending);
            decoded.push_str(&rest[..at + 2]);
            (rest, behind_word) = (&rest[at + 2..], false);
            continue;
        };
        let between = &rest[..at];
        if !(behind_word && between.chars().all(char::is_whitespace)) {
            flush(&mut decoded, &mut pending);
            decoded.push_str(between);
        }
        match charset {
            // A character may be cut by the border of two words.
            Charset::Utf8 => pending.extend_from_slice(&bytes),
            Charset::Windows1252 => {
                flush(&mut decoded, &mut pending);
                decoded.extend(bytes.iter().map(|&byte| windows_1252(byte)));
            }
        }
        (rest, behind_word) = (&rest[at + length..], true);
    }
    flush(&mut decoded, &mut pending);
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Windows1252,
}

fn flush(decoded: &mut String, pending: &mut Vec<u8>) {
    decoded.push_str(&String::from_utf8_lossy(pending));
    pending.clear();
}

/// The bytes and charset of the encoded word that `text` begins with, and its length.
fn word(text: &str) -> Option<(Vec<u8>, Charset, usize)> {
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let inner = text[..end].strip_prefix("=?")?;
    let mut parts = inner.splitn(3, '?');
    let (charset, encoding, tail) = (parts.next()?, parts.next()?, parts.next()?);
    let encoded = &tail[..tail.find("?=")?];
    if encoded.contains([' ', '\t', '\n', '?']) {
        return None;
    }
    // A language may stand behind the charset: `utf-8*en`.
    let charset = charset.split('*').next().unwrap_or(charset);
    let charset = match &*charset.to_ascii_lowercase() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Charset::Utf8,
        "iso-8859-1" | "latin1" | "windows-1252" | "cp1252" => Charset::Windows1252,
        _ => return None,
    };
    let bytes = match encoding {
        "Q" | "q" => quoted_printable(encoded.as_bytes())?,
        "B" | "b" => data_encoding::BASE64
            .decode(encoded.as_bytes())
            .or_else(|_| data_encoding::BASE64_NOPAD.decode(encoded.trim_end_matches('=').as_bytes()))
            .ok()?,
        _ => return None,
    };
    let start = text.len() - text[2..].len();
    let length = start + inner.len() - tail.len() + encoded.len() + "?=".len();
    Some((bytes, charset, length))
}

fn quoted_printable(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let pair = [*rest.next()?, *rest.next()?].map(|digit| char::from(digit).to_digit(16));
                let [Some(high), Some(low)] = pair else {
                    return None;
                };
                u8::try_from(high * 16 + low).ok()?
            }
            _ => byte,
        });
    }
    Some(bytes)
}

/// What mail readers take ISO-8859-1 for, too.
fn windows_1252(byte: u8) -> char {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn encoded_words_become_text() {
        let table = [
            ("plain", "plain"),
            ("=?UTF-8?Q?Caf=C3=A9_con_leche?=", "Café con leche"),
            ("=?utf-8?b?w5FhbmTDug==?= <a@b.c>", "Ñandú <a@b.c>"),
            ("=?utf-8?B?w5FhbmTDug?=", "Ñandú"),
            ("=?iso-8859-1?Q?a=F1o_=80?= x", "año € x"),
            ("a =?utf-8?Q?b?=\r\n =?utf-8?Q?c?= d", "a bc d"),
            ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
            ("=?utf-8*es?Q?a?=", "a"),
            ("=?koi8-r?B?8NLJ18XU?=", "=?koi8-r?B?8NLJ18XU?="),
            ("=?utf-8?Q?a=Z?=", "=?utf-8?Q?a=Z?="),
            ("=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
            ("a =? b", "a =? b"),
            ("if (a =?utf-8?x?b?=)", "if (a =?utf-8?x?b?=)"),
        ];
        for (text, expected) in table {
            assert_eq!(decode_encoded_words(text), expected, "{text}");
        }
    }

    #[test]
    fn many_openings_take_linear_time() {
        let text = "=?utf-8?Q?".repeat(200_000);
        assert_eq!(decode_encoded_words(&text).len(), text.len());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(=\\?|\\?=|utf-8|\\?Q\\?|\\?B\\?|=C3|é|[ a-z?=]){0,30}") {
            let _ = decode_encoded_words(&text);
        }
    }
}

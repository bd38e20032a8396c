//! Strings as they are written: borrowed, unescaped only on demand.

use std::borrow::Cow;

use super::ParseError;

/// A string as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StringLiteral<'a> {
    raw: &'a str,
    escaped: bool,
    lone: bool,
}

impl<'a> StringLiteral<'a> {
    /// Reads the string whose opening quote is at `start`.
    pub(super) fn read(text: &'a str, start: usize) -> Result<Self, ParseError> {
        let bytes = text.as_bytes();
        let first = start + 1;
        let (mut at, mut escaped, mut lone) = (first, false, false);
        loop {
            at = end_of_plain(bytes, at);
            match bytes.get(at) {
                Some(b'"') => {
                    return Ok(Self {
                        raw: &text[first..at],
                        escaped,
                        lone,
                    });
                }
                Some(b'\\') => {
                    let escape = Escape::read(&bytes[at..])
                        .map_err(|reason| ParseError::Syntax { offset: at, reason })?;
                    lone |= escape.is_lone();
                    escaped = true;
                    at += escape.len;
                }
                Some(_) => {
                    return Err(ParseError::Syntax {
                        offset: at,
                        reason: "Invalid control character at",
                    });
                }
                None => {
                    return Err(ParseError::Syntax {
                        offset: start,
                        reason: "Unterminated string starting at",
                    });
                }
            }
        }
    }

    /// The text between the quotes.
    #[must_use]
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// Whether it has an escaped surrogate without its other half, which UTF-8 cannot represent.
    #[must_use]
    pub const fn has_lone_surrogate(&self) -> bool {
        self.lone
    }

    /// The string that is meant. A lone surrogate becomes U+FFFD.
    #[must_use]
    pub fn unescape(&self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut plain = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = rest.find('\\') {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            let Ok(escape) = Escape::read(rest.as_bytes()) else {
                break;
            };
            plain.push(escape.character.unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = &rest[escape.len..];
        }
        plain.push_str(rest);
        Cow::Owned(plain)
    }

    /// Whether the string that is meant has more than `limit` bytes.
    #[must_use]
    pub fn is_longer_than(&self, limit: usize) -> bool {
        // Every escape is longer than its character.
        self.raw.len() > limit && (!self.escaped || self.unescape().len() > limit)
    }
}

/// Replaces each escaped lone surrogate in JSON text with `\ufffd`, and changes nothing else.
#[must_use]
pub fn replace_lone_surrogates(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        let Ok(escape) = Escape::read(rest.as_bytes()) else {
            break;
        };
        clean.push_str(if escape.is_lone() {
            "\\ufffd"
        } else {
            &rest[..escape.len]
        });
        rest = &rest[escape.len..];
    }
    clean.push_str(rest);
    clean
}

/// One escape sequence.
struct Escape {
    /// Its character; `None` for a lone surrogate.
    character: Option<char>,
    /// Its length in bytes, backslash included.
    len: usize,
}

impl Escape {
    fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let character = match bytes.get(1) {
            Some(b'u') => return Self::unicode(bytes),
            Some(&plain @ (b'"' | b'\\' | b'/')) => char::from(plain),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err("Invalid \\escape"),
        };
        Ok(Self {
            character: Some(character),
            len: 2,
        })
    }

    fn unicode(bytes: &[u8]) -> Result<Self, &'static str> {
        let high = hex(bytes.get(2..6)).ok_or("Invalid \\uXXXX escape")?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(Self {
                character: char::from_u32(high),
                len: 6,
            });
        }
        let low = match bytes.get(6..8) {
            Some(b"\\u") => hex(bytes.get(8..12)).ok_or("Invalid \\uXXXX escape")?,
            _ => 0,
        };
        if !(0xdc00..0xe000).contains(&low) {
            return Ok(Self {
                character: None,
                len: 6,
            });
        }
        let character = char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
        Ok(Self { character, len: 12 })
    }

    const fn is_lone(&self) -> bool {
        self.character.is_none()
    }
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |value, &byte| {
        Some(value << 4 | char::from(byte).to_digit(16)?)
    })
}

/// The position of the first quote, backslash or control character from `at` on, or the end. Examines eight bytes at a
/// time.
fn end_of_plain(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let (quote, backslash) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5c));
        // The high bit of each byte that is below 0x20, or zero in one of the others. A borrow can only mark bytes above a
        // real hit, so the lowest mark is always true.
        let below = word.wrapping_sub(ONES * 0x20) & !word;
        let hits =
            (below | quote.wrapping_sub(ONES) & !quote | backslash.wrapping_sub(ONES) & !backslash) & HIGH;
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    at + bytes[at..].iter().take_while(is_plain).count()
}

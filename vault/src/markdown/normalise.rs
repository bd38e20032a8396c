//! What a text is before it is escaped: its characters, without those that move a cursor or hide.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The text as it will stand in the vault, before escaping: without ANSI sequences, control characters and
/// invisible format characters (ZWJ and ZWNJ stay), tabs as spaces, all line breaks as `\n`, NFC, each line trimmed.
pub fn normalise(text: &str) -> Cow<'_, str> {
    match clean(text) {
        Cow::Borrowed(clean) => trim_lines(clean),
        Cow::Owned(clean) => match trim_lines(&clean) {
            Cow::Owned(trimmed) => Cow::Owned(trimmed),
            Cow::Borrowed(_) => Cow::Owned(clean),
        },
    }
}

/// [`normalise`] without the trimming.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if is_plain_ascii(text.as_bytes()) || is_clean(text) {
        return Cow::Borrowed(text);
    }
    let stripped = strip(text);
    if is_nfc_quick(stripped.chars()) == IsNormalized::Yes {
        return Cow::Owned(stripped);
    }
    Cow::Owned(stripped.nfc().collect())
}

fn trim_lines(text: &str) -> Cow<'_, str> {
    if text.split('\n').all(|line| line.len() == line.trim().len()) {
        return Cow::Borrowed(text);
    }
    let mut trimmed = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            trimmed.push('\n');
        }
        trimmed.push_str(line.trim());
    }
    Cow::Owned(trimmed)
}

/// Only printable ASCII and line feeds: nothing to strip, and NFC. Written so that the compiler can look at many
/// bytes at a time.
fn is_plain_ascii(bytes: &[u8]) -> bool {
    let plain = |chunk: &[u8]| {
        chunk.iter().fold(true, |all, &byte| {
            all & (matches!(byte, b' '..=b'~') | (byte == b'\n'))
        })
    };
    bytes.chunks(64).all(plain)
}

fn is_clean(text: &str) -> bool {
    let mut below_combining = true;
    for character in text.chars() {
        if fate(character) != Fate::Keep {
            return false;
        }
        below_combining &= character < '\u{300}';
    }
    below_combining || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    Drop,
    Space,
    Break,
}

fn fate(character: char) -> Fate {
    match character {
        '\n' | ' '..='~' => Fate::Keep,
        '\t' => Fate::Space,
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Break,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Fate::Drop,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => Fate::Drop,
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' => Fate::Drop,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => Fate::Drop,
        _ => Fate::Keep,
    }
}

fn strip(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match fate(character) {
            Fate::Keep => stripped.push(character),
            Fate::Space => stripped.push(' '),
            Fate::Break => {
                stripped.push('\n');
                if character == '\r' {
                    rest = rest.strip_prefix('\n').unwrap_or(rest);
                }
            }
            Fate::Drop => rest = skip_sequence(character, rest),
        }
    }
    stripped
}

/// What follows the ANSI sequence that `introducer` begins; all of `rest` if it begins none that is complete.
fn skip_sequence(introducer: char, rest: &str) -> &str {
    let after = match introducer {
        '\u{1b}' => match rest.as_bytes().first() {
            Some(b'[') => end_of_csi(&rest[1..]),
            Some(b']') => end_of_osc(&rest[1..]),
            _ => None,
        },
        '\u{9b}' => end_of_csi(rest),
        '\u{9d}' => end_of_osc(rest),
        _ => None,
    };
    after.unwrap_or(rest)
}

/// Parameters, intermediates and a final byte.
fn end_of_csi(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let parameters = bytes
        .iter()
        .take_while(|byte| matches!(byte, 0x30..=0x3f))
        .count();
    let between = bytes[parameters..]
        .iter()
        .take_while(|byte| matches!(byte, 0x20..=0x2f))
        .count();
    let last = parameters + between;
    matches!(bytes.get(last), Some(0x40..=0x7e)).then(|| &text[last + 1..])
}

/// Text up to BEL or ST. Any other control character means that the sequence is broken, so that no text is lost,
/// and no byte looked at more than twice.
fn end_of_osc(text: &str) -> Option<&str> {
    let (at, end) = text
        .char_indices()
        .find(|(_, character)| character.is_control())?;
    match end {
        '\u{7}' => Some(&text[at + 1..]),
        '\u{9c}' => Some(&text[at + 2..]),
        '\u{1b}' => text[at + 1..].strip_prefix('\\'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_text_goes() {
        let table = [
            ("plain text", "plain text"),
            ("  a \t\n\tb  \n\n c", "a\nb\n\nc"),
            ("a\r\nb\rc\u{85}d\u{2028}e\u{2029}f\n\rg", "a\nb\nc\nd\ne\nf\n\ng"),
            ("a\tb", "a b"),
            ("\u{1b}[31mred\u{1b}[0;1;38:5:1m!\u{1b}[?25l", "red!"),
            (
                "\u{1b}]8;;http://e\u{7}x\u{1b}]8;;\u{1b}\\y\u{9d}0;t\u{9c}z\u{9b}2Jw",
                "xyzw",
            ),
            ("\u{1b}[31", "[31"),
            ("\u{1b}]0;never closed", "]0;never closed"),
            ("\u{1b}]0;broken\nline\u{7}", "]0;broken\nline"),
            ("\u{1b}c\u{1b}", "c"),
            ("a\u{0}b\u{7f}c\u{9f}d", "abcd"),
            (
                "\u{feff}a\u{200b}b\u{200e}\u{200f}\u{202e}c\u{2066}\u{2060}d\u{fff9}\u{e0041}e",
                "abcde",
            ),
            ("👩\u{200d}💻 می\u{200c}خواهم", "👩\u{200d}💻 می\u{200c}خواهم"),
            ("e\u{301}\u{212a}\u{1fef}\u{37e}", "éK`;"),
            ("e\u{200b}\u{301}", "é"),
            ("\u{a0}# x\u{3000}", "# x"),
            ("ñandú – 日本語", "ñandú – 日本語"),
        ];
        for (text, expected) in table {
            assert_eq!(normalise(text), expected, "{text:?}");
        }
    }

    #[test]
    fn clean_text_is_borrowed() {
        for text in ["plain\ntext", "¿Qué tal? Ñandú", "日本語 😀 и"] {
            assert!(matches!(normalise(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn many_broken_sequences_take_no_long_time() {
        let text = "\u{1b}]".repeat(1_000_000);
        assert_eq!(normalise(&text).len(), 1_000_000);
        let text = "\u{1b}[".to_owned() + &"0".repeat(1_000_000);
        assert_eq!(normalise(&text).len(), 1_000_001);
    }

    proptest! {
        #[test]
        fn twice_is_once(text in "(\\PC|[\u{0}-\u{a0}]|[\u{300}-\u{320}]|[\u{2000}-\u{206f}]|\u{1b}[\\[\\]]){0,40}") {
            let once = normalise(&text).into_owned();
            prop_assert_eq!(normalise(&once), once.as_str());
            prop_assert!(once.chars().all(|character| fate(character) == Fate::Keep));
        }
    }
}

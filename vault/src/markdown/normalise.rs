//! Cleans text of everything that is not text: the first stage, before redaction and escaping.
//!
//! Control characters, ANSI sequences and invisible format characters go (ZWJ and ZWNJ stay), every kind of line break
//! becomes `\n`, and the result is NFC. Indentation is kept: a tab in it becomes four spaces, any other tab one.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

const TAB_WIDTH: &str = "    ";

/// The text as a multi-line text will stand in the vault, before escaping: cleaned, without blanks at the ends of lines
/// and blank lines at both ends, and with runs of blank lines reduced to one.
pub fn normalise(text: &str) -> Cow<'_, str> {
    match clean(text) {
        Cow::Borrowed(cleaned) => tidy(cleaned),
        Cow::Owned(cleaned) => match tidy(&cleaned) {
            Cow::Owned(tidied) => Cow::Owned(tidied),
            Cow::Borrowed(_) => Cow::Owned(cleaned),
        },
    }
}

/// [`normalise`] without the tidying of lines.
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

/// The lines of a cleaned text without blanks at their ends; a blank line within is an empty one, and never follows
/// another.
pub(super) fn tidy_lines(cleaned: &str) -> impl Iterator<Item = &str> {
    let mut blank_before = true;
    cleaned.trim_end().split('\n').filter_map(move |line| {
        let line = line.trim_end();
        let dropped = line.is_empty() && blank_before;
        blank_before = line.is_empty();
        (!dropped).then_some(line)
    })
    // A text of blanks only has one line, which is dropped as a leading one.
}

/// The lines of a cleaned text that are not blank, without blanks at either end.
pub(super) fn trimmed_lines(cleaned: &str) -> impl Iterator<Item = &str> {
    cleaned.split('\n').map(str::trim).filter(|line| !line.is_empty())
}

/// A cleaned text on one line: each break, and the blanks around it, become one space.
pub(super) fn on_one_line(cleaned: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\n', cleaned.as_bytes()).is_none() {
        return Cow::Borrowed(cleaned.trim());
    }
    let mut line = String::with_capacity(cleaned.len());
    for part in trimmed_lines(cleaned) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(part);
    }
    Cow::Owned(line)
}

/// Whether nothing of `foreign` would be seen.
pub(super) fn is_blank(foreign: &str) -> bool {
    let first = foreign.bytes().next();
    // Nearly every text begins with a letter.
    !first.is_some_and(|byte| byte.is_ascii_graphic()) && clean(foreign).trim().is_empty()
}

fn tidy(cleaned: &str) -> Cow<'_, str> {
    let kept: usize = tidy_lines(cleaned).map(|line| line.len() + 1).sum();
    if kept == cleaned.len() + 1 {
        return Cow::Borrowed(cleaned);
    }
    let mut tidied = String::with_capacity(kept);
    for (index, line) in tidy_lines(cleaned).enumerate() {
        if index > 0 {
            tidied.push('\n');
        }
        tidied.push_str(line);
    }
    Cow::Owned(tidied)
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
    Tab,
    Break,
}

fn fate(character: char) -> Fate {
    match character {
        '\n' | ' '..='~' => Fate::Keep,
        '\t' => Fate::Tab,
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Break,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Fate::Drop,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => Fate::Drop,
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' => Fate::Drop,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => Fate::Drop,
        _ => Fate::Keep,
    }
}

fn strip(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len() + text.len() / 16);
    let mut rest = text;
    let mut in_indentation = true;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match fate(character) {
            Fate::Keep => {
                in_indentation = character == '\n' || in_indentation && character == ' ';
                stripped.push(character);
            }
            Fate::Tab => stripped.push_str(if in_indentation { TAB_WIDTH } else { " " }),
            Fate::Break => {
                in_indentation = true;
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
/// and no byte is looked at more than twice.
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
    fn characters_that_are_not_text_are_dropped() {
        let table = [
            ("plain text", "plain text"),
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
            ("ñandú – 日本語", "ñandú – 日本語"),
        ];
        for (text, expected) in table {
            assert_eq!(normalise(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_keep_their_indentation_and_lose_what_is_behind_them() {
        let table = [
            ("  a \t\n\tb  \n\n c", "  a\n    b\n\n c"),
            ("\n \n\t\n  a\n\n\n\nb\n \n\t\nc\n\n", "  a\n\nb\n\nc"),
            ("if x:\n\treturn\ty\n \t z", "if x:\n    return y\n      z"),
            ("\u{200b}\ta", "    a"),
            ("\u{a0}# x\u{3000}", "\u{a0}# x"),
            ("   ", ""),
            ("\n\n", ""),
            ("", ""),
            ("a\r\n\r\n\r\n\tb\r\n", "a\n\n    b"),
        ];
        for (text, expected) in table {
            assert_eq!(normalise(text), expected, "{text:?}");
        }
    }

    #[test]
    fn one_line_joins_what_is_not_blank() {
        assert_eq!(on_one_line("  a \n\n  b  c \n"), "a b  c");
        assert_eq!(on_one_line("  a  "), "a");
        assert_eq!(on_one_line("\n \n"), "");
    }

    #[test]
    fn clean_text_is_borrowed() {
        for text in ["plain\n  text\n\nmore", "¿Qué tal? Ñandú", "日本語 😀 и"] {
            assert!(matches!(normalise(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn many_broken_sequences_take_linear_time() {
        let text = "\u{1b}]".repeat(1_000_000);
        assert_eq!(normalise(&text).len(), 1_000_000);
        let text = "\u{1b}[".to_owned() + &"0".repeat(1_000_000);
        assert_eq!(normalise(&text).len(), 1_000_001);
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(text in "(\\PC|[\u{0}-\u{a0}]|[\u{300}-\u{320}]|[\u{2000}-\u{206f}]|\u{1b}[\\[\\]]|\n){0,40}") {
            let once = normalise(&text).into_owned();
            prop_assert_eq!(normalise(&once), once.as_str());
            prop_assert!(once.chars().all(|character| fate(character) == Fate::Keep));
            prop_assert!(once.split('\n').all(|line| line.trim_end() == line));
        }
    }
}

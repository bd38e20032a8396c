//! What the characters around a delimiter are to a Markdown parser.

use unicode_normalization::char::is_combining_mark;

/// A character beside a delimiter run, by what the parsers' flanking rules make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Neighbour {
    /// White space, or the beginning or end of a line.
    White,
    /// A letter, digit or mark (Unicode L, N, M).
    Word,
    /// Punctuation, a symbol, or anything else.
    Other,
}

impl Neighbour {
    pub(super) fn of(character: char) -> Self {
        if character.is_whitespace() {
            Self::White
        } else if is_word(character) {
            Self::Word
        } else {
            Self::Other
        }
    }

    /// The one that a byte of ours is.
    pub(super) fn of_byte(byte: u8) -> Self {
        Self::of(char::from(byte & 0x7f))
    }
}

/// Letters, digits and marks. Circled and squared letters count as alphabetic, but are symbols to a parser.
pub(super) fn is_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    let is_symbol = matches!(character, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    !is_symbol && (character.is_alphanumeric() || is_combining_mark(character))
}

/// Extended_Pictographic, variation selector 16, and skin tones: what the Tasks plugin may read a date behind.
pub(in crate::markdown) fn is_emoji(character: char) -> bool {
    if character < '\u{a9}' {
        return false;
    }
    let place = PICTOGRAPHS.partition_point(|&(_, last)| last < character);
    PICTOGRAPHS
        .get(place)
        .is_some_and(|&(first, _)| first <= character)
}

/// Ranges of Unicode 15.1, with U+FE0F and the whole block of emoji from U+1F300 to U+1F64F.
const PICTOGRAPHS: [(char, char); 72] = [
    ('\u{a9}', '\u{a9}'),
    ('\u{ae}', '\u{ae}'),
    ('\u{203c}', '\u{203c}'),
    ('\u{2049}', '\u{2049}'),
    ('\u{2122}', '\u{2122}'),
    ('\u{2139}', '\u{2139}'),
    ('\u{2194}', '\u{2199}'),
    ('\u{21a9}', '\u{21aa}'),
    ('\u{231a}', '\u{231b}'),
    ('\u{2328}', '\u{2328}'),
    ('\u{2388}', '\u{2388}'),
    ('\u{23cf}', '\u{23cf}'),
    ('\u{23e9}', '\u{23f3}'),
    ('\u{23f8}', '\u{23fa}'),
    ('\u{24c2}', '\u{24c2}'),
    ('\u{25aa}', '\u{25ab}'),
    ('\u{25b6}', '\u{25b6}'),
    ('\u{25c0}', '\u{25c0}'),
    ('\u{25fb}', '\u{25fe}'),
    ('\u{2600}', '\u{2605}'),
    ('\u{2607}', '\u{2612}'),
    ('\u{2614}', '\u{2685}'),
    ('\u{2690}', '\u{2705}'),
    ('\u{2708}', '\u{2712}'),
    ('\u{2714}', '\u{2714}'),
    ('\u{2716}', '\u{2716}'),
    ('\u{271d}', '\u{271d}'),
    ('\u{2721}', '\u{2721}'),
    ('\u{2728}', '\u{2728}'),
    ('\u{2733}', '\u{2734}'),
    ('\u{2744}', '\u{2744}'),
    ('\u{2747}', '\u{2747}'),
    ('\u{274c}', '\u{274c}'),
    ('\u{274e}', '\u{274e}'),
    ('\u{2753}', '\u{2755}'),
    ('\u{2757}', '\u{2757}'),
    ('\u{2763}', '\u{2767}'),
    ('\u{2795}', '\u{2797}'),
    ('\u{27a1}', '\u{27a1}'),
    ('\u{27b0}', '\u{27b0}'),
    ('\u{27bf}', '\u{27bf}'),
    ('\u{2934}', '\u{2935}'),
    ('\u{2b05}', '\u{2b07}'),
    ('\u{2b1b}', '\u{2b1c}'),
    ('\u{2b50}', '\u{2b50}'),
    ('\u{2b55}', '\u{2b55}'),
    ('\u{3030}', '\u{3030}'),
    ('\u{303d}', '\u{303d}'),
    ('\u{3297}', '\u{3297}'),
    ('\u{3299}', '\u{3299}'),
    ('\u{fe0f}', '\u{fe0f}'),
    ('\u{1f000}', '\u{1f0ff}'),
    ('\u{1f10d}', '\u{1f10f}'),
    ('\u{1f12f}', '\u{1f12f}'),
    ('\u{1f16c}', '\u{1f171}'),
    ('\u{1f17e}', '\u{1f17f}'),
    ('\u{1f18e}', '\u{1f18e}'),
    ('\u{1f191}', '\u{1f19a}'),
    ('\u{1f1ad}', '\u{1f1e5}'),
    ('\u{1f201}', '\u{1f20f}'),
    ('\u{1f21a}', '\u{1f21a}'),
    ('\u{1f22f}', '\u{1f22f}'),
    ('\u{1f232}', '\u{1f23a}'),
    ('\u{1f23c}', '\u{1f23f}'),
    ('\u{1f249}', '\u{1f64f}'),
    ('\u{1f680}', '\u{1f6ff}'),
    ('\u{1f774}', '\u{1f77f}'),
    ('\u{1f7d5}', '\u{1f7ff}'),
    ('\u{1f80c}', '\u{1f80f}'),
    ('\u{1f848}', '\u{1f84f}'),
    ('\u{1f85a}', '\u{1f8ff}'),
    ('\u{1f90c}', '\u{1fffd}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_what_parsers_make_of_them() {
        for character in ['a', 'Z', '9', 'é', '日', 'م', '\u{94d}', '\u{301}', '²'] {
            assert_eq!(Neighbour::of(character), Neighbour::Word, "{character:?}");
        }
        for character in ['_', '-', '€', '📅', 'Ⓐ', '🅰', '«', '\u{200d}'] {
            assert_eq!(Neighbour::of(character), Neighbour::Other, "{character:?}");
        }
        for character in [' ', '\u{a0}', '\u{3000}'] {
            assert_eq!(Neighbour::of(character), Neighbour::White, "{character:?}");
        }
    }

    #[test]
    fn pictographs_are_sorted_and_found() {
        assert!(PICTOGRAPHS.is_sorted());
        for emoji in ['📅', '✅', '⏳', '🛫', '➕', '\u{fe0f}', '©', '⌛', '🏽', '🫠'] {
            assert!(is_emoji(emoji), "{emoji}");
        }
        for other in ['→', '—', '·', 'é', '日', '1', '#', '*', '–', '…'] {
            assert!(!is_emoji(other), "{other}");
        }
    }
}

//! Card numbers: an issuer's prefix, a length that issuer uses, a valid check digit, and groups as cards print them.

/// The fewest digits a card number has.
pub(crate) const SHORTEST: usize = 12;
/// The most.
const LONGEST: usize = 19;

/// Prefixes of one length and the lengths of the numbers that start with them.
struct Issuer {
    digits: u32,
    first: u32,
    last: u32,
    lengths: &'static [usize],
}

const fn issuer(digits: u32, first: u32, last: u32, lengths: &'static [usize]) -> Issuer {
    Issuer {
        digits,
        first,
        last,
        lengths,
    }
}

const LONG: &[usize] = &[16, 17, 18, 19];

/// None starts with 1, so no time in milli-, micro- or nanoseconds is taken for a card before 2039 (milliseconds
/// have thirteen digits, as only Visa and Maestro do: none before 2096).
const ISSUERS: [Issuer; 19] = [
    issuer(1, 4, 4, &[13, 16, 19]),                           // Visa
    issuer(2, 51, 55, &[16]),                                 // Mastercard
    issuer(4, 2221, 2720, &[16]),                             // Mastercard
    issuer(2, 34, 34, &[15]),                                 // American Express
    issuer(2, 37, 37, &[15]),                                 // American Express
    issuer(3, 300, 305, &[14, 16, 19]),                       // Diners Club
    issuer(4, 3095, 3095, &[14, 16, 19]),                     // Diners Club
    issuer(2, 36, 36, &[14, 16, 19]),                         // Diners Club
    issuer(2, 38, 39, &[14, 16, 19]),                         // Diners Club
    issuer(4, 3528, 3589, LONG),                              // JCB
    issuer(4, 6011, 6011, LONG),                              // Discover
    issuer(3, 644, 649, LONG),                                // Discover
    issuer(2, 65, 65, LONG),                                  // Discover, RuPay
    issuer(2, 62, 62, LONG),                                  // UnionPay
    issuer(4, 5018, 5020, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    issuer(4, 5038, 5038, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    issuer(4, 6304, 6304, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    issuer(4, 6759, 6763, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro
    issuer(4, 2200, 2204, LONG),                              // Mir
];

/// Digit groups that may form one card, as bytes `from..to`.
struct Groups {
    bounds: [(usize, usize); 5],
    count: usize,
}

/// Calls `found` with the bytes of each card number, from left to right.
pub(crate) fn find(text: &str, mut found: impl FnMut(usize, usize)) {
    if !enough_digits(text) {
        return;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some((start, first_end)) = next_group(bytes, at) {
        at = first_end;
        // Only a whole number, or a group of four, can be the beginning of one.
        if !matches!(first_end - start, 4 | SHORTEST..=LONGEST) || !may_start(bytes, start) {
            continue;
        }
        if let Some(end) = card_end(bytes, &groups_from(bytes, start)) {
            found(start, end);
            at = end;
        }
    }
}

/// Whether digits stand as close together as those of a card: in 23 bytes there are 12, so at least half of them in one
/// chunk. Sums of bytes over chunks are what the compiler vectorises: twenty times as fast as a count.
fn enough_digits(text: &str) -> bool {
    let digits = |chunk: &[u8]| {
        chunk
            .iter()
            .map(|byte| u8::from(byte.is_ascii_digit()))
            .sum::<u8>()
    };
    text.len() >= SHORTEST
        && text
            .as_bytes()
            .chunks(128)
            .any(|chunk| usize::from(digits(chunk)) >= SHORTEST / 2)
}

fn next_group(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let start = from + bytes[from..].iter().position(u8::is_ascii_digit)?;
    Some((start, group_end(bytes, start)))
}

fn group_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..]
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .map_or(bytes.len(), |length| start + length)
}

/// The digit groups from `start` on, with one kind of single separator between them, as many as one card may have.
fn groups_from(bytes: &[u8], start: usize) -> Groups {
    let mut groups = Groups {
        bounds: [(0, 0); 5],
        count: 0,
    };
    let mut separator = None;
    let mut at = start;
    loop {
        let end = (at..bytes.len())
            .find(|&i| !bytes[i].is_ascii_digit())
            .unwrap_or(bytes.len());
        groups.bounds[groups.count] = (at, end);
        groups.count += 1;
        let Some((kind, length)) = separator_at(&bytes[end..]) else {
            return groups;
        };
        let same = separator.is_none_or(|first| first == kind);
        if !same || groups.count == 5 || !bytes.get(end + length).is_some_and(u8::is_ascii_digit) {
            return groups;
        }
        separator = Some(kind);
        at = end + length;
    }
}

/// What stands between the groups of a card.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Blank,
    Hyphen,
    Dot,
}

/// The separator at the start of `rest`, and its length in bytes: a blank, a no-break one, a line end, a hyphen.
fn separator_at(rest: &[u8]) -> Option<(Separator, usize)> {
    match rest {
        [b' ' | b'\n' | b'\t', ..] => Some((Separator::Blank, 1)),
        [0xc2, 0xa0, ..] => Some((Separator::Blank, 2)),
        [0xe2, 0x80, 0x80..=0x8a | 0xaf, ..] | [0xe2, 0x81, 0x9f, ..] | [0xe3, 0x80, 0x80, ..] => {
            Some((Separator::Blank, 3))
        }
        [b'-', ..] => Some((Separator::Hyphen, 1)),
        [0xe2, 0x80, 0x90..=0x93, ..] => Some((Separator::Hyphen, 3)),
        [b'.', ..] => Some((Separator::Dot, 1)),
        _ => None,
    }
}

/// Where the longest card that starts with the first group ends.
fn card_end(bytes: &[u8], groups: &Groups) -> Option<usize> {
    let start = groups.bounds[0].0;
    let sizes = groups.bounds.map(|(from, to)| to - from);
    (1..=groups.count).rev().find_map(|count| {
        let end = groups.bounds[count - 1].1;
        let plausible = as_printed(&sizes[..count]) && may_end(bytes, end);
        (plausible && is_card(&bytes[start..end])).then_some(end)
    })
}

/// One run; fours with a shorter rest; 4-6-5 and 4-6-4; 4-3-3-3.
fn as_printed(sizes: &[usize]) -> bool {
    match sizes {
        [_] | [4, 6, 4 | 5] | [4, 3, 3, 3] => true,
        [fours @ .., rest] => {
            fours.len() >= 2 && fours.iter().all(|&size| size == 4) && (1..=4).contains(rest)
        }
        [] => false,
    }
}

/// Not the middle of a word or of another number, no fraction, no phone number, no id in the path of an address.
fn may_start(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|i| bytes[i]);
    match before(1) {
        None => true,
        Some(b'+' | b'_') => false,
        Some(b'.' | b',') => !before(2).is_some_and(|byte| byte.is_ascii_digit()),
        Some(b'/') => !before(2).is_some_and(|byte| byte.is_ascii_alphanumeric()),
        Some(byte) => !byte.is_ascii_alphanumeric(),
    }
}

fn may_end(bytes: &[u8], end: usize) -> bool {
    match bytes.get(end) {
        Some(b'.') => !bytes.get(end + 1).is_some_and(u8::is_ascii_digit),
        Some(&byte) => byte != b'_' && !byte.is_ascii_alphanumeric(),
        None => true,
    }
}

fn is_card(printed: &[u8]) -> bool {
    let digits: Vec<u32> = printed
        .iter()
        .filter(|b| b.is_ascii_digit())
        .take(LONGEST + 1)
        .map(|b| u32::from(b - b'0'))
        .collect();
    (SHORTEST..=LONGEST).contains(&digits.len())
        && ISSUERS.iter().any(|issuer| issuer.takes(&digits))
        && luhn(&digits)
}

impl Issuer {
    fn takes(&self, digits: &[u32]) -> bool {
        let prefix = digits
            .iter()
            .take(self.digits as usize)
            .fold(0, |sum, digit| sum * 10 + digit);
        (self.first..=self.last).contains(&prefix) && self.lengths.contains(&digits.len())
    }
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let weigh = |(place, &digit): (usize, &u32)| if place % 2 == 1 { doubled(digit) } else { digit };
    digits
        .iter()
        .rev()
        .enumerate()
        .map(weigh)
        .sum::<u32>()
        .is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        find(text, |start, end| all.push(&text[start..end]));
        all
    }

    /// `prefix`, then zeros, then the check digit.
    fn number(prefix: &str, length: usize) -> String {
        (0..10)
            .map(|check| format!("{prefix:0<width$}{check}", width = length - 1))
            .find(|number| luhn(&number.bytes().map(|b| u32::from(b - b'0')).collect::<Vec<_>>()))
            .unwrap_or_default()
    }

    #[test]
    fn every_issuer_in_every_length() {
        let all = [
            ("4", &[13, 16, 19][..]),
            ("51", &[16]),
            ("55", &[16]),
            ("2221", &[16]),
            ("2720", &[16]),
            ("34", &[15]),
            ("37", &[15]),
            ("305", &[14]),
            ("36", &[14]),
            ("3528", &[16, 19]),
            ("6011", &[16, 19]),
            ("65", &[16]),
            ("62", &[16, 19]),
            ("6304", &[12, 19]),
        ];
        for (prefix, lengths) in all {
            for &length in lengths {
                let card = number(prefix, length);
                assert_eq!(
                    cards(&format!("paid with {card}, thanks")),
                    [card.as_str()],
                    "{prefix} {length}"
                );
            }
        }
    }

    #[test]
    fn wrong_prefix_length_or_check_digit() {
        for (prefix, length) in [
            ("4", 14),
            ("4", 15),
            ("56", 16),
            ("2220", 16),
            ("2721", 16),
            ("34", 16),
            ("9", 16),
        ] {
            assert!(cards(&number(prefix, length)).is_empty(), "{prefix} {length}");
        }
        let mut card = number("4", 16);
        assert_eq!(card.pop(), Some('2'));
        assert!(cards(&(card + "3")).is_empty());
    }

    #[test]
    fn times_are_no_cards() {
        // Every second millisecond of a while, of which one in ten passes Luhn; and the same in micro- and nanoseconds.
        for step in 0..20_000_u64 {
            for unit in [1, 1_000, 1_000_000] {
                let time = (1_708_258_800_000 + 997 * step) * unit;
                assert!(cards(&time.to_string()).is_empty(), "{time}");
            }
        }
    }

    #[test]
    fn groups_as_printed() {
        let card = number("4", 16);
        let amex = number("37", 15);
        let fours = [&card[..4], &card[4..8], &card[8..12], &card[12..]];
        let text = format!("a {} b {} c", fours.join(" "), fours.join("-"));
        assert_eq!(cards(&text), [fours.join(" "), fours.join("-")]);
        let printed = format!("{} {} {}", &amex[..4], &amex[4..10], &amex[10..]);
        assert_eq!(cards(&format!("12 {printed}")), [printed.as_str()]);
        let mixed = format!("{} {}-{} {}", fours[0], fours[1], fours[2], fours[3]);
        assert!(cards(&mixed).is_empty());
        for separator in ["\u{a0}", "\u{202f}", "\u{2007}", "\n", "\u{2011}", "."] {
            let printed = fours.join(separator);
            assert_eq!(
                cards(&format!("a {printed} b")),
                [printed.as_str()],
                "{separator:?}"
            );
        }
        let odd = format!("{} {} {}", &card[..5], &card[5..10], &card[10..]);
        assert!(cards(&odd).is_empty());
    }

    #[test]
    fn cards_anywhere_in_a_long_text() {
        let card = number("6304", 12);
        for before in 0..300 {
            let text = format!("{} {card} {}", "x".repeat(before), "y".repeat(300));
            assert_eq!(cards(&text), [card.as_str()], "{before}");
        }
    }

    #[test]
    fn parts_of_something_else_are_left_alone() {
        let card = number("4", 16);
        for (before, after) in [
            ("x", ""),
            ("", "x"),
            ("0.", ""),
            ("", ".5"),
            ("+", ""),
            ("7", ""),
            ("", "0"),
            ("status/", ""),
            ("_", ""),
        ] {
            let text = format!("{before}{card}{after}");
            assert!(cards(&text).is_empty(), "{text}");
        }
        for (before, after) in [
            ("ñ", "ñ"),
            ("card=", "&x"),
            ("(", ")."),
            ("\u{2014}", ","),
            ("\"", "\""),
        ] {
            let text = format!("{before}{card}{after}");
            assert_eq!(cards(&text), [card.as_str()], "{text}");
        }
    }
}

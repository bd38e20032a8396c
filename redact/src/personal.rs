//! Numbers that identify a person: bank accounts, national ids, telephone numbers. Only with `secrets+personal`.

use std::ops::Range;

/// Calls `found` with each IBAN: country, check digits, and groups as banks print them.
pub(crate) fn find_ibans(text: &str, mut found: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 15 <= bytes.len() {
        let start = at;
        at += 1;
        let head = &bytes[start..start + 4];
        let looks = head[0].is_ascii_uppercase()
            && head[1].is_ascii_uppercase()
            && head[2].is_ascii_digit()
            && head[3].is_ascii_digit();
        if !looks || (start > 0 && is_word(bytes[start - 1])) {
            continue;
        }
        if let Some(end) = iban_end(bytes, start) {
            found(start..end);
            at = end;
        }
    }
}

/// The end of the longest text from `start` on that has the form and the check digits of an IBAN.
fn iban_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut characters: Vec<u8> = Vec::with_capacity(34);
    let mut at = start;
    let mut best = None;
    while characters.len() < 34 {
        match bytes.get(at) {
            Some(byte) if byte.is_ascii_uppercase() || byte.is_ascii_digit() => characters.push(*byte),
            Some(b' ' | b'-')
                if characters.len().is_multiple_of(4)
                    && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) =>
            {
                at += 1;
                continue;
            }
            _ => break,
        }
        at += 1;
        let ends = !bytes.get(at).is_some_and(|&byte| is_word(byte));
        if ends && (15..=34).contains(&characters.len()) {
            let rotated = characters[4..].iter().chain(&characters[..4]);
            let remainder = rotated.fold(0_u32, |rest, &byte| match byte {
                b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
                _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
            });
            if remainder == 1 {
                best = Some(at);
            }
        }
    }
    best
}

/// Calls `found` with each Spanish DNI or NIE with its letter, and each US social security number.
pub(crate) fn find_national_ids(text: &str, mut found: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 9 <= bytes.len() {
        let start = at;
        at += 1;
        let begins = bytes[start].is_ascii_digit() || matches!(bytes[start], b'X' | b'Y' | b'Z');
        if !begins || (start > 0 && (is_word(bytes[start - 1]) || matches!(bytes[start - 1], b'-' | b'.'))) {
            continue;
        }
        if let Some(end) = dni_end(bytes, start).or_else(|| ssn_end(bytes, start)) {
            found(start..end);
            at = end;
        }
    }
}

const DNI_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn dni_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut number = match bytes[start] {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        digit => u32::from(digit - b'0'),
    };
    let (mut digits, mut at) = (1, start + 1);
    while digits < 8 {
        match bytes.get(at)? {
            digit @ b'0'..=b'9' => {
                number = number * 10 + u32::from(digit - b'0');
                digits += 1;
            }
            b'.' if digits == 2 || digits == 5 => {}
            b'-' if digits == 1 && bytes[start].is_ascii_uppercase() => {}
            _ => return None,
        }
        at += 1;
    }
    at += usize::from(matches!(bytes.get(at), Some(b'-' | b' ')));
    let letter = bytes.get(at)?.to_ascii_uppercase();
    let right = letter == DNI_LETTERS[(number % 23) as usize];
    (right && !bytes.get(at + 1).is_some_and(|&byte| is_word(byte))).then_some(at + 1)
}

/// Three, two and four digits with one separator, of the ranges that are issued.
fn ssn_end(bytes: &[u8], start: usize) -> Option<usize> {
    let part = bytes.get(start..start + 11)?;
    let separator = part[3];
    let digits = |range: Range<usize>| part[range].iter().all(u8::is_ascii_digit);
    let formed = matches!(separator, b'-' | b' ')
        && part[6] == separator
        && digits(0..3)
        && digits(4..6)
        && digits(7..11);
    let issued = &part[..3] != b"000"
        && &part[..3] != b"666"
        && part[0] != b'9'
        && &part[4..6] != b"00"
        && &part[7..11] != b"0000";
    let end = start + 11;
    let ends = !bytes.get(end).is_some_and(|&byte| is_word(byte) || byte == b'-');
    (formed && issued && ends).then_some(end)
}

/// Calls `found` with each telephone number: international with `+`, or in the groups of Spain or North America.
pub(crate) fn find_phones(text: &str, mut found: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 9 <= bytes.len() {
        let start = at;
        at += 1;
        let begins = bytes[start].is_ascii_digit() || matches!(bytes[start], b'+' | b'(');
        if !begins
            || (start > 0
                && (is_word(bytes[start - 1])
                    || matches!(bytes[start - 1], b'+' | b'.' | b'-' | b'/' | b'=')))
        {
            continue;
        }
        let groups = groups(bytes, start);
        if let Some(end) = phone_end(bytes, start, &groups) {
            found(start..end);
            at = end;
        } else if let Some(last) = groups.last() {
            at = at.max(last.end);
        }
    }
}

/// A group with more digits is no part of a telephone number.
const LONGEST_GROUP: usize = 16;

/// Groups of digits with one separator, or a bracket and a blank, between them.
fn groups(bytes: &[u8], start: usize) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut at = start + usize::from(!bytes[start].is_ascii_digit());
    while groups.len() < 8 {
        let limit = bytes.len().min(at + LONGEST_GROUP);
        let end = (at..limit).find(|&i| !bytes[i].is_ascii_digit()).unwrap_or(limit);
        if end == at {
            break;
        }
        groups.push(at..end);
        at = match &bytes[end..] {
            [b')', b' ', b'0'..=b'9', ..] | [b' ', b'(', b'0'..=b'9', ..] => end + 2,
            [b' ' | b'-' | b'.' | b'/' | b')' | b'(', b'0'..=b'9', ..] => end + 1,
            [0xc2, 0xa0, b'0'..=b'9', ..] => end + 2,
            _ => break,
        };
    }
    groups
}

fn phone_end(bytes: &[u8], start: usize, groups: &[Range<usize>]) -> Option<usize> {
    let sizes: Vec<usize> = groups.iter().map(Range::len).collect();
    let digits: usize = sizes.iter().sum();
    let end = groups.last()?.end;
    let first = bytes[groups[0].start];
    let ends = !bytes.get(end).is_some_and(|&byte| is_word(byte));
    let international = bytes[start] == b'+' && (8..=15).contains(&digits);
    let dotted = groups.len() > 1 && bytes[groups[0].end] == b'.';
    let spanish = matches!(sizes[..], [3, 3, 3] | [3, 2, 2, 2] | [2, 3, 2, 2])
        && matches!(first, b'6'..=b'9')
        && !dotted;
    let american = matches!(sizes[..], [3, 3, 4]) && matches!(first, b'2'..=b'9');
    (ends && (international || spanish || american)).then_some(end)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<'t>(text: &'t str, find: impl Fn(&'t str, &mut dyn FnMut(Range<usize>))) -> Vec<&'t str> {
        let mut found = Vec::new();
        find(text, &mut |range| found.push(&text[range]));
        found
    }

    #[test]
    fn ibans_need_their_check_digits() {
        let ibans = |text| all(text, |text, found| find_ibans(text, found));
        assert_eq!(
            ibans("to DE89 3704 0044 0532 0130 00, BIC X"),
            ["DE89 3704 0044 0532 0130 00"]
        );
        assert_eq!(ibans("ES9121000418450200051332."), ["ES9121000418450200051332"]);
        assert!(ibans("DE88 3704 0044 0532 0130 00 and GB00 and XDE89370400440532013000").is_empty());
    }

    #[test]
    fn national_ids_need_their_letter_or_range() {
        let ids = |text| all(text, |text, found| find_national_ids(text, found));
        assert_eq!(
            ids("DNI 12345678Z, 12.345.678-Z, NIE X1234567L"),
            ["12345678Z", "12.345.678-Z", "X1234567L"]
        );
        assert_eq!(ids("SSN 219-09-9999"), ["219-09-9999"]);
        assert!(ids("12345678A 000-12-3456 666-12-3456 2026-02-26 12345678").is_empty());
    }

    #[test]
    fn phones_in_usual_groups() {
        let phones = |text| all(text, |text, found| find_phones(text, found));
        for phone in [
            "+34 612 34 56 78",
            "+4915123456789",
            "612 345 678",
            "(212) 555-0123",
            "212-555-0123",
            "+1 (212) 555-0123",
        ] {
            let text = format!("call {phone}, please");
            let mut found = Vec::new();
            find_phones(&text, |range| found.push(&text[range]));
            assert_eq!(found, [phone], "{phone}");
        }
        for text in [
            "2026-02-26 14:30",
            "1 234 567 items",
            "192.168.100.1",
            "v1.2.3",
            "1708258800",
            "order 612345678",
        ] {
            assert!(phones(text).is_empty(), "{text}: {:?}", phones(text));
        }
    }
}

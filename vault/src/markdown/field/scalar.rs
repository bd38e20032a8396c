//! Strings, numbers and times in the form that Dataview reads.

use std::borrow::Cow;

use jiff::{civil::DateTime, tz::Offset};

use crate::{markdown::normalise::clean, value::Number};

/// Appends a string, in quotes unless Dataview surely reads the bare text as that string: it tries dates, durations,
/// numbers, booleans, tags, links and lists of those, all of which begin with something else than a letter, but for the
/// words of booleans and null.
pub(in crate::markdown) fn push_string(out: &mut String, text: &str) {
    let line = on_one_line(text);
    if is_bare(&line) {
        out.push_str(&line);
    } else {
        push_quoted(out, &line);
    }
}

/// Appends a string in quotes.
pub(in crate::markdown) fn quote(out: &mut String, text: &str) {
    push_quoted(out, &on_one_line(text));
}

/// Appends a number without an exponent, which Dataview does not know.
pub(in crate::markdown) fn push_number(out: &mut String, number: &Number<'_>) {
    let digits = number.as_str();
    match digits.split_once('e') {
        None => out.push_str(digits),
        Some((mantissa, exponent)) => push_expanded(out, mantissa, exponent.parse().unwrap_or(0)),
    }
}

/// An RFC 3339 date-time with an offset, in the one form that Dataview reads as a date; `None` for any other text.
pub(in crate::markdown) fn time_with_offset(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if !(17..=40).contains(&bytes.len()) || bytes[10] != b'T' || !super::is_date(bytes) {
        return None;
    }
    let (local, offset) = match text.strip_suffix('Z') {
        Some(local) => (local, Offset::UTC),
        None => {
            let (local, offset) = text.split_at_checked(text.len() - 6)?;
            (local, parse_offset(offset)?)
        }
    };
    let time: DateTime = is_clock(&local[11..]).then(|| local.parse().ok())??;
    let mut written = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let millisecond = time.subsec_nanosecond() / 1_000_000;
    if millisecond > 0 {
        written.push_str(&format!(".{millisecond:03}"));
    }
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    written.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
    Some(written)
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.f…`; no leap second, which Dataview does not read.
fn is_clock(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let shape = clock.bytes().enumerate().all(|(index, byte)| match index {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = clock.len() == 8 || clock.len() == 5 && !text.contains('.');
    shape && is_fraction && is_whole && !clock.ends_with(":60")
}

/// `+HH:MM`
fn parse_offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let number = |digits: &str| -> Option<i32> {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// Each line break, with the blanks around it, and each tab become one space. Blanks at the ends stay.
fn on_one_line(text: &str) -> Cow<'_, str> {
    let untabbed: Cow<'_, str> = if text.contains('\t') {
        text.replace('\t', " ").into()
    } else {
        text.into()
    };
    match untabbed {
        Cow::Borrowed(text) => joined(clean(text)),
        Cow::Owned(text) => joined(clean(&text)).into_owned().into(),
    }
}

fn joined(cleaned: Cow<'_, str>) -> Cow<'_, str> {
    if !cleaned.contains('\n') {
        return cleaned;
    }
    let mut line = String::with_capacity(cleaned.len());
    for (index, part) in cleaned.split('\n').enumerate() {
        let part = if index > 0 { part.trim_start() } else { part };
        if index > 0 {
            line.truncate(line.trim_end().len());
            line.push(' ');
        }
        line.push_str(part);
    }
    line.into()
}

fn is_bare(line: &str) -> bool {
    const WORDS: [&str; 3] = ["true", "false", "null"];
    let begins_word = WORDS.iter().any(|word| {
        line.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    });
    line.starts_with(char::is_alphabetic)
        && !begins_word
        && !line.ends_with(char::is_whitespace)
        && !line.contains(['\\', '"'])
        && super::is_balanced(line, '[', ']')
}

fn push_quoted(out: &mut String, line: &str) {
    out.push('"');
    for character in line.chars() {
        if matches!(character, '\\' | '"') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// `mantissa` × 10^`exponent` in plain digits.
fn push_expanded(out: &mut String, mantissa: &str, exponent: i32) {
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if unsigned.len() < mantissa.len() {
        out.push('-');
    }
    let digits = [whole, decimals].concat();
    let point = i32::try_from(whole.len()).unwrap_or(0) + exponent;
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let length = i32::try_from(digits.len()).unwrap_or(0);
    if point <= 0 {
        out.push_str("0.");
        out.push_str(&zeros(-point));
        out.push_str(&digits);
    } else if point >= length {
        out.push_str(&digits);
        out.push_str(&zeros(point - length));
    } else {
        let (before, after) = digits.split_at(usize::try_from(point).unwrap_or(0));
        out.push_str(before);
        out.push('.');
        out.push_str(after);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_with_an_offset_have_one_form() {
        let table = [
            ("2026-02-26T14:30:00+01:00", Some("2026-02-26T14:30:00+01:00")),
            ("2026-02-26T14:30Z", Some("2026-02-26T14:30:00+00:00")),
            (
                "2026-02-26T14:30:00.5-03:30",
                Some("2026-02-26T14:30:00.500-03:30"),
            ),
            (
                "2026-02-26T14:30:00.123456Z",
                Some("2026-02-26T14:30:00.123+00:00"),
            ),
            ("2026-02-26T14:30:00-00:00", Some("2026-02-26T14:30:00+00:00")),
            ("2026-02-26T14:30:00", None),
            ("2026-02-26 14:30:00Z", None),
            ("2026-02-30T14:30:00Z", None),
            ("2026-02-26T24:30:00Z", None),
            ("2026-06-30T23:59:60Z", None),
            ("2026-02-26T14:30:00+1:00", None),
            ("2026-02-26T14:30:00+24:00", None),
            ("2026-02-26T14:30:00é+01:00", None),
            ("2026-02-26T14:30:00.+01:00", None),
            ("tomorrow at noon, perhaps", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(time_with_offset(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_without_exponents_are_the_same_numbers(value: f64) {
            prop_assume!(value.is_finite());
            let mut out = String::new();
            push_number(&mut out, &Number::from(value));
            prop_assert!(out.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte)), "{}", out);
            let read: f64 = out.parse().unwrap_or(f64::NAN);
            prop_assert_eq!(read, value + 0.0);
        }
    }
}

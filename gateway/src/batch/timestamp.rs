//! Unix seconds in JSON: a number, or what the original backend took for one (a string, a boolean).

use openclone_client::{
    Rule,
    json::{self, Number, Reader, Token},
    validate::EARLIEST,
};
use prost_types::Timestamp;

use crate::fault::Kind;

/// Reads a timestamp.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Result<Timestamp, Kind>, json::Fault> {
    let token = reader.token()?;
    let seconds = match token {
        Token::Number(number) => number_value(number),
        Token::Text(text) if text.is_lone() => Err(Kind::StringUnicode),
        Token::Text(text) => text_value(&text.unescape()),
        Token::Bool(value) => Ok(f64::from(u8::from(value))),
        Token::Null | Token::Array | Token::Object => {
            reader.skip(&token)?;
            Err(Kind::FloatType)
        }
    };
    Ok(seconds.and_then(|seconds| match seconds.is_finite() {
        true => Ok(from_seconds(seconds)),
        false => Err(Kind::Rule(Rule::Finite)),
    }))
}

fn number_value(number: Number<'_>) -> Result<f64, Kind> {
    let value = number.value();
    match number.is_integer() && value.is_infinite() {
        true => Err(Kind::FloatType),
        false => Ok(value),
    }
}

/// A number in a string may have space around it, a plus sign, and single underscores between its characters.
fn text_value(text: &str) -> Result<f64, Kind> {
    text.trim().parse().or_else(|_| {
        let is_grouped = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
        let plain = is_grouped.then(|| text.replace('_', ""));
        plain
            .and_then(|plain| plain.parse().ok())
            .ok_or(Kind::FloatParsing)
    })
}

/// The moment nearest to `seconds` in whole microseconds, of two equally near the even one. A moment before 2020 is not
/// rounded up to 2020. Far out of range, the seconds end at the ends of theirs.
fn from_seconds(seconds: f64) -> Timestamp {
    let whole = seconds.floor();
    let micros = ((seconds - whole) * 1e6).round_ties_even();
    let is_carry = micros >= 1e6 && whole + 1.0 != EARLIEST as f64;
    // Saturates: such a moment is too early or too late in any case.
    let whole_seconds = whole as i64;
    match is_carry {
        true => Timestamp {
            seconds: whole_seconds.saturating_add(1),
            nanos: 0,
        },
        false => Timestamp {
            seconds: whole_seconds,
            nanos: micros.min(999_999.0) as i32 * 1_000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(json: &str) -> Result<(i64, i32), Kind> {
        let read = read(&mut Reader::new(json)).expect("is JSON");
        read.map(|timestamp| (timestamp.seconds, timestamp.nanos))
    }

    #[test]
    fn seconds_are_rounded_to_microseconds() {
        for (json, expected) in [
            ("1708258800", (1_708_258_800, 0)),
            ("1708258800.123456", (1_708_258_800, 123_456_000)),
            ("1708258800.000001", (1_708_258_800, 1_000)),
            ("1708258800.999999", (1_708_258_800, 999_999_000)),
            ("1708258800.9999998", (1_708_258_801, 0)),
            ("1708258800.0078125", (1_708_258_800, 7_812_000)),
            ("1708258800.0234375", (1_708_258_800, 23_438_000)),
            ("1577836799.9999998", (1_577_836_799, 999_999_000)),
            ("-0.5", (-1, 500_000_000)),
            ("1e300", (i64::MAX, 0)),
            ("-1e300", (i64::MIN, 0)),
            ("true", (1, 0)),
        ] {
            assert_eq!(moment(json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn strings_are_taken_when_they_are_numbers() {
        let expected = Ok((1_708_258_800, 0));
        for json in [
            "1708258800",
            " 1708258800\\n",
            "1_708_258_800",
            "+1708258800",
            "1708258800.",
            "1.7082588e9",
        ] {
            assert_eq!(moment(&format!("\"{json}\"")), expected, "{json}");
        }
        for json in ["", " ", "abc", "_1", "1_", "1__0", "0x10", "1,5", "١"] {
            assert_eq!(moment(&format!("\"{json}\"")), Err(Kind::FloatParsing), "{json}");
        }
    }

    #[test]
    fn what_is_not_finite_is_told_from_what_is_no_number() {
        for json in ["1e400", "NaN", "-Infinity", "\"nan\"", "\"1e400\"", "\"-inf\""] {
            assert_eq!(moment(json), Err(Kind::Rule(Rule::Finite)), "{json}");
        }
        for json in [
            format!("1{}", "0".repeat(400)).as_str(),
            "null",
            "[1]",
            "{\"a\":1}",
        ] {
            assert_eq!(moment(json), Err(Kind::FloatType), "{json}");
        }
    }
}

//! Unix seconds in JSON: a number, or one of the other values that the original backend accepted (a string, a boolean).

use openclone_core::{
    json::{NumberLiteral, ParseError, Reader, Token},
    timestamp::UnixTime,
    validate::Rule,
};
use prost_types::Timestamp;

/// Reads a timestamp.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Result<Timestamp, Rule>, ParseError> {
    let token = reader.token()?;
    let seconds = match token {
        Token::Number(number) => number_value(number),
        Token::String(text) if text.has_lone_surrogate() => Err(Rule::StringUnicode),
        Token::String(text) => text_value(&text.unescape()),
        Token::Bool(value) => Ok(f64::from(u8::from(value))),
        Token::Null | Token::Array | Token::Object => {
            reader.skip(&token)?;
            Err(Rule::FloatType)
        }
    };
    Ok(seconds.and_then(|seconds| match seconds.is_finite() {
        true => Ok(to_message(UnixTime::from_seconds(seconds))),
        false => Err(Rule::Finite),
    }))
}

fn number_value(number: NumberLiteral<'_>) -> Result<f64, Rule> {
    let value = number.value();
    match number.is_integer() && value.is_infinite() {
        true => Err(Rule::FloatType),
        false => Ok(value),
    }
}

/// A number in a string may have space around it, a plus sign, and single underscores between its characters.
fn text_value(text: &str) -> Result<f64, Rule> {
    text.trim().parse().or_else(|_| {
        let is_grouped = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
        let plain = is_grouped.then(|| text.replace('_', ""));
        plain
            .and_then(|plain| plain.parse().ok())
            .ok_or(Rule::FloatParsing)
    })
}

/// A timestamp as a message of the contract.
pub(super) const fn to_message(time: UnixTime) -> Timestamp {
    Timestamp {
        seconds: time.seconds,
        nanos: time.nanos,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(json: &str) -> Result<(i64, i32), Rule> {
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
            assert_eq!(decoded(json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn strings_that_are_numbers_are_accepted() {
        let expected = Ok((1_708_258_800, 0));
        for json in [
            "1708258800",
            " 1708258800\\n",
            "1_708_258_800",
            "+1708258800",
            "1708258800.",
            "1.7082588e9",
        ] {
            assert_eq!(decoded(&format!("\"{json}\"")), expected, "{json}");
        }
        for json in ["", " ", "abc", "_1", "1_", "1__0", "0x10", "1,5", "١"] {
            assert_eq!(decoded(&format!("\"{json}\"")), Err(Rule::FloatParsing), "{json}");
        }
    }

    #[test]
    fn infinite_numbers_and_other_values_break_different_rules() {
        for json in ["1e400", "NaN", "-Infinity", "\"nan\"", "\"1e400\"", "\"-inf\""] {
            assert_eq!(decoded(json), Err(Rule::Finite), "{json}");
        }
        for json in [
            format!("1{}", "0".repeat(400)).as_str(),
            "null",
            "[1]",
            "{\"a\":1}",
        ] {
            assert_eq!(decoded(json), Err(Rule::FloatType), "{json}");
        }
    }
}

//! Canonical digits of a number.

use std::borrow::Cow;

/// From here on doubles no longer tell neighbouring integers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The canonical digits of a number written in JSON; `None` when it is beyond a double's range.
pub(super) fn from_json(text: &str) -> Option<Cow<'_, str>> {
    let is_integer = !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if is_integer {
        return Some(Cow::Borrowed(if text == "-0" { "0" } else { text }));
    }
    let value: f64 = text.parse().ok()?;
    if !value.is_finite() {
        return None;
    }
    let digits = canonical(value);
    Some(if digits == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(digits)
    })
}

/// The canonical digits of a double; `0` for one that is not finite.
pub(super) fn canonical(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return "0".to_owned();
    }
    if value.abs() < EXACT && value.fract() == 0.0 {
        #[allow(clippy::cast_possible_truncation)]
        return (value as i64).to_string();
    }
    let magnitude = value.abs();
    if (1e-6..1e21).contains(&magnitude) {
        return value.to_string();
    }
    let digits = format!("{value:e}");
    if magnitude >= 1e21 {
        digits.replace('e', "e+")
    } else {
        digits
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_written_in_many_ways_have_one_form() {
        let table = [
            ("60", "60"),
            ("60.0", "60"),
            ("6e1", "60"),
            ("6.0E+1", "60"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("1e-400", "0"),
            ("0.95", "0.95"),
            ("0.950", "0.95"),
            ("-3.7038", "-3.7038"),
            ("9007199254740991.0", "9007199254740991"),
            ("9007199254740993", "9007199254740993"),
            ("9007199254740993.0", "9007199254740992"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("1.5e300", "1.5e+300"),
            ("0.000001", "0.000001"),
            ("1.5e-7", "1.5e-7"),
            ("0.1000000000000000055511151231257827", "0.1"),
        ];
        for (written, canonical) in table {
            assert_eq!(from_json(written).unwrap(), canonical, "{written}");
        }
        assert_eq!(from_json("1e400"), None);
    }

    #[test]
    fn a_canonical_number_stays_as_it_is() {
        for value in [0.1, 1e21, 1.5e-7, 123.456, 5e-324, f64::MAX, 1e16, -2.5] {
            let digits = canonical(value);
            assert_eq!(digits.parse::<f64>().unwrap(), value);
            assert_eq!(from_json(&digits).unwrap(), digits);
        }
    }
}

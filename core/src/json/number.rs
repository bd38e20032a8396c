//! Canonical digits of numbers.

use std::borrow::Cow;

use super::NumberLiteral;

/// From here on doubles no longer tell neighbouring integers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The canonical digits of a number; `None` when it is `NaN` or beyond the range of a double.
pub(super) fn from_literal(literal: NumberLiteral<'_>) -> Option<Cow<'_, str>> {
    let text = literal.text();
    if literal.is_integer() {
        return Some(Cow::Borrowed(if text == "-0" { "0" } else { text }));
    }
    if is_short_decimal(text) {
        return Some(Cow::Borrowed(text));
    }
    let value = literal.value();
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

/// Whether a number written in JSON surely is canonical as it stands: at most fifteen digits, one to six of them decimals, the
/// last of which is not zero. Such decimals and the doubles nearest to them are one to one, so no shorter one is the same.
fn is_short_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let Some(point) = digits.iter().rposition(|&byte| byte == b'.') else {
        return false;
    };
    let decimals = &digits[point + 1..];
    digits.len() <= 16
        && matches!(decimals, [.., b'1'..=b'9'])
        && decimals.len() <= 6
        && decimals.iter().all(u8::is_ascii_digit)
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
    if let Some(digits) = few_decimals(magnitude, value < 0.0) {
        return digits;
    }
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

/// The digits of a number that has at most six decimals and fifteen digits, as nearly all have: several times as fast as
/// the general way. A double that a decimal of so few digits is nearest to has no shorter one, and no other as short.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "below 10^15"
)]
fn few_decimals(magnitude: f64, is_negative: bool) -> Option<String> {
    const POWERS: [f64; 6] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
    for (index, power) in POWERS.into_iter().enumerate() {
        let scaled = (magnitude * power).round();
        if scaled >= 1e15 {
            return None;
        }
        // Both are exact, so the quotient is the double nearest to the decimal.
        if scaled / power == magnitude {
            return Some(with_decimals(scaled as u64, index + 1, is_negative));
        }
    }
    None
}

/// `scaled` with its last `decimals` digits behind a point.
fn with_decimals(scaled: u64, decimals: usize, is_negative: bool) -> String {
    let mut text = [0_u8; 24];
    let (mut at, mut rest, mut digits) = (text.len(), scaled, 0);
    while rest > 0 || digits <= decimals {
        if digits == decimals {
            at -= 1;
            text[at] = b'.';
        }
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        digits += 1;
    }
    if is_negative {
        at -= 1;
        text[at] = b'-';
    }
    std::str::from_utf8(&text[at..]).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn digits(text: &str) -> Option<String> {
        let literal = NumberLiteral::read(text).unwrap();
        assert_eq!(literal.text(), text);
        from_literal(literal).map(Cow::into_owned)
    }

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
            assert_eq!(digits(written).unwrap(), canonical, "{written}");
        }
        assert_eq!(digits("1e400"), None);
    }

    proptest! {
        #[test]
        fn the_short_way_and_the_general_way_agree(value: f64, scaled in 0_i64..10_000_000_000_000_000, power in 0..9_i32) {
            #[allow(clippy::cast_precision_loss)]
            let decimal = scaled as f64 / 10_f64.powi(power);
            for value in [value, decimal, -decimal] {
                let whole = value.fract() == 0.0 || !value.is_finite();
                if !whole && let Some(digits) = few_decimals(value.abs(), value < 0.0) {
                    prop_assert_eq!(digits, value.to_string());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_as_it_stands_is_canonical(text in "-?(0|[1-9][0-9]{0,15})\\.[0-9]{1,8}([eE][+-]?[0-9]{1,2})?") {
            if is_short_decimal(&text) {
                let value: f64 = text.parse().unwrap();
                prop_assert_eq!(&text, &value.to_string());
                prop_assert_eq!(&text, &canonical(value));
            }
        }
    }

    #[test]
    fn a_canonical_number_stays_as_it_is() {
        for value in [0.1, 1e21, 1.5e-7, 123.456, 5e-324, f64::MAX, 1e16, -2.5] {
            let canonical = canonical(value);
            assert_eq!(canonical.parse::<f64>().unwrap(), value);
            assert_eq!(digits(&canonical).unwrap(), canonical);
        }
    }
}

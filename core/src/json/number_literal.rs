//! Numbers as they are written: digits, converted to a double only on demand.

/// A number as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberLiteral<'a> {
    text: &'a str,
    integer: bool,
}

/// A literal without an exponent and no longer than this is below 10^300 and therefore finite.
const SURELY_FINITE: usize = 300;

impl<'a> NumberLiteral<'a> {
    /// Reads the number at the start of `text`; `None` if there is none.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let whole = sign + digits(&bytes[sign..]);
        if whole == sign {
            return ["NaN", "Infinity", "-Infinity"]
                .into_iter()
                .find(|word| text.starts_with(word))
                .map(|word| Self {
                    text: &text[..word.len()],
                    integer: false,
                });
        }
        if bytes[sign] == b'0' {
            // A leading zero ends the integer: digits that follow are not part of the number.
            return Some(Self::with_fraction(text, sign + 1));
        }
        Some(Self::with_fraction(text, whole))
    }

    fn with_fraction(text: &'a str, whole: usize) -> Self {
        let bytes = text.as_bytes();
        let mut end = whole;
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits(&bytes[end + 1..]);
            end += if fraction == 0 { 0 } else { fraction + 1 };
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(&bytes[end + 1 + sign..]);
            end += if exponent == 0 { 0 } else { exponent + sign + 1 };
        }
        Self {
            text: &text[..end],
            integer: end == whole,
        }
    }

    /// The literal.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Whether it has neither a fraction nor an exponent.
    #[must_use]
    pub const fn is_integer(&self) -> bool {
        self.integer
    }

    /// The nearest double: infinite beyond its range, NaN for `NaN`.
    #[must_use]
    pub fn value(&self) -> f64 {
        if let Some(value) = self.few_digits() {
            return value;
        }
        // The grammar above is part of what the standard library parses, the three words included.
        self.text.parse().unwrap_or(f64::NAN)
    }

    /// The value of a number without an exponent that has at most fifteen digits, as timestamps have: twice as
    /// fast. Digits and power are exact as doubles, so their quotient is the nearest double.
    #[allow(clippy::cast_precision_loss, reason = "below 10^15")]
    fn few_digits(&self) -> Option<f64> {
        let digits = self.text.strip_prefix('-').unwrap_or(self.text);
        if digits.len() > 16 {
            return None;
        }
        let (mut scaled, mut power, mut step) = (0_u64, 1_u64, 1);
        for byte in digits.bytes() {
            match byte {
                b'0'..=b'9' => (scaled, power) = (scaled * 10 + u64::from(byte - b'0'), power * step),
                b'.' => step = 10,
                _ => return None,
            }
        }
        let magnitude = (scaled < 1_000_000_000_000_000).then(|| scaled as f64 / power as f64)?;
        Some(if digits.len() < self.text.len() {
            -magnitude
        } else {
            magnitude
        })
    }

    /// Whether the nearest double is finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let is_short = self.text.len() <= SURELY_FINITE;
        let is_plain = self.integer || !self.text.bytes().any(|byte| byte.is_ascii_alphabetic());
        (is_short && is_plain) || self.value().is_finite()
    }
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

//! Unix timestamps: their range, and the one rule for rounding them.
//!
//! Timestamps are kept to the microsecond. A finer one is rounded to the nearest microsecond, and to the even one when
//! two are equally near, on every transport: the microsecond is part of the id of an event without a `raw_ref`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 2020-01-01T00:00:00Z in Unix seconds: no timestamp may be earlier.
pub const EARLIEST: i64 = 1_577_836_800;
/// How many seconds a timestamp may be ahead of the clock.
pub const MAX_AHEAD: u64 = 24 * 60 * 60;

const NANOS_PER_MICRO: i32 = 1_000;
const MICROS_PER_SECOND: i64 = 1_000_000;

/// A point in time: Unix seconds and nanoseconds after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub seconds: i64,
    /// Nanoseconds after `seconds`: 0 to 999,999,999 in a valid timestamp.
    pub nanos: i32,
}

/// Why a timestamp is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampError {
    /// Its nanoseconds are not within one second.
    Nanos,
    /// It is before [`EARLIEST`].
    TooEarly,
    /// It is more than [`MAX_AHEAD`] seconds ahead of the clock.
    TooLate,
}

impl UnixTime {
    /// The earliest timestamp that is accepted.
    pub const EARLIEST: Self = Self {
        seconds: EARLIEST,
        nanos: 0,
    };

    /// The latest timestamp that is accepted at `now`.
    #[must_use]
    pub fn latest(now: SystemTime) -> Self {
        let since = now
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .saturating_add(Duration::from_secs(MAX_AHEAD));
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: since.subsec_nanos().cast_signed(),
        }
    }

    /// Checks that the timestamp is valid, and between [`Self::EARLIEST`] and `latest`.
    ///
    /// # Errors
    /// Which of these it is not.
    pub fn check(self, latest: Self) -> Result<(), TimestampError> {
        if !(0..1_000_000_000).contains(&self.nanos) {
            return Err(TimestampError::Nanos);
        }
        if self < Self::EARLIEST {
            return Err(TimestampError::TooEarly);
        }
        if self > latest {
            return Err(TimestampError::TooLate);
        }
        Ok(())
    }

    /// Unix microseconds, rounded half to even; `None` beyond the range of 64 bits.
    #[must_use]
    pub fn micros(self) -> Option<i64> {
        let (whole, rest) = (
            self.nanos.div_euclid(NANOS_PER_MICRO),
            self.nanos.rem_euclid(NANOS_PER_MICRO),
        );
        let half = NANOS_PER_MICRO / 2;
        let is_up = rest > half || (rest == half && whole % 2 != 0);
        self.seconds
            .checked_mul(MICROS_PER_SECOND)?
            .checked_add(i64::from(whole) + i64::from(is_up))
    }

    /// The timestamp nearest to `seconds` in whole microseconds, rounded half to even. One before 2020 is never rounded
    /// up to 2020. Seconds beyond 64 bits saturate, and `NaN` is 1970: the caller rejects both.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "saturation is intended, and 2020 is exact"
    )]
    pub fn from_seconds(seconds: f64) -> Self {
        let whole = seconds.floor();
        let micros = ((seconds - whole) * 1e6).round_ties_even();
        let is_carry = micros >= 1e6 && whole + 1.0 != EARLIEST as f64;
        match is_carry {
            true => Self {
                seconds: (whole as i64).saturating_add(1),
                nanos: 0,
            },
            false => Self {
                seconds: whole as i64,
                nanos: micros.min(999_999.0) as i32 * NANOS_PER_MICRO,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(seconds: i64, nanos: i32) -> Option<i64> {
        UnixTime { seconds, nanos }.micros()
    }

    #[test]
    fn nanoseconds_are_rounded_half_to_even() {
        assert_eq!(micros(1, 499), Some(1_000_000));
        assert_eq!(micros(1, 500), Some(1_000_000));
        assert_eq!(micros(1, 501), Some(1_000_001));
        assert_eq!(micros(1, 1_499), Some(1_000_001));
        assert_eq!(micros(1, 1_500), Some(1_000_002));
        assert_eq!(micros(1, 2_500), Some(1_000_002));
        assert_eq!(micros(1, 999_999_499), Some(1_999_999));
        assert_eq!(micros(1, 999_999_500), Some(2_000_000));
        assert_eq!(micros(-1, 500), Some(-1_000_000));
        assert_eq!(micros(i64::MAX, 0), None);
        assert_eq!(micros(i64::MIN, 0), None);
    }

    /// A plugin that sends 7.8125 ms as a double and one that sends it as nanoseconds must get one event id.
    #[test]
    fn seconds_and_nanoseconds_round_alike() {
        for half in 0..128_i32 {
            let seconds = 1_708_258_800.0 + f64::from(half) / 128.0;
            let exact = UnixTime {
                seconds: 1_708_258_800,
                nanos: half * 7_812_500,
            };
            assert_eq!(UnixTime::from_seconds(seconds).micros(), exact.micros(), "{half}");
        }
    }

    #[test]
    fn range_has_both_ends() {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let latest = UnixTime::latest(now);
        let check = |seconds, nanos| UnixTime { seconds, nanos }.check(latest);
        assert_eq!(check(EARLIEST, 0), Ok(()));
        assert_eq!(check(EARLIEST - 1, 999_999_999), Err(TimestampError::TooEarly));
        assert_eq!(check(1_800_086_400, 0), Ok(()));
        assert_eq!(check(1_800_086_400, 1), Err(TimestampError::TooLate));
        assert_eq!(check(EARLIEST, -1), Err(TimestampError::Nanos));
        assert_eq!(check(i64::MAX, 1_000_000_000), Err(TimestampError::Nanos));
    }
}

//! Whether a group should wait a moment for more batches.
//!
//! A group costs what it costs (a sync, some twenty calls of the system: about 300 us of processor time), however little is
//! in it. When thousands of small batches a second come in, the processors are what everyone waits for, and a pause of a
//! millisecond in which they prepare more batches is no loss to anyone. When few come in, a pause would be all loss. So the
//! group waits only if as many batches as pay for it are to be expected meanwhile, by the rate at which they came of late.

use std::time::{Duration, Instant};

/// How long a group waits.
const PAUSE: Duration = Duration::from_millis(1);
/// It must bring as many batches as this.
const WORTH: f64 = 8.0;
/// How much the last group says about the rate.
const WEIGHT: f64 = 0.25;

/// The rate of batches, as groups see it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Batches a second.
    rate: f64,
    last: Option<Instant>,
}

impl Pace {
    /// A group with as many batches was closed `now`.
    pub(super) fn took(&mut self, batches: usize, now: Instant) {
        let Some(last) = self.last.replace(now) else { return };
        let elapsed = now.saturating_duration_since(last).as_secs_f64();
        let rate = f64::from(u32::try_from(batches).unwrap_or(u32::MAX)) / elapsed.max(1e-6);
        self.rate += WEIGHT * (rate - self.rate);
    }

    /// How long the next group should wait, if it should.
    pub(super) fn pause(&self) -> Option<Duration> {
        (self.rate * PAUSE.as_secs_f64() >= WORTH).then_some(PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of `batches`, one every `millis`.
    fn pace(batches: usize, millis: u64) -> Pace {
        let start = Instant::now();
        let mut pace = Pace::default();
        for group in 0..40 {
            pace.took(batches, start + Duration::from_millis(group * millis));
        }
        pace
    }

    #[test]
    fn waits_only_where_many_batches_come() {
        assert_eq!(pace(0, 1).pause(), None);
        assert_eq!(pace(1, 1).pause(), None);
        assert_eq!(pace(64, 1000).pause(), None);
        assert_eq!(pace(20, 2).pause(), Some(PAUSE));
    }

    #[test]
    fn one_burst_after_silence_does_not_wait() {
        let mut pace = pace(1, 10);
        pace.took(200, Instant::now() + Duration::from_secs(60));
        assert_eq!(pace.pause(), None);
    }

    #[test]
    fn nothing_is_known_at_the_beginning() {
        assert_eq!(Pace::default().pause(), None);
    }
}

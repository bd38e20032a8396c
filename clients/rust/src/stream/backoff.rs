//! The delay before the next attempt: exponential with full jitter.

use std::time::Duration;

/// Delays between attempts that fail one after another.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// The first delay is at most `base`; the limit doubles with each failure up to `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap,
            failures: 0,
        }
    }

    /// Failures since the last success.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// An attempt succeeded.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The delay after one more failure: random, and at least `requested`, which the service asked for.
    pub fn next(&mut self, requested: Duration) -> Duration {
        let doubled = 2_u32.saturating_pow(self.failures.min(20));
        self.failures = self.failures.saturating_add(1);
        let most = self.base.saturating_mul(doubled).min(self.cap);
        most.mul_f64(rand::random::<f64>()).max(requested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_below_a_limit_that_doubles() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        for limit in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            let delay = backoff.next(Duration::ZERO);
            assert!(delay <= Duration::from_millis(limit), "{delay:?} > {limit} ms");
        }
        assert_eq!(backoff.failures(), 8);
        assert!(backoff.next(Duration::from_secs(60)) == Duration::from_secs(60));
        backoff.reset();
        assert!(backoff.next(Duration::ZERO) <= Duration::from_millis(100));
    }
}

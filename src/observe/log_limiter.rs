//! Limits log lines about a lasting condition, which every request would otherwise repeat.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Lines per minute.
const LINES: NonZeroU32 = NonZeroU32::new(6).unwrap();

/// Decides which lines of one kind are logged.
#[derive(Debug)]
pub(crate) struct LogLimiter {
    limiter: DefaultDirectRateLimiter,
    suppressed: AtomicU64,
}

impl LogLimiter {
    /// Allows six lines per minute.
    pub(crate) fn new() -> Self {
        Self {
            limiter: RateLimiter::direct(Quota::per_minute(LINES)),
            suppressed: AtomicU64::new(0),
        }
    }

    /// The number of lines suppressed since the last one, if another one may be logged.
    pub(crate) fn allow(&self) -> Option<u64> {
        if self.limiter.check().is_ok() {
            return Some(self.suppressed.swap(0, Relaxed));
        }
        self.suppressed.fetch_add(1, Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_limit_are_counted() {
        let limiter = LogLimiter::new();
        let allowed = (0..100).filter(|_| limiter.allow().is_some()).count();
        assert_eq!(allowed, 6);
        assert_eq!(limiter.suppressed.load(Relaxed), 94);
    }
}

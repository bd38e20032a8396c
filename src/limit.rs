//! How much a key may send: GCRA (a leaky bucket without a timer) for requests, and a pace for events on streams.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};
use jiff::{SignedDuration, Timestamp};

use crate::{config::LimitsConfig, error::IngestError};

type Requests = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;
type Events = RateLimiter<NotKeyed, InMemoryState, DefaultClock>;

/// The limits of one key, with what has been used of them.
#[derive(Debug)]
pub struct KeyLimits {
    config: LimitsConfig,
    requests: Option<Requests>,
    last: Mutex<(Instant, u32)>,
    events: Option<Events>,
}

/// Where a key stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests that may come at once.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// How long until all of them are there again.
    pub reset_after: Duration,
}

impl KeyLimits {
    /// Limits of which nothing has been used.
    pub fn new(config: LimitsConfig) -> Self {
        let requests = NonZeroU32::new(config.requests_per_minute)
            .map(|rate| Quota::per_minute(rate).allow_burst(at_least_one(config.burst)))
            .map(|quota| RateLimiter::direct(quota).with_middleware());
        // a whole batch must fit into the bucket
        let events = NonZeroU32::new(config.events_per_second)
            .map(|rate| Quota::per_second(rate).allow_burst(rate.max(at_least_one(500))))
            .map(RateLimiter::direct);
        Self {
            config,
            requests,
            last: Mutex::new((Instant::now(), config.burst)),
            events,
        }
    }

    /// The numbers.
    pub fn config(&self) -> &LimitsConfig {
        &self.config
    }

    /// Counts one request; `None` if requests are not limited.
    ///
    /// # Errors
    /// [`IngestError::RateLimited`] when none is left.
    pub fn take(&self) -> Result<Option<Standing>, IngestError> {
        let Some(requests) = &self.requests else {
            return Ok(None);
        };
        match requests.check() {
            Ok(snapshot) => Ok(Some(self.note(snapshot.remaining_burst_capacity()))),
            Err(until) => Err(IngestError::RateLimited {
                per_minute: self.config.requests_per_minute,
                retry_after: until.wait_time_from(requests.clock().now()),
                standing: self.note(0),
            }),
        }
    }

    /// Where the key stands, without counting anything.
    pub fn standing(&self) -> Option<Standing> {
        self.requests.as_ref()?;
        let (at, remaining) = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let back = at.elapsed().as_nanos() / self.interval().as_nanos().max(1);
        let back = u32::try_from(back).unwrap_or(u32::MAX);
        Some(self.with_remaining(remaining.saturating_add(back).min(self.config.burst)))
    }

    /// Waits until `events` more may be taken from a stream.
    pub async fn pace(&self, events: u32) {
        let (Some(limiter), Some(events)) = (&self.events, NonZeroU32::new(events)) else {
            return;
        };
        loop {
            match limiter.check_n(events) {
                Ok(Err(until)) => tokio::time::sleep(until.wait_time_from(limiter.clock().now())).await,
                // more than the bucket holds: validation refuses such a batch anyway
                Ok(Ok(())) | Err(_) => return,
            }
        }
    }

    fn note(&self, remaining: u32) -> Standing {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), remaining);
        self.with_remaining(remaining)
    }

    fn with_remaining(&self, remaining: u32) -> Standing {
        let used = self.config.burst.saturating_sub(remaining);
        Standing {
            limit: self.config.burst,
            remaining,
            reset_after: self.interval() * used,
        }
    }

    /// How long it takes until one more is there.
    fn interval(&self) -> Duration {
        Duration::from_secs(60) / self.config.requests_per_minute.max(1)
    }
}

impl Standing {
    /// The moment of [`Self::reset_after`].
    pub fn reset_at(&self, now: Timestamp) -> Timestamp {
        let delay = SignedDuration::try_from(self.reset_after).unwrap_or(SignedDuration::MAX);
        now.checked_add(delay).unwrap_or(Timestamp::MAX)
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::testing::limits;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let key = KeyLimits::new(LimitsConfig {
            requests_per_minute: 60,
            burst: 3,
            ..limits()
        });
        for left in [2, 1, 0] {
            let standing = key.take().unwrap().unwrap();
            assert_eq!((standing.limit, standing.remaining), (3, left));
        }
        let Err(IngestError::RateLimited {
            per_minute,
            retry_after,
            standing,
        }) = key.take()
        else {
            panic!("the fourth must not pass")
        };
        assert_eq!((per_minute, standing.remaining), (60, 0));
        assert!(retry_after <= Duration::from_secs(1) && retry_after > Duration::from_millis(500));
        assert_eq!(standing.reset_after, Duration::from_secs(3));
        assert_eq!(key.standing().unwrap().remaining, 0);
    }

    #[test]
    fn zero_means_no_limit() {
        let key = KeyLimits::new(LimitsConfig {
            requests_per_minute: 0,
            ..limits()
        });
        assert!((0..1000).all(|_| key.take().unwrap().is_none()));
        assert!(key.standing().is_none());
    }

    #[tokio::test]
    async fn events_are_paced_not_refused() {
        let key = KeyLimits::new(LimitsConfig {
            events_per_second: 5_000,
            ..limits()
        });
        let start = Instant::now();
        for _ in 0..11 {
            key.pace(500).await;
        }
        assert!(
            start.elapsed() >= Duration::from_millis(90),
            "{:?}",
            start.elapsed()
        );
    }
}

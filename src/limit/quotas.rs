//! The rate limiters of one key or tenant.

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

use super::{RateLimitExceeded, RateLimitStatus};

type Requests = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;
type Events = RateLimiter<NotKeyed, InMemoryState, DefaultClock>;

/// The configured rates; 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) requests_per_minute: u32,
    /// Requests that may be sent at once; never 0.
    pub(super) burst: u32,
    pub(super) events_per_second: u32,
}

/// The rates and their state.
#[derive(Debug)]
pub(super) struct Quotas {
    rates: Rates,
    requests: Option<Requests>,
    last: Mutex<(Instant, u32)>,
    events: Option<Events>,
}

impl Quotas {
    pub(super) fn new(rates: Rates) -> Self {
        let requests = NonZeroU32::new(rates.requests_per_minute)
            .map(|rate| Quota::per_minute(rate).allow_burst(at_least_one(rates.burst)))
            .map(|quota| RateLimiter::direct(quota).with_middleware());
        // the burst must allow a whole batch
        let events = NonZeroU32::new(rates.events_per_second)
            .map(|rate| Quota::per_second(rate).allow_burst(rate.max(at_least_one(500))))
            .map(RateLimiter::direct);
        Self {
            rates,
            requests,
            last: Mutex::new((Instant::now(), rates.burst)),
            events,
        }
    }

    pub(super) fn rates(&self) -> &Rates {
        &self.rates
    }

    /// Counts one request; `None` if requests are not limited.
    pub(super) fn take(&self) -> Result<Option<RateLimitStatus>, RateLimitExceeded> {
        let Some(requests) = &self.requests else {
            return Ok(None);
        };
        match requests.check() {
            Ok(snapshot) => Ok(Some(self.note(snapshot.remaining_burst_capacity()))),
            Err(until) => Err(RateLimitExceeded {
                per_minute: self.rates.requests_per_minute,
                retry_after: until.wait_time_from(requests.clock().now()),
                status: self.note(0),
            }),
        }
    }

    /// The current status, without counting a request.
    pub(super) fn status(&self) -> Option<RateLimitStatus> {
        self.requests.as_ref()?;
        let (at, remaining) = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let back = at.elapsed().as_nanos() / self.interval().as_nanos().max(1);
        let back = u32::try_from(back).unwrap_or(u32::MAX);
        Some(self.with_remaining(remaining.saturating_add(back).min(self.rates.burst)))
    }

    /// Waits until `events` more may be accepted from a stream.
    pub(super) async fn pace(&self, events: NonZeroU32) {
        let Some(limiter) = &self.events else { return };
        loop {
            match limiter.check_n(events) {
                Ok(Err(until)) => tokio::time::sleep(until.wait_time_from(limiter.clock().now())).await,
                // more than the bucket holds: validation refuses such a batch anyway
                Ok(Ok(())) | Err(_) => return,
            }
        }
    }

    fn note(&self, remaining: u32) -> RateLimitStatus {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), remaining);
        self.with_remaining(remaining)
    }

    fn with_remaining(&self, remaining: u32) -> RateLimitStatus {
        let used = self.rates.burst.saturating_sub(remaining);
        RateLimitStatus {
            limit: self.rates.burst,
            remaining,
            reset_after: self.interval() * used,
        }
    }

    /// The time after which one more request is available.
    fn interval(&self) -> Duration {
        Duration::from_secs(60) / self.rates.requests_per_minute.max(1)
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

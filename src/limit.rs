//! Rate limits of a key, and of all keys of a tenant together: GCRA (a leaky bucket without a timer) for requests, and
//! pacing for events on streams.
//!
//! A request needs capacity of the key and then of the tenant; responses report the limit with fewer requests left. A
//! request that the tenant's limit rejects still counts for its key, so a key that keeps retrying exhausts its own limit.

mod quotas;
mod tenants;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use self::quotas::{Quotas, Rates};
pub use self::tenants::TenantLimits;
use crate::config::LimitsConfig;

/// The processor time that one request pays for.
pub const EXPENSIVE: Duration = Duration::from_millis(50);
/// Requests that one can cost besides itself, at most.
const MOST_CHARGED: u128 = 1000;

/// The rate limits of one key, with their state.
#[derive(Debug)]
pub struct KeyLimits {
    config: LimitsConfig,
    own: Quotas,
    tenant: Option<Arc<Quotas>>,
}

/// The status of a rate limit after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// Requests that may be sent at once.
    pub limit: u32,
    /// Requests left.
    pub remaining: u32,
    /// Time until all of them are available again.
    pub reset_after: Duration,
}

/// A request that exceeds a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rate limit of {per_minute} requests per minute exceeded")]
pub struct RateLimitExceeded {
    /// The limit, in requests per minute.
    pub per_minute: u32,
    /// When the next request is accepted.
    pub retry_after: Duration,
    /// The status of the exceeded limit.
    pub status: RateLimitStatus,
}

impl KeyLimits {
    /// Unused limits of a key whose tenant has no limits.
    pub fn new(config: LimitsConfig) -> Self {
        let own = Quotas::new(Rates {
            requests_per_minute: config.requests_per_minute,
            burst: config.burst,
            events_per_second: config.events_per_second,
        });
        Self {
            config,
            own,
            tenant: None,
        }
    }

    /// Unused limits of a key that shares the limits of `tenant`, if it has any.
    pub fn within(config: LimitsConfig, tenants: &TenantLimits, tenant: &str) -> Self {
        Self {
            tenant: tenants.quotas(tenant),
            ..Self::new(config)
        }
    }

    /// The configured limits of the key.
    pub fn config(&self) -> &LimitsConfig {
        &self.config
    }

    /// Requests per minute, burst, and events per second that the key and its tenant both allow; 0 means no limit.
    pub fn allowed(&self) -> (u32, u32, u32) {
        let own = *self.own.rates();
        let tenant = self.tenant.as_ref().map_or(own, |quotas| *quotas.rates());
        let burst = match (own.requests_per_minute, tenant.requests_per_minute) {
            (_, 0) => own.burst,
            (0, _) => tenant.burst,
            _ => own.burst.min(tenant.burst),
        };
        (
            lower(own.requests_per_minute, tenant.requests_per_minute),
            burst,
            lower(own.events_per_second, tenant.events_per_second),
        )
    }

    /// Counts one request; `None` if requests are not limited.
    ///
    /// # Errors
    /// [`RateLimitExceeded`] when no request is left.
    pub fn take(&self) -> Result<Option<RateLimitStatus>, RateLimitExceeded> {
        let own = self.own.take()?;
        let tenant = self.tenant.as_ref().map(|quotas| quotas.take()).transpose()?;
        Ok(fewer_left(own, tenant.flatten()))
    }

    /// Counts one more request for each [`EXPENSIVE`] of processor time beyond the first. `None` if there are none, or
    /// requests are not limited.
    pub fn charge(&self, cost: Duration) -> Option<RateLimitStatus> {
        let more = cost.as_nanos() / EXPENSIVE.as_nanos();
        // beyond what is left, the key has to wait anyway
        (0..more.min(MOST_CHARGED))
            .map_while(|_| self.take().ok())
            .last()
            .flatten()
    }

    /// The current status, without counting a request.
    pub fn status(&self) -> Option<RateLimitStatus> {
        let tenant = self.tenant.as_ref().and_then(|quotas| quotas.status());
        fewer_left(self.own.status(), tenant)
    }

    /// Waits until `events` more may be accepted from a stream.
    pub async fn pace(&self, events: u32) {
        let Some(events) = NonZeroU32::new(events) else {
            return;
        };
        self.own.pace(events).await;
        if let Some(tenant) = &self.tenant {
            tenant.pace(events).await;
        }
    }
}

fn fewer_left(own: Option<RateLimitStatus>, tenant: Option<RateLimitStatus>) -> Option<RateLimitStatus> {
    own.into_iter()
        .chain(tenant)
        .min_by_key(|rate_limit| rate_limit.remaining)
}

/// The lower of two limits, where 0 means none.
fn lower(one: u32, other: u32) -> u32 {
    match (one, other) {
        (0, limit) | (limit, 0) => limit,
        _ => one.min(other),
    }
}

impl RateLimitStatus {
    /// The time at which [`Self::reset_after`] ends.
    pub fn reset_at(&self, now: Timestamp) -> Timestamp {
        let delay = SignedDuration::try_from(self.reset_after).unwrap_or(SignedDuration::MAX);
        now.checked_add(delay).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{collections::BTreeMap, time::Instant};

    use super::*;
    use crate::config::{TenantRates, testing::limits};

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let key = KeyLimits::new(LimitsConfig {
            requests_per_minute: 60,
            burst: 3,
            ..limits()
        });
        for left in [2, 1, 0] {
            let rate_limit = key.take().unwrap().unwrap();
            assert_eq!((rate_limit.limit, rate_limit.remaining), (3, left));
        }
        let Err(RateLimitExceeded {
            per_minute,
            retry_after,
            status: rate_limit,
        }) = key.take()
        else {
            panic!("the fourth must not pass")
        };
        assert_eq!((per_minute, rate_limit.remaining), (60, 0));
        assert!(retry_after <= Duration::from_secs(1) && retry_after > Duration::from_millis(500));
        assert_eq!(rate_limit.reset_after, Duration::from_secs(3));
        assert_eq!(key.status().unwrap().remaining, 0);
    }

    #[test]
    fn processor_time_counts_as_further_requests() {
        let key = KeyLimits::new(limits());
        assert_eq!(key.take().unwrap().unwrap().remaining, 59);
        assert!(key.charge(Duration::from_millis(49)).is_none());
        assert_eq!(key.charge(Duration::from_millis(120)).unwrap().remaining, 57);
        assert_eq!(key.charge(Duration::from_secs(3600)).unwrap().remaining, 0);
        assert!(key.take().is_err());
    }

    #[test]
    fn zero_means_no_limit() {
        let key = KeyLimits::new(LimitsConfig {
            requests_per_minute: 0,
            ..limits()
        });
        assert!((0..1000).all(|_| key.take().unwrap().is_none()));
        assert!(key.status().is_none());
    }

    #[tokio::test]
    async fn events_are_paced_not_rejected() {
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

    fn family(requests_per_minute: u32, events_per_second: u32) -> TenantLimits {
        let rates = TenantRates {
            requests_per_minute,
            events_per_second,
        };
        TenantLimits::new(&BTreeMap::from([("family".to_owned(), rates)]))
    }

    #[test]
    fn keys_of_a_tenant_share_its_limit_and_others_do_not() {
        let tenants = family(3, 0);
        let key = |tenant| KeyLimits::within(limits(), &tenants, tenant);
        let (one, other, stranger) = (key("family"), key("family"), key("default"));
        assert_eq!(one.take().unwrap().unwrap().remaining, 2);
        assert_eq!(other.take().unwrap().unwrap().remaining, 1);
        assert_eq!(one.take().unwrap().unwrap().limit, 3);
        let Err(RateLimitExceeded {
            per_minute,
            status: rate_limit,
            ..
        }) = other.take()
        else {
            panic!("the fourth of the tenant must not pass")
        };
        assert_eq!((per_minute, rate_limit.limit, rate_limit.remaining), (3, 3, 0));
        assert_eq!(one.status().unwrap().remaining, 0);
        assert_eq!(stranger.take().unwrap().unwrap().remaining, 59);
    }

    #[test]
    fn the_key_refuses_before_the_tenant_counts() {
        let tenants = family(10, 0);
        let config = LimitsConfig {
            requests_per_minute: 1,
            burst: 1,
            ..limits()
        };
        let greedy = KeyLimits::within(config, &tenants, "family");
        assert_eq!(greedy.take().unwrap().unwrap().remaining, 0);
        assert!((0..20).all(|_| greedy.take().is_err()));
        let modest = KeyLimits::within(limits(), &tenants, "family");
        assert_eq!(modest.take().unwrap().unwrap().remaining, 8);
    }

    #[test]
    fn what_is_allowed_is_what_both_allow() {
        let allowed = |own: (u32, u32), tenant: (u32, u32)| {
            let config = LimitsConfig {
                requests_per_minute: own.0,
                events_per_second: own.1,
                ..limits()
            };
            KeyLimits::within(config, &family(tenant.0, tenant.1), "family").allowed()
        };
        assert_eq!(allowed((60, 0), (0, 0)), (60, 60, 0));
        assert_eq!(allowed((60, 5), (20, 9)), (20, 20, 5));
        assert_eq!(allowed((0, 0), (120, 9)), (120, 120, 9));
        assert_eq!(allowed((60, 9), (120, 5)), (60, 60, 5));
    }

    #[tokio::test]
    async fn streams_of_a_tenant_share_its_pace() {
        let tenants = family(0, 5_000);
        let key = || KeyLimits::within(limits(), &tenants, "family");
        let (one, other) = (key(), key());
        let start = Instant::now();
        for _ in 0..6 {
            one.pace(500).await;
            other.pace(500).await;
        }
        assert!(
            start.elapsed() >= Duration::from_millis(190),
            "{:?}",
            start.elapsed()
        );
    }
}

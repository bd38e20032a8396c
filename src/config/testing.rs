//! Shared by the unit tests of several modules.

use std::time::Duration;

use super::LimitsConfig;

pub(crate) fn limits() -> LimitsConfig {
    LimitsConfig {
        requests_per_minute: 60,
        burst: 60,
        events_per_second: 0,
        max_body_bytes: 1 << 20,
        failed_auth_per_minute: 20,
        max_in_flight_batches: 32,
        max_in_flight_bytes: 32 << 20,
        admission_wait: Duration::from_secs(1),
    }
}

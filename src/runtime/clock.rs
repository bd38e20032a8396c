//! The time as a parameter, so that tests can change it.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;

/// The time at which batches are received: validation compares timestamps with it, and it decides the day of an event. Rate
/// limits and the expiry of keys use the system clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system clock.
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    /// A clock that calls `now` each time.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Converts to the standard library's type; times before 1970 become 1970.
pub(crate) fn system_time(now: Timestamp) -> SystemTime {
    let since = Duration::try_from(now.as_duration()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + since
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_time_is_the_same_instant() {
        let timestamp = Timestamp::constant(1_772_112_600, 250_000_000);
        let since = Duration::from_millis(1_772_112_600_250);
        assert_eq!(system_time(timestamp), SystemTime::UNIX_EPOCH + since);
        assert_eq!(system_time(Timestamp::constant(-5, 0)), SystemTime::UNIX_EPOCH);
    }
}

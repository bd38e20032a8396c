//! What time it is, as a parameter, so that tests can turn it.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;

/// Tells the time at which batches come in: what their timestamps are compared with, and which day they are filed under.
/// Limits and expiry of keys go by the machine's own clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    /// One that is asked each time.
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

/// The same moment in the standard library's words; what is before 1970 is 1970.
pub(crate) fn system_time(now: Timestamp) -> SystemTime {
    let since = Duration::try_from(now.as_duration()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + since
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_words_mean_the_same_moment() {
        let moment = Timestamp::constant(1_772_112_600, 250_000_000);
        let since = Duration::from_millis(1_772_112_600_250);
        assert_eq!(system_time(moment), SystemTime::UNIX_EPOCH + since);
        assert_eq!(system_time(Timestamp::constant(-5, 0)), SystemTime::UNIX_EPOCH);
    }
}

//! Decides what to retry, and when.

use std::time::{Duration, Instant};

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The longest delay between two attempts, unless the service requests more.
const MAX_DELAY: Duration = Duration::from_secs(5);

/// Exponential backoff that ends after too long without a response.
#[derive(Debug)]
pub(super) struct Retry {
    limit: Duration,
    since: Instant,
    next: Duration,
}

impl Retry {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            since: Instant::now(),
            next: Duration::from_millis(100),
        }
    }

    /// A response was received.
    pub(super) fn progressed(&mut self) {
        *self = Self::new(self.limit);
    }

    /// The delay before the next attempt; `None` after the limit, or when a retry cannot succeed.
    pub(super) fn wait(&mut self, status: &Status) -> Option<Duration> {
        if !is_transient(status) || self.since.elapsed() >= self.limit {
            return None;
        }
        let wait = requested_delay(status).unwrap_or(self.next).max(self.next);
        self.next = (self.next * 2).min(MAX_DELAY);
        Some(wait)
    }
}

/// Whether the same call may succeed later.
pub(super) fn is_transient(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Cancelled
        | Code::DeadlineExceeded => true,
        // a broken connection, as reported by tonic and h2
        Code::Unknown | Code::Internal => true,
        _ => false,
    }
}

fn requested_delay(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let mut retry = Retry::new(Duration::from_secs(3600));
        let down = Status::unavailable("down");
        let waits: Vec<_> = (0..8)
            .filter_map(|_| retry.wait(&down))
            .map(|wait| wait.as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        retry.progressed();
        assert_eq!(retry.wait(&down), Some(Duration::from_millis(100)));
        assert_eq!(retry.wait(&Status::unauthenticated("no")), None);
        assert_eq!(Retry::new(Duration::ZERO).wait(&down), None);
    }
}

//! What may be tried again, and when.

use std::time::{Duration, Instant};

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The longest wait between two tries, unless the service asks for more.
const LONGEST: Duration = Duration::from_secs(5);

/// Back-off that ends when nothing has been answered for too long.
#[derive(Debug)]
pub(super) struct Retry {
    patience: Duration,
    since: Instant,
    next: Duration,
}

impl Retry {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            since: Instant::now(),
            next: Duration::from_millis(100),
        }
    }

    /// Something was answered.
    pub(super) fn progressed(&mut self) {
        *self = Self::new(self.patience);
    }

    /// How long to wait before the next try; none if patience is at an end, or `status` will not change.
    pub(super) fn wait(&mut self, status: &Status) -> Option<Duration> {
        if !is_transient(status) || self.since.elapsed() >= self.patience {
            return None;
        }
        let wait = asked_for(status).unwrap_or(self.next).max(self.next);
        self.next = (self.next * 2).min(LONGEST);
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
        // a broken connection, as tonic and h2 tell it
        Code::Unknown | Code::Internal => true,
        _ => false,
    }
}

fn asked_for(status: &Status) -> Option<Duration> {
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

//! The statistics of one tenant.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use jiff::Timestamp;
use openclone_vault::Receipt;

use super::{Lag, Outcomes};

/// The statistics of one tenant.
#[derive(Debug, Default)]
pub(crate) struct TenantStats {
    stored: AtomicU64,
    duplicate: AtomicU64,
    rejected: AtomicU64,
    /// Unix microseconds; 0 for never.
    last_seen: AtomicI64,
    /// When each batch was handed to the writer, which replies in that order.
    waiting: Mutex<VecDeque<Instant>>,
    journal: Mutex<Journal>,
}

/// Bytes stored since a checkpoint.
#[derive(Debug, Default)]
struct Journal {
    checkpoints: u64,
    bytes: u64,
}

/// A batch that the writer has accepted.
#[derive(Debug)]
pub(crate) struct Handed {
    stats: Arc<TenantStats>,
    events: u64,
    bytes: u64,
    is_done: bool,
}

impl TenantStats {
    /// Records that the writer received a batch of `events` events and `bytes` bytes of Markdown.
    pub(crate) fn handed(self: Arc<Self>, events: usize, bytes: usize) -> Handed {
        self.seen();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(Instant::now());
        drop(waiting);
        Handed {
            stats: self,
            events: events as u64,
            bytes: bytes as u64,
            is_done: false,
        }
    }

    /// Records rejected events.
    pub(crate) fn rejected(&self, events: usize) {
        self.seen();
        self.rejected.fetch_add(events as u64, Relaxed);
    }

    pub(crate) fn outcomes(&self) -> Outcomes {
        Outcomes {
            stored: self.stored.load(Relaxed),
            duplicate: self.duplicate.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
        }
    }

    pub(crate) fn last_seen(&self) -> Option<Timestamp> {
        let micros = self.last_seen.load(Relaxed);
        Timestamp::from_microsecond(micros).ok().filter(|_| micros != 0)
    }

    /// `checkpoints` is the number of checkpoints so far.
    pub(crate) fn lag(&self, checkpoints: u64) -> Lag {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        Lag {
            bytes: if journal.checkpoints == checkpoints {
                journal.bytes
            } else {
                0
            },
            waiting: waiting.len() as u64,
            seconds: waiting.front().map_or(0.0, |since| since.elapsed().as_secs_f64()),
        }
    }

    fn seen(&self) {
        self.last_seen.store(Timestamp::now().as_microsecond(), Relaxed);
    }
}

impl Handed {
    /// Records the reply of the writer, after `checkpoints` checkpoints.
    pub(crate) fn replied(mut self, outcome: Result<Receipt, ()>, checkpoints: u64) {
        self.is_done = true;
        let stats = &self.stats;
        let Ok(receipt) = outcome else {
            stats.rejected.fetch_add(self.events, Relaxed);
            return;
        };
        stats.stored.fetch_add(receipt.stored.into(), Relaxed);
        stats.duplicate.fetch_add(receipt.skipped.into(), Relaxed);
        let mut journal = stats.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.checkpoints != checkpoints {
            *journal = Journal {
                checkpoints,
                bytes: 0,
            };
        }
        journal.bytes += self.bytes * u64::from(receipt.stored) / self.events.max(1);
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        let mut waiting = self.stats.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front();
        if !self.is_done {
            self.stats.rejected.fetch_add(self.events, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoint_clears_the_journal_and_reply_the_queue() {
        let stats = Arc::new(TenantStats::default());
        let (first, second) = (
            Arc::clone(&stats).handed(10, 1000),
            Arc::clone(&stats).handed(10, 1000),
        );
        assert_eq!(stats.lag(0).waiting, 2);
        first.replied(
            Ok(Receipt {
                stored: 5,
                skipped: 5,
            }),
            0,
        );
        assert_eq!(
            (stats.lag(0).waiting, stats.lag(0).bytes, stats.lag(1).bytes),
            (1, 500, 0)
        );
        second.replied(
            Ok(Receipt {
                stored: 10,
                skipped: 0,
            }),
            1,
        );
        assert_eq!((stats.lag(1).waiting, stats.lag(1).bytes), (0, 1000));
        drop(Arc::clone(&stats).handed(3, 1));
        Arc::clone(&stats).handed(4, 1).replied(Err(()), 1);
        let expected = Outcomes {
            stored: 15,
            duplicate: 5,
            rejected: 7,
        };
        assert_eq!((stats.outcomes(), stats.lag(1).waiting), (expected, 0));
        assert!(stats.lag(1).seconds.abs() < f64::EPSILON);
    }
}

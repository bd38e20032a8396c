//! The figures of one tenant.

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

/// The figures of one tenant.
#[derive(Debug, Default)]
pub(crate) struct TenantStats {
    stored: AtomicU64,
    duplicate: AtomicU64,
    refused: AtomicU64,
    /// Unix microseconds; 0 for never.
    last_seen: AtomicI64,
    /// When each batch was handed to the writer, which answers in that order.
    waiting: Mutex<VecDeque<Instant>>,
    journal: Mutex<Journal>,
}

/// What was stored since a checkpoint.
#[derive(Debug, Default)]
struct Journal {
    checkpoints: u64,
    bytes: u64,
}

/// A batch that the writer has.
#[derive(Debug)]
pub(crate) struct Handed {
    figures: Arc<TenantStats>,
    events: u64,
    bytes: u64,
    is_answered: bool,
}

impl TenantStats {
    /// The writer gets a batch of so many events and bytes of Markdown.
    pub(crate) fn handed(self: Arc<Self>, events: usize, bytes: usize) -> Handed {
        self.seen();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(Instant::now());
        drop(waiting);
        Handed {
            figures: self,
            events: events as u64,
            bytes: bytes as u64,
            is_answered: false,
        }
    }

    /// So many events were not taken.
    pub(crate) fn refused(&self, events: usize) {
        self.seen();
        self.refused.fetch_add(events as u64, Relaxed);
    }

    pub(crate) fn outcomes(&self) -> Outcomes {
        Outcomes {
            stored: self.stored.load(Relaxed),
            duplicate: self.duplicate.load(Relaxed),
            refused: self.refused.load(Relaxed),
        }
    }

    pub(crate) fn last_seen(&self) -> Option<Timestamp> {
        let micros = self.last_seen.load(Relaxed);
        Timestamp::from_microsecond(micros).ok().filter(|_| micros != 0)
    }

    /// `checkpoints` is the number of them so far.
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
    /// The writer has answered, after so many checkpoints; an error is `Err`.
    pub(crate) fn answered(mut self, outcome: Result<Receipt, ()>, checkpoints: u64) {
        self.is_answered = true;
        let figures = &self.figures;
        let Ok(receipt) = outcome else {
            figures.refused.fetch_add(self.events, Relaxed);
            return;
        };
        figures.stored.fetch_add(receipt.stored.into(), Relaxed);
        figures.duplicate.fetch_add(receipt.skipped.into(), Relaxed);
        let mut journal = figures.journal.lock().unwrap_or_else(PoisonError::into_inner);
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
        let mut waiting = self
            .figures
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front();
        if !self.is_answered {
            self.figures.refused.fetch_add(self.events, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_empties_the_journal_and_an_answer_the_queue() {
        let figures = Arc::new(TenantStats::default());
        let (first, second) = (
            Arc::clone(&figures).handed(10, 1000),
            Arc::clone(&figures).handed(10, 1000),
        );
        assert_eq!(figures.lag(0).waiting, 2);
        first.answered(
            Ok(Receipt {
                stored: 5,
                skipped: 5,
            }),
            0,
        );
        assert_eq!(
            (figures.lag(0).waiting, figures.lag(0).bytes, figures.lag(1).bytes),
            (1, 500, 0)
        );
        second.answered(
            Ok(Receipt {
                stored: 10,
                skipped: 0,
            }),
            1,
        );
        assert_eq!((figures.lag(1).waiting, figures.lag(1).bytes), (0, 1000));
        drop(Arc::clone(&figures).handed(3, 1));
        Arc::clone(&figures).handed(4, 1).answered(Err(()), 1);
        let expected = Outcomes {
            stored: 15,
            duplicate: 5,
            refused: 7,
        };
        assert_eq!((figures.outcomes(), figures.lag(1).waiting), (expected, 0));
        assert!(figures.lag(1).seconds.abs() < f64::EPSILON);
    }
}

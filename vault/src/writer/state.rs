//! What the writer reports about itself: its state, and its counters.
//!
//! # The state machine
//!
//! | State | the store fails | a sync fails | the store was reopened and replayed |
//! |---|---|---|---|
//! | ready | degraded | poisoned | ready |
//! | degraded | degraded | poisoned | ready |
//! | poisoned | poisoned | poisoned | poisoned |
//!
//! Only a restart ends *poisoned*: a later success does not make a failed sync good. [`Health`] is the only one that changes
//! the state.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::open_files::is_sync_failure;
use crate::{
    error::{AppendError, Outage},
    store::{Store, StoreError},
};

/// The note in the store which tells the next start that a sync has failed.
pub(crate) const SYNC_FAILED: &str = "sync-failed";
/// How long a caller should wait while the store is being reopened.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How long a caller should wait for a restart.
const RETRY_AFTER_RESTART: Duration = Duration::from_secs(60);

/// What the writer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It accepts batches.
    Ready,
    /// It rejects batches for now and tries to recover by itself.
    Degraded {
        /// Why.
        reason: String,
    },
    /// A sync failed: it rejects batches until a restart.
    Poisoned {
        /// Why.
        reason: String,
    },
}

/// What changes the state.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    StoreFailed { reason: String },
    SyncFailed { reason: String },
    Reopened,
}

impl State {
    fn after(self, change: Change) -> Self {
        match (self, change) {
            (poisoned @ Self::Poisoned { .. }, _) => poisoned,
            (_, Change::StoreFailed { reason }) => Self::Degraded { reason },
            (_, Change::SyncFailed { reason }) => Self::Poisoned { reason },
            (_, Change::Reopened) => Self::Ready,
        }
    }

    /// Why a batch is rejected in this state, if it is.
    fn rejection(self) -> Option<AppendError> {
        let (outage, reason, retry_after) = match self {
            Self::Ready => return None,
            Self::Degraded { reason } => (Outage::Reopening, reason, RETRY_AFTER),
            Self::Poisoned { reason } => (Outage::SyncFailed, reason, RETRY_AFTER_RESTART),
        };
        Some(AppendError::Unavailable {
            outage,
            reason,
            retry_after,
        })
    }
}

/// The writer's state, and what a failed sync leaves to be done for the next start.
pub(super) struct Health {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    /// A sync has failed, and the store does not have the note of it yet.
    owes_note: bool,
}

impl Health {
    pub(super) fn new(shared: Arc<Shared>, store: Arc<dyn Store>) -> Self {
        Self {
            shared,
            store,
            owes_note: false,
        }
    }

    pub(super) fn state(&self) -> State {
        self.shared.state()
    }

    pub(super) fn is_poisoned(&self) -> bool {
        matches!(self.state(), State::Poisoned { .. })
    }

    /// Why nothing is accepted at all, if so.
    pub(super) fn rejection(&self) -> Option<AppendError> {
        self.state().rejection()
    }

    /// The store failed: nothing is accepted until it has been reopened. What callers get now.
    pub(super) fn store_failed(&mut self, error: &StoreError) -> AppendError {
        if error.is_sync_failure {
            self.sync_failed(&error.message);
        } else {
            let reason = if error.is_damaged_database() {
                format!(
                    "the database is damaged: {error}; stop the service, `openclone reindex` makes a new one from the vault"
                )
            } else {
                format!("the store failed: {error}")
            };
            tracing::error!(reason, "the store failed, reopening it");
            self.shared.change(Change::StoreFailed { reason });
        }
        self.rejection().unwrap_or_else(|| AppendError::Storage {
            reason: error.message.clone(),
        })
    }

    /// A sync failed: nothing is accepted until a restart.
    pub(super) fn sync_failed(&mut self, reason: &str) {
        tracing::error!(reason, "a sync failed, batches are rejected until a restart");
        let reason = format!("a sync failed, restart the service: {reason}");
        self.shared.change(Change::SyncFailed { reason });
        self.write_note();
    }

    /// Takes note of an error of a daily file if it is a failed sync.
    pub(super) fn check_sync(&mut self, error: &io::Error) {
        if is_sync_failure(error) {
            self.sync_failed(&error.to_string());
        }
    }

    /// The store was reopened, and what it has was replayed.
    pub(super) fn reopened(&mut self) {
        self.shared.change(Change::Reopened);
    }

    /// Whether an earlier process has noted a failed sync.
    pub(super) fn has_note(&self) -> Result<bool, StoreError> {
        let note = self.store.note(SYNC_FAILED)?;
        Ok(note.is_some_and(|note| note == b"1"))
    }

    /// Everything has been written again: the failed sync is made good.
    pub(super) fn remove_note(&mut self) -> Result<(), StoreError> {
        self.store.set_note(SYNC_FAILED, b"")
    }

    pub(super) fn owes_note(&self) -> bool {
        self.owes_note
    }

    fn write_note(&mut self) {
        let noted = self.store.set_note(SYNC_FAILED, b"1");
        self.owes_note = noted.is_err();
        if let Err(error) = noted {
            tracing::error!(%error, "the failed sync could not be noted for the next start, trying again");
        }
    }

    /// Tries to write the note that could not be written, for which the store may have to be reopened. True when nothing is
    /// owed; else the log says why.
    pub(super) fn retry_note(&mut self) -> bool {
        if self.owes_note {
            match self.store.reopen() {
                Ok(()) => self.write_note(),
                Err(error) => tracing::error!(%error, "the store could not be reopened, trying again"),
            }
        }
        !self.owes_note
    }
}

/// Counters for `/metrics` and `status`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriterStats {
    /// Ids in the index, about.
    pub ids_indexed: u64,
    /// Ids not yet checkpointed.
    pub ids_recent: u64,
    /// Bytes of journal not yet checkpointed.
    pub journal_bytes: u64,
    /// Groups written since the start.
    pub groups: u64,
    /// Groups whose append has failed and is retried.
    pub groups_incomplete: u64,
    /// Beginnings of entries that were left in daily files since the start, because a user had written behind them.
    pub fragments: u64,
    /// Checkpoints since the start.
    pub checkpoints: u64,
    /// Seconds from the start of the last group to its answer.
    pub last_group_seconds: f64,
}

/// What the thread shares with the handles.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    store: Arc<dyn Store>,
    pub(super) ids_recent: AtomicU64,
    pub(super) journal_bytes: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) groups_incomplete: AtomicU64,
    pub(super) fragments: AtomicU64,
    pub(super) checkpoints: AtomicU64,
    pub(super) last_group_micros: AtomicU64,
}

impl Shared {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            state: Mutex::new(State::Ready),
            store,
            ids_recent: AtomicU64::new(0),
            journal_bytes: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            groups_incomplete: AtomicU64::new(0),
            fragments: AtomicU64::new(0),
            checkpoints: AtomicU64::new(0),
            last_group_micros: AtomicU64::new(0),
        }
    }

    pub(super) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: Change) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.clone().after(change);
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of one group are far below 2^52"
    )]
    pub(super) fn stats(&self) -> WriterStats {
        let load = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        WriterStats {
            ids_indexed: self.store.estimated_ids(),
            ids_recent: load(&self.ids_recent),
            journal_bytes: load(&self.journal_bytes),
            groups: load(&self.groups),
            groups_incomplete: load(&self.groups_incomplete),
            fragments: load(&self.fragments),
            checkpoints: load(&self.checkpoints),
            last_group_seconds: load(&self.last_group_micros) as f64 / 1e6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> [Change; 3] {
        [
            Change::StoreFailed {
                reason: "store".into(),
            },
            Change::SyncFailed {
                reason: "sync".into(),
            },
            Change::Reopened,
        ]
    }

    #[test]
    fn each_change_leads_to_the_documented_state() {
        let degraded = |reason: &str| State::Degraded {
            reason: reason.into(),
        };
        let poisoned = |reason: &str| State::Poisoned {
            reason: reason.into(),
        };
        let table = [
            (State::Ready, [degraded("store"), poisoned("sync"), State::Ready]),
            (
                degraded("first"),
                [degraded("store"), poisoned("sync"), State::Ready],
            ),
            (
                poisoned("first"),
                [poisoned("first"), poisoned("first"), poisoned("first")],
            ),
        ];
        for (before, after) in table {
            for (change, expected) in changes().into_iter().zip(after) {
                assert_eq!(
                    before.clone().after(change.clone()),
                    expected,
                    "{before:?} {change:?}"
                );
            }
        }
    }

    #[test]
    fn only_ready_accepts_batches() {
        assert!(State::Ready.rejection().is_none());
        for change in &changes()[..2] {
            let rejection = State::Ready.after(change.clone()).rejection();
            assert!(
                matches!(rejection, Some(AppendError::Unavailable { .. })),
                "{change:?}"
            );
        }
    }
}

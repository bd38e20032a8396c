//! What the writer reports about itself: whether it accepts batches, and its counters.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::store::Store;

/// What the writer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It takes batches.
    Ready,
    /// It takes none for now and tries to come back by itself.
    Degraded {
        /// Why.
        reason: String,
    },
    /// A sync failed: it takes none until a restart.
    Poisoned {
        /// Why.
        reason: String,
    },
}

/// Figures for `/metrics` and `status`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriterStats {
    /// Ids at rest, about.
    pub ids_indexed: u64,
    /// Ids not yet checkpointed.
    pub ids_recent: u64,
    /// Bytes of journal not yet checkpointed.
    pub journal_bytes: u64,
    /// Groups written since the start.
    pub groups: u64,
    /// Groups whose append has failed and is tried again.
    pub groups_incomplete: u64,
    /// Checkpoints since the start.
    pub checkpoints: u64,
    /// Seconds from the start of the last group to its answer.
    pub last_group_seconds: f64,
}

/// What the thread tells everyone.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) state: Mutex<State>,
    store: Arc<dyn Store>,
    pub(super) ids_recent: AtomicU64,
    pub(super) journal_bytes: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) groups_incomplete: AtomicU64,
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
            checkpoints: AtomicU64::new(0),
            last_group_micros: AtomicU64::new(0),
        }
    }

    pub(super) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nothing but a restart ends [`State::Poisoned`]: what else fails later does not make the failed sync good.
    pub(super) fn set_state(&self, state: State) {
        let mut now = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*now, State::Poisoned { .. }) {
            *now = state;
        }
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
            checkpoints: load(&self.checkpoints),
            last_group_seconds: load(&self.last_group_micros) as f64 / 1e6,
        }
    }
}

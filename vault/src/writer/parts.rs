//! The writer's parts put together: what its thread calls.

use std::{path::Path, sync::Arc, time::Instant};

use super::{
    Options, State,
    checkpoint::{Checkpoint, CheckpointError, Checkpointer},
    commit::Committer,
    group::AppendRequest,
    record::BootId,
    recovery::{Recovery, ReplayError},
    state::Shared,
};
use crate::{
    error::{AppendError, OpenError},
    fs::VaultFs,
    index::filter::Filter,
    store::Store,
};

/// Everything but the thread. All methods are called on one thread.
pub(super) struct Writer {
    pub(super) committer: Committer,
    checkpointer: Checkpointer,
    store: Arc<dyn Store>,
}

impl Writer {
    pub(super) fn new(
        options: &Options,
        fs: Arc<dyn VaultFs>,
        store: Arc<dyn Store>,
        boot: BootId,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            committer: Committer::new(options, Arc::clone(&fs), Arc::clone(&store), boot, shared),
            checkpointer: Checkpointer::new(options.checkpoint, fs, Arc::clone(&store)),
            store,
        }
    }

    /// Replays the journal.
    pub(super) fn replay(&mut self) -> Result<(), ReplayError> {
        let recovery = Recovery::new(Arc::clone(&self.store), &self.committer)?;
        recovery.run(&mut self.committer, &mut self.checkpointer)
    }

    /// See [`Committer::open_default_vault`].
    pub(super) fn open_default_vault(&mut self, path: &Path) -> Result<(), OpenError> {
        self.committer.open_default_vault(path)
    }

    /// See [`Committer::commit`].
    pub(super) fn commit(&mut self, requests: Vec<AppendRequest>) {
        self.committer.commit(requests);
    }

    /// See [`Committer::retry_incomplete`].
    pub(super) fn retry_incomplete(&mut self) -> bool {
        self.committer.retry_incomplete()
    }

    pub(super) fn has_incomplete(&self) -> bool {
        !self.committer.incomplete.is_empty()
    }

    pub(super) fn state(&self) -> State {
        self.committer.health.state()
    }

    #[cfg(test)]
    pub(super) fn stats(&self) -> super::WriterStats {
        self.committer.stats()
    }

    pub(super) fn rejection(&self) -> Option<AppendError> {
        self.committer.health.rejection()
    }

    pub(super) fn owes_note(&self) -> bool {
        self.committer.health.owes_note()
    }

    pub(super) fn retry_note(&mut self) -> bool {
        self.committer.health.retry_note()
    }

    pub(super) fn checkpoint_due(&self, now: Instant) -> bool {
        self.checkpointer.is_due(&self.committer, now)
    }

    pub(super) fn checkpoint_at(&self) -> Option<Instant> {
        self.checkpointer.due_at(&self.committer)
    }

    pub(super) fn checkpoint_overdue(&self) -> bool {
        self.checkpointer.is_overdue(&self.committer)
    }

    pub(super) fn begin_checkpoint(&mut self) -> Checkpoint {
        self.checkpointer.begin(&mut self.committer)
    }

    pub(super) fn end_checkpoint(
        &mut self,
        result: Result<(), CheckpointError>,
    ) -> Result<(), CheckpointError> {
        self.checkpointer.end(&mut self.committer, result)
    }

    /// A checkpoint on this thread.
    pub(super) fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        self.checkpointer.run(&mut self.committer)
    }

    /// Reopens the store after a failure and replays what it has. True when batches are accepted again; never after a
    /// failed sync, be it of that replay.
    pub(super) fn recover(&mut self) -> bool {
        if self.committer.health.is_poisoned() {
            return false;
        }
        match self.reopen() {
            Ok(()) => {
                tracing::info!("store reopened");
                self.committer.health.reopened();
                self.committer.publish();
                !self.committer.health.is_poisoned()
            }
            Err(_) if self.committer.health.is_poisoned() => false,
            Err(error) => {
                tracing::warn!(%error, "the store could not be reopened, trying again");
                false
            }
        }
    }

    fn reopen(&mut self) -> Result<(), ReplayError> {
        self.store.reopen().map_err(ReplayError::Store)?;
        self.committer.reset(Arc::clone(&self.store));
        self.replay()
    }

    /// The store and the filter, for a thread that fills the filter.
    pub(super) fn filling(&self) -> (Arc<dyn Store>, Arc<Filter>) {
        let filter = Arc::clone(self.committer.index.filter());
        (Arc::clone(&self.store), filter)
    }
}

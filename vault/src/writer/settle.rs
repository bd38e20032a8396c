//! The writer's side of checkpoints and of reopening a database that failed.

use std::{
    mem,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use super::{State, Writer};
use crate::{
    checkpoint::{Checkpoint, CheckpointError},
    index::SeenIndex,
    recovery::{ReplayError, SYNC_FAILED},
};

impl Writer {
    /// Whether enough has come together for a checkpoint, or the oldest of it has waited long enough.
    pub(super) fn checkpoint_due(&self, now: Instant) -> bool {
        let full = self.index.recent_len() >= self.policy.ids
            || self.journal_bytes >= self.policy.bytes
            || self.files.crowded();
        !self.applied.is_empty() && (full || self.checkpoint_at().is_some_and(|at| at <= now))
    }

    /// When the oldest group will have waited long enough.
    pub(super) fn checkpoint_at(&self) -> Option<Instant> {
        self.oldest
            .filter(|_| !self.applied.is_empty())
            .map(|oldest| oldest + self.policy.age)
    }

    /// Whether twice as much as a checkpoint should take has come together while one is running.
    pub(super) fn overdue(&self) -> bool {
        self.index.recent_len() >= self.policy.ids * 3 || self.journal_bytes >= self.policy.bytes * 2
    }

    /// Hands all applied groups to a checkpoint, which may run on another thread.
    pub(crate) fn begin_checkpoint(&mut self) -> Checkpoint {
        let unfinished: Vec<_> = self.unfinished_ids().collect();
        let mut groups = mem::take(&mut self.applied);
        groups.sort_unstable();
        self.settling.clone_from(&groups);
        self.journal_bytes = 0;
        self.oldest = None;
        Checkpoint {
            fs: Arc::clone(&self.fs),
            store: Arc::clone(&self.store),
            filter: Arc::clone(self.index.filter()),
            files: self.files.take_dirty(),
            folders: mem::take(&mut self.folders),
            ids: self.index.begin_settling(unfinished),
            groups,
        }
    }

    /// Takes note of how a checkpoint ended.
    pub(crate) fn end_checkpoint(
        &mut self,
        result: Result<(), CheckpointError>,
    ) -> Result<(), CheckpointError> {
        let groups = mem::take(&mut self.settling);
        if result.is_ok() {
            self.index.settled();
            self.shared.checkpoints.fetch_add(1, Ordering::Relaxed);
            self.publish();
            return result;
        }
        self.index.unsettle();
        self.applied.extend(groups);
        match &result {
            Err(CheckpointError::Sync(error)) => self.poison(&error.to_string()),
            Err(CheckpointError::Store(error)) => self.degrade(error),
            Err(CheckpointError::Poisoned(_)) | Ok(()) => {}
        }
        result
    }

    /// A checkpoint on this thread. None after a failed sync, be it of a moment ago: the next sync of the same file
    /// succeeds without the bytes that this one has lost.
    pub(crate) fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        if let State::Poisoned { reason } = self.shared.state() {
            return Err(CheckpointError::Poisoned(reason));
        }
        if self.applied.is_empty() {
            return Ok(());
        }
        let mut checkpoint = self.begin_checkpoint();
        let result = checkpoint.run();
        self.end_checkpoint(result)
    }

    /// Notes the failed sync in the database.
    pub(super) fn note_for_next_start(&mut self) {
        let noted = self.store.set_note(SYNC_FAILED, b"1");
        self.owes_note = noted.is_err();
        if let Err(error) = noted {
            tracing::error!(%error, "the failed sync could not be noted for the next start, trying again");
        }
    }

    /// Tries once more what [`Self::note_for_next_start`] could not do, for which the database may have to be reopened.
    /// True when nothing is owed; else the log says why.
    pub(super) fn settle_note(&mut self) -> bool {
        if self.owes_note {
            match self.store.reopen() {
                Ok(()) => self.note_for_next_start(),
                Err(error) => tracing::error!(%error, "database could not be reopened, trying again"),
            }
        }
        !self.owes_note
    }

    /// Reopens the database after a failure and replays what it has. True when batches are taken again; never after a
    /// failed sync, be it of that replay.
    pub(super) fn recover(&mut self) -> bool {
        if self.is_poisoned() {
            return false;
        }
        match self.reopen() {
            Ok(()) => {
                tracing::info!("database reopened");
                self.shared.set_state(State::Ready);
                self.publish();
                true
            }
            Err(_) if self.is_poisoned() => false,
            Err(error) => {
                tracing::warn!(%error, "database could not be reopened, trying again");
                false
            }
        }
    }

    fn is_poisoned(&self) -> bool {
        matches!(self.shared.state(), State::Poisoned { .. })
    }

    fn reopen(&mut self) -> Result<(), ReplayError> {
        self.store.reopen().map_err(ReplayError::Store)?;
        let filter = Arc::clone(self.index.filter());
        self.index = SeenIndex::new(Arc::clone(&self.store), filter);
        self.applied.clear();
        self.doubts.clear();
        self.journal_bytes = 0;
        self.oldest = None;
        self.vaults.forget_ids();
        self.replay()
    }
}

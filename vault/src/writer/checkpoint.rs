//! Checkpoints: make durable what the journal has, then remove it from the journal.
//!
//! In this order, so that a crash between any two steps only means that the next start replays what is there already:
//! 1. sync the daily files that were touched, and the folders in which new names appeared;
//! 2. move the ids to rest, durably;
//! 3. add them to the filter;
//! 4. remove the groups and their markers from the journal, in one write.
//!
//! Only applied groups take part. It runs on a thread of its own; the writer goes on meanwhile.

use std::{io, mem, sync::Arc, time::Instant};

use super::{CheckpointPolicy, State, commit::Committer, daily_files::Folders};
use crate::{
    event_id::EventId,
    fs::{VaultFile, VaultFs},
    index::IdSet,
    index::filter::Filter,
    store::{Seq, Store, StoreError},
};

/// Everything that a checkpoint needs, taken from the writer.
pub(crate) struct Checkpoint {
    pub(crate) fs: Arc<dyn VaultFs>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) filter: Arc<Filter>,
    pub(crate) files: Vec<Box<dyn VaultFile>>,
    pub(crate) folders: Folders,
    pub(crate) ids: Arc<IdSet>,
    pub(crate) groups: Vec<Seq>,
}

/// Decides when to checkpoint, begins checkpoints and ends them.
pub(super) struct Checkpointer {
    policy: CheckpointPolicy,
    fs: Arc<dyn VaultFs>,
    store: Arc<dyn Store>,
    /// Groups that the running checkpoint has taken.
    groups: Vec<Seq>,
}

/// Why a checkpoint did not come to its end. The journal still has everything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckpointError {
    /// A sync failed: what is on the disk is unknown.
    #[error("sync failed: {0}")]
    Sync(io::Error),
    /// A sync has failed before, and only a restart brings back what it has lost.
    #[error("{0}")]
    Poisoned(String),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// So many files are synced one after another.
const FEW_FILES: usize = 8;

impl Checkpoint {
    pub(crate) fn run(&mut self) -> Result<(), CheckpointError> {
        self.sync_files()?;
        let mut ids: Vec<EventId> = self.ids.iter().copied().collect();
        ids.sort_unstable();
        self.store.persist_ids(&ids)?;
        self.filter.insert(&ids);
        self.store.forget_groups(&self.groups)?;
        Ok(())
    }

    fn sync_files(&mut self) -> Result<(), CheckpointError> {
        if self.files.len() > FEW_FILES {
            // The disk gets all files at once instead of one after another.
            self.files
                .iter()
                .for_each(|file| file.begin_writeback(0, i64::MAX as u64));
        }
        for file in self.files.drain(..) {
            file.sync().map_err(CheckpointError::Sync)?;
        }
        for (vault, folder) in &self.folders {
            let synced = self.fs.open_root(vault).and_then(|root| root.sync_folder(folder));
            match synced {
                Err(error) if is_elsewhere(&error) => {}
                Err(error) => return Err(CheckpointError::Sync(error)),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

impl Checkpointer {
    pub(super) fn new(policy: CheckpointPolicy, fs: Arc<dyn VaultFs>, store: Arc<dyn Store>) -> Self {
        Self {
            policy,
            fs,
            store,
            groups: Vec::new(),
        }
    }

    /// Whether enough has come together for a checkpoint, or the oldest of it has waited long enough.
    pub(super) fn is_due(&self, committer: &Committer, now: Instant) -> bool {
        let full = committer.index.recent_len() >= self.policy.ids
            || committer.journal.bytes() >= self.policy.bytes
            || committer.files.crowded();
        committer.journal.has_applied() && (full || self.due_at(committer).is_some_and(|at| at <= now))
    }

    /// When the oldest group will have waited long enough.
    pub(super) fn due_at(&self, committer: &Committer) -> Option<Instant> {
        let oldest = committer.journal.oldest();
        oldest
            .filter(|_| committer.journal.has_applied())
            .map(|oldest| oldest + self.policy.age)
    }

    /// Whether twice as much as a checkpoint should take has come together while one is running.
    pub(super) fn is_overdue(&self, committer: &Committer) -> bool {
        committer.index.recent_len() >= self.policy.ids * 3
            || committer.journal.bytes() >= self.policy.bytes * 2
    }

    /// Hands all applied groups to a checkpoint, which may run on another thread.
    pub(super) fn begin(&mut self, committer: &mut Committer) -> Checkpoint {
        let unfinished: Vec<_> = committer.unfinished_ids().collect();
        let groups = committer.journal.take_applied();
        self.groups.clone_from(&groups);
        let (files, folders) = committer.files.take_unsynced();
        Checkpoint {
            fs: Arc::clone(&self.fs),
            store: Arc::clone(&self.store),
            filter: Arc::clone(committer.index.filter()),
            files,
            folders,
            ids: committer.index.begin_checkpoint(unfinished),
            groups,
        }
    }

    /// Takes note of how a checkpoint ended.
    pub(super) fn end(
        &mut self,
        committer: &mut Committer,
        result: Result<(), CheckpointError>,
    ) -> Result<(), CheckpointError> {
        let groups = mem::take(&mut self.groups);
        if result.is_ok() {
            committer.index.end_checkpoint();
            committer.count_checkpoint();
            return result;
        }
        committer.index.abort_checkpoint();
        committer.journal.add_applied(groups);
        match &result {
            Err(CheckpointError::Sync(error)) => committer.health.sync_failed(&error.to_string()),
            Err(CheckpointError::Store(error)) => _ = committer.health.store_failed(error),
            Err(CheckpointError::Poisoned(_)) | Ok(()) => {}
        }
        result
    }

    /// A checkpoint on this thread. None after a failed sync, be it of a moment ago: the next sync of the same file
    /// succeeds without the bytes that this one has lost.
    pub(super) fn run(&mut self, committer: &mut Committer) -> Result<(), CheckpointError> {
        if let State::Poisoned { reason } = committer.health.state() {
            return Err(CheckpointError::Poisoned(reason));
        }
        if !committer.journal.has_applied() {
            return Ok(());
        }
        let mut checkpoint = self.begin(committer);
        let result = checkpoint.run();
        self.end(committer, result)
    }
}

/// Whether a user has moved the folder or the whole vault away, or replaced it: then no name is left there to sync, and the
/// disk is not at fault.
fn is_elsewhere(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, Unsupported};
    matches!(
        error.kind(),
        NotFound | NotADirectory | PermissionDenied | Unsupported
    )
}

//! Replay: at start-up, and after the database was reopened, brings the vault to where the journal says it should be.
//!
//! For each group in order, and each of its files:
//! - a marker of this boot and of the same mounted file system: the append reached the page cache. The file is left alone but
//!   for a sync, so that what a user has deleted since stays deleted;
//! - another marker, or none: the entries are looked for where the journal or the marker says, then by their ids in the whole
//!   file, which is read once for all groups. What is missing is appended;
//! - the vault is not there (not mounted), or the file cannot be opened: nothing is touched. The file stays incomplete, and
//!   accepts nothing new until it can be opened.
//!
//! After a failed sync the markers prove nothing, and even bytes that can be read are written again, in place.
//!
//! Replay ends with a checkpoint, unless a sync has failed on the way: then it fails, with the journal as it was. It may be
//! cut off anywhere and done again: each step finds what is there already.

use std::{path::Path, sync::Arc};

use super::{
    checkpoint::{CheckpointError, Checkpointer},
    commit::Committer,
    incomplete::IncompleteGroup,
    record::{Group, GroupFile, Marker, Place, RecordError},
};
use crate::{
    error::OpenError,
    fs::is_obstacle,
    index::SeenIndex,
    store::{JournalledGroup, Seq, Store, StoreError},
};

/// Replays the groups of the journal.
pub(super) struct Recovery {
    store: Arc<dyn Store>,
    /// Write even what can be read: an earlier process has noted a failed sync.
    rewrite: bool,
}

/// Why a replay did not come to its end. Nothing is lost: the journal still has everything.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    #[error(transparent)]
    Store(StoreError),
    #[error("group {seq}: {error}")]
    Record { seq: Seq, error: RecordError },
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl Recovery {
    /// A recovery of what `store` has. Unless an earlier process has noted a failed sync, bytes that can be read count.
    pub(super) fn new(store: Arc<dyn Store>, committer: &Committer) -> Result<Self, ReplayError> {
        let rewrite = committer.health.has_note().map_err(ReplayError::Store)?;
        Ok(Self { store, rewrite })
    }

    /// Brings the vault to where the journal says it should be, and ends with a checkpoint.
    pub(super) fn run(
        &self,
        committer: &mut Committer,
        checkpointer: &mut Checkpointer,
    ) -> Result<(), ReplayError> {
        for seq in self.store.groups().map_err(ReplayError::Store)? {
            if let Some(group) = self.store.group(seq).map_err(ReplayError::Store)? {
                self.replay(committer, seq, &group)?;
            }
        }
        committer.scans.clear();
        checkpointer.run(committer)?;
        if self.rewrite && committer.incomplete.is_empty() {
            committer.health.remove_note().map_err(ReplayError::Store)?;
        }
        committer.publish();
        Ok(())
    }

    fn replay(
        &self,
        committer: &mut Committer,
        seq: Seq,
        found: &JournalledGroup,
    ) -> Result<(), ReplayError> {
        let damaged = |error| ReplayError::Record { seq, error };
        let group = Group::decode(&found.record).map_err(damaged)?;
        let marker = found
            .marker
            .as_deref()
            .map(Marker::decode)
            .transpose()
            .map_err(damaged)?;
        committer.index.add_recent(group.ids());
        committer.journal.found(seq);
        let boot = committer.journal.boot();
        let applied = !self.rewrite && marker.as_ref().is_some_and(|marker| marker.boot == boot);
        let known = marker.map_or_else(Vec::new, |marker| marker.places);
        let known = (0..group.files.len()).map(|position| known.get(position).copied());
        let known: Vec<Option<Place>> = known.collect();
        let files = group.files.iter().zip(&known);
        let done: Vec<Option<Place>> = files
            .map(|(file, place)| place.filter(|place| applied && committer.reopen_to_sync(file, place)))
            .collect();
        if done.iter().all(Option::is_some) {
            committer.journal.add_applied([seq]);
            return Ok(());
        }
        committer.add_incomplete(seq, IncompleteGroup::found(group, done, known, self.rewrite));
        committer.retry(seq);
        Ok(())
    }
}

impl Committer {
    /// Opens a file of an applied group, because its bytes may not have been synced before the process ended. False if
    /// it, or its vault, cannot be opened now, or if the vault's file system may not be the one that had the bytes.
    fn reopen_to_sync(&mut self, file: &GroupFile, place: &Place) -> bool {
        let Ok(root) = self.files.root(&file.tenant) else {
            return false;
        };
        if !place.is_trusted(root.mount()) {
            return false;
        }
        self.files.note_folder(file);
        let key = (Arc::clone(&file.tenant), file.path);
        match self.files.current(&*root, &key) {
            Ok(Some(open)) => {
                open.touched();
                true
            }
            // The user has moved or deleted it, or put something else there: nothing of ours is left to sync.
            Ok(None) => true,
            Err(error) if is_obstacle(&error) => true,
            Err(error) => {
                self.health.check_sync(&error);
                false
            }
        }
    }

    /// Forgets all that was known of the store's content, but for the filter: it has been reopened.
    pub(super) fn reset(&mut self, store: Arc<dyn Store>) {
        let filter = Arc::clone(self.index.filter());
        self.index = SeenIndex::new(store, filter);
        self.journal.reset();
        self.incomplete.clear();
        self.files.forget_ids();
    }
}

impl ReplayError {
    /// As an error of the start, with the way out.
    pub(super) fn into_open_error(self, database: &Path) -> OpenError {
        let damaged = match &self {
            Self::Record { .. } => true,
            Self::Store(error) | Self::Checkpoint(CheckpointError::Store(error)) => {
                error.is_damaged_database()
            }
            Self::Checkpoint(CheckpointError::Sync(_) | CheckpointError::Poisoned(_)) => false,
        };
        let way_out = if damaged {
            "; `openclone reindex` makes a new one from the vault"
        } else {
            ""
        };
        OpenError::Database {
            path: database.to_owned(),
            reason: format!("{self}{way_out}"),
        }
    }
}

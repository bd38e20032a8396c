//! Replay: at start-up, and after the database was reopened, brings the vault to where the journal says it should be.
//!
//! For each group in order:
//! - a marker of this boot: the group was applied, and all writes of this boot are there. It is left alone, so that what a
//!   user has deleted since stays deleted;
//! - a marker of another boot, or none: each file is [restored](crate::writer::append::restore), whatever is in it;
//! - the vault is not there (not mounted), or a file of the first case cannot be opened to be synced: nothing is touched.
//!   Those files of the group stay in doubt, and take nothing new until they can be.
//!
//! After a failed sync the markers prove nothing, and even bytes that can be read are written again, in place.
//!
//! Replay ends with a checkpoint, unless a sync has failed on the way: then it fails, with the journal as it was. It may be
//! cut off anywhere and done again: each step finds what is there already.

use std::{path::Path, sync::Arc};

use super::{State, Writer, incomplete::IncompleteGroup};
use crate::{
    error::{AppendError, OpenError},
    fs::is_obstacle,
    index::SeenIndex,
    store::{Seq, StoreError},
    writer::checkpoint::CheckpointError,
    writer::record::{Group, GroupFile, Marker, Place, RecordError},
    writer::roots::VaultError,
};

/// The note that says that a sync has failed.
pub(crate) const SYNC_FAILED: &str = "sync-failed";

/// Why a replay did not come to its end. Nothing is lost: the journal still has everything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error(transparent)]
    Store(StoreError),
    #[error("group {seq}: {error}")]
    Record { seq: Seq, error: RecordError },
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl Writer {
    /// Replays the journal.
    pub(crate) fn replay(&mut self) -> Result<(), ReplayError> {
        let rewrite = self
            .store
            .note(SYNC_FAILED)
            .map_err(ReplayError::Store)?
            .is_some_and(|note| note == b"1");
        for seq in self.store.groups().map_err(ReplayError::Store)? {
            if let Some(group) = self.store.group(seq).map_err(ReplayError::Store)? {
                self.replay_group(seq, &group.record, group.marker.as_deref(), rewrite)?;
            }
        }
        self.checkpoint()?;
        if rewrite && self.incomplete.is_empty() {
            self.store
                .set_note(SYNC_FAILED, b"")
                .map_err(ReplayError::Store)?;
        }
        self.publish();
        Ok(())
    }

    /// Makes the vault of tenant `default` if it has never been there. A vault that is missing now may come back: batches
    /// are refused until it does.
    pub(crate) fn open_default_vault(&mut self, path: &Path) -> Result<(), OpenError> {
        match self.vaults.open(&"default".into()) {
            Ok(_) => Ok(()),
            Err(VaultError::Rejected(AppendError::Storage { reason })) => Err(OpenError::Vault {
                path: path.to_owned(),
                reason,
            }),
            Err(error) => {
                tracing::error!(%error, "the vault cannot be used for now");
                Ok(())
            }
        }
    }

    fn replay_group(
        &mut self,
        seq: Seq,
        record: &[u8],
        marker: Option<&[u8]>,
        rewrite: bool,
    ) -> Result<(), ReplayError> {
        let damaged = |error| ReplayError::Record { seq, error };
        let group = Group::decode(record).map_err(damaged)?;
        let marker = marker.map(Marker::decode).transpose().map_err(damaged)?;
        self.index.add_recent(group.ids());
        self.next = self.next.max(seq + 1);
        let applied = !rewrite && marker.as_ref().is_some_and(|marker| marker.boot == self.boot);
        let known = marker.map_or_else(Vec::new, |marker| marker.places);
        let known = (0..group.files.len()).map(|position| known.get(position).copied());
        let known: Vec<Option<Place>> = known.collect();
        let files = group.files.iter().zip(&known);
        let done: Vec<Option<Place>> = files
            .map(|(file, place)| place.filter(|_| applied && self.reopen_to_sync(file)))
            .collect();
        if done.iter().all(Option::is_some) {
            self.applied.push(seq);
            return Ok(());
        }
        self.doubt(seq, IncompleteGroup::found(group, done, known, rewrite));
        self.retry(seq);
        Ok(())
    }

    /// Opens a file of an applied group, because its bytes may not have been synced before the process ended. False if
    /// it, or its vault, cannot be opened now.
    fn reopen_to_sync(&mut self, file: &GroupFile) -> bool {
        let Ok(root) = self.vaults.open(&file.tenant) else {
            return false;
        };
        self.folders
            .insert((self.vaults.path(&file.tenant), file.path.folder));
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
                self.note_sync_failure(&error);
                false
            }
        }
    }
}

impl Writer {
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
    pub(super) fn retry_note(&mut self) -> bool {
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
        self.incomplete.clear();
        self.journal_bytes = 0;
        self.oldest = None;
        self.vaults.forget_ids();
        self.replay()
    }
}

impl ReplayError {
    /// As whoever starts the service should read it.
    pub(crate) fn into_open_error(self, database: &Path) -> OpenError {
        let way_out = match &self {
            Self::Store(_) | Self::Record { .. } => "; `openclone reindex` makes a new one from the vault",
            Self::Checkpoint(_) => "",
        };
        OpenError::Database {
            path: database.to_owned(),
            reason: format!("{self}{way_out}"),
        }
    }
}

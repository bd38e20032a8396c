//! Replay: at start-up, and after the database was reopened, brings the vault to where the journal says it should be.
//!
//! For each group in order:
//! - a marker of this boot: the group was applied, and all writes of this boot are there. It is left alone, so that what a
//!   user has deleted since stays deleted;
//! - a marker of another boot, or none: each file is [restored](crate::append::restore), whatever is in it;
//! - the vault is not there (not mounted), or a file of the first case cannot be opened to be synced: nothing is touched.
//!   Those files of the group stay in doubt, and take nothing new until they can be.
//!
//! After a failed sync the markers prove nothing, and even bytes that can be read are written again, in place.
//!
//! Replay ends with a checkpoint, unless a sync has failed on the way: then it fails, with the journal as it was. It may be
//! cut off anywhere and done again: each step finds what is there already.

use std::{path::Path, sync::Arc};

use crate::{
    checkpoint::CheckpointError,
    error::{AppendError, OpenError},
    fs::is_obstacle,
    journal::{Group, GroupFile, Marker, Place, RecordError},
    store::{Seq, StoreError},
    vaults::VaultError,
    writer::{Doubt, Writer},
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
        if rewrite && self.doubts.is_empty() {
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
            Err(VaultError::Refused(AppendError::Storage { reason })) => Err(OpenError::Vault {
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
        self.doubt(seq, Doubt::found(group, done, known, rewrite));
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

//! The checkpoint: makes durable what the journal stands for, then empties the journal.
//!
//! In this order, so that a crash between any two steps only means that the next start replays what is there already:
//! 1. sync the daily files that were touched, and the folders in which new names appeared;
//! 2. move the ids to rest, durably;
//! 3. add them to the filter;
//! 4. remove the groups and their markers from the journal, in one write.
//!
//! Only applied groups take part. It runs on a thread of its own; the writer goes on meanwhile.

use std::{collections::BTreeSet, io, path::PathBuf, sync::Arc};

use crate::{
    event_id::EventId,
    filter::Filter,
    fs::{VaultFile, VaultFs},
    index::IdSet,
    store::{Seq, Store, StoreError},
};

/// Everything that a checkpoint needs, taken from the writer.
pub(crate) struct Checkpoint {
    pub(crate) fs: Arc<dyn VaultFs>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) filter: Arc<Filter>,
    pub(crate) files: Vec<Box<dyn VaultFile>>,
    pub(crate) folders: BTreeSet<(PathBuf, &'static str)>,
    pub(crate) ids: Arc<IdSet>,
    pub(crate) groups: Vec<Seq>,
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
        self.store.settle(&ids)?;
        self.filter.insert(&ids);
        self.store.forget_groups(&self.groups)?;
        Ok(())
    }

    fn sync_files(&mut self) -> Result<(), CheckpointError> {
        if self.files.len() > FEW_FILES {
            // So that the disk does not wait for one file to be told of the next.
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

/// Whether someone has moved the folder or the whole vault away, or put something else in its place: then no name is left
/// there to keep, and nothing says that the disk is at fault.
fn is_elsewhere(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, Unsupported};
    matches!(
        error.kind(),
        NotFound | NotADirectory | PermissionDenied | Unsupported
    )
}

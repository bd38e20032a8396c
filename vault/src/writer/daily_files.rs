//! The daily files of all vaults: opens them below checked roots, and knows what a checkpoint has to sync.

use std::{
    collections::BTreeSet,
    io, mem,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Options, append, headings,
    open_files::{FileKey, OpenFile, OpenFiles},
    record::{GroupFile, Place},
    roots::{OpenRoots, VaultError, Vaults},
};
use crate::{
    error::{AppendError, OpenError},
    fs::{FileId, VaultFile, VaultFs, VaultRoot},
    store::Store,
};

/// Folders, each with its vault, in which a checkpoint has to make names durable.
pub(super) type Folders = BTreeSet<(PathBuf, &'static str)>;

/// The daily files of all vaults.
pub(super) struct DailyFiles {
    vaults: Vaults,
    open: OpenFiles,
    /// Folders with new names since the last checkpoint.
    folders: Folders,
}

impl DailyFiles {
    pub(super) fn new(options: &Options, fs: Arc<dyn VaultFs>, store: Arc<dyn Store>) -> Self {
        Self {
            vaults: Vaults::new(fs, store, options.dirs.clone(), options.min_free),
            open: OpenFiles::new(options.open_files.max(16)),
            folders: Folders::new(),
        }
    }

    /// Makes the vault of tenant `default` if it has never been there. A vault that is missing now may come back: batches
    /// are rejected until it does.
    pub(super) fn open_default_vault(&mut self, path: &Path) -> Result<(), OpenError> {
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

    /// The vault of a tenant, to complete a group in it: space is not checked.
    pub(super) fn root(&mut self, tenant: &Arc<str>) -> Result<Box<dyn VaultRoot>, VaultError> {
        self.vaults.open(tenant)
    }

    /// The vault of a tenant, to append a new group to; checked once a group.
    pub(super) fn root_for_writing(
        &mut self,
        tenant: &Arc<str>,
        roots: &mut OpenRoots,
    ) -> Result<Arc<dyn VaultRoot>, VaultError> {
        self.vaults.open_for_writing(tenant, roots)
    }

    /// See [`OpenFiles::current`].
    pub(super) fn current(
        &mut self,
        root: &dyn VaultRoot,
        key: &FileKey,
    ) -> io::Result<Option<&mut OpenFile>> {
        self.open.current(root, key)
    }

    /// See [`OpenFiles::standing`].
    pub(super) fn standing(
        &mut self,
        root: &dyn VaultRoot,
        key: &FileKey,
    ) -> io::Result<Option<(FileId, u64)>> {
        self.open.standing(root, key)
    }

    /// See [`headings::add`].
    pub(super) fn add_headings(
        &mut self,
        key: &FileKey,
        entries: &mut GroupFile,
        hours: &[u8],
    ) -> io::Result<()> {
        headings::add(&mut self.open, key, entries, hours)
    }

    /// Appends a part of a new group.
    pub(super) fn append(
        &mut self,
        file: &GroupFile,
        roots: &mut OpenRoots,
        partial: &mut Option<Place>,
    ) -> io::Result<Place> {
        let root = self
            .root_for_writing(&file.tenant, roots)
            .map_err(io::Error::other)?;
        if file.before.is_none() {
            self.note_folder(file);
        }
        append::append(&mut self.open, &*root, file, partial)
    }

    /// A checkpoint has to make the file's name durable.
    pub(super) fn note_folder(&mut self, file: &GroupFile) {
        let folder = (self.vaults.path(&file.tenant), file.path.folder);
        self.folders.insert(folder);
    }

    /// The files and folders that a checkpoint has to sync.
    pub(super) fn take_unsynced(&mut self) -> (Vec<Box<dyn VaultFile>>, Folders) {
        (self.open.take_dirty(), mem::take(&mut self.folders))
    }

    /// Whether so many files wait that a checkpoint should take them.
    pub(super) fn crowded(&self) -> bool {
        self.open.crowded()
    }

    /// Forgets what was read from the store, which has been reopened.
    pub(super) fn forget_ids(&mut self) {
        self.vaults.forget_ids();
    }

    pub(super) fn open_files(&mut self) -> &mut OpenFiles {
        &mut self.open
    }
}

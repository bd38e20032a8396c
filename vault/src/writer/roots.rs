//! Opens the vaults of tenants, and checks that they are the right ones.
//!
//! Every vault has a marker file, `.openclone`, with a random id. The store knows the id under the note `vault/<tenant>`,
//! with the directory (`<id>\n<path>`). A directory without the marker that should have one is the empty mount point of
//! a file system that is not mounted, or a deleted vault: nothing is written there.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use hashbrown::HashMap;

use crate::{
    error::{AppendError, Outage},
    fs::{Space, VaultFs, VaultRoot},
    store::{Store, StoreError},
};

/// How long a caller should wait for a vault that is not there.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Where tenants' vaults are.
#[derive(Clone, Debug)]
pub struct VaultDirs {
    /// The vault of tenant `default`.
    pub default: PathBuf,
    /// The directory with one `<tenant>/vault` for each further tenant.
    pub tenants: PathBuf,
}

/// Opens vaults after checking that they are the right ones.
pub(crate) struct Vaults {
    fs: Arc<dyn VaultFs>,
    store: Arc<dyn Store>,
    dirs: VaultDirs,
    min_free: u64,
    ids: HashMap<Arc<str>, String>,
}

/// Why a vault cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum VaultError {
    /// For a reason of its own.
    #[error(transparent)]
    Rejected(#[from] AppendError),
    /// The store could not be asked about it.
    #[error("{}", .0.message)]
    Store(StoreError),
}

/// The vaults that one group touches, opened and checked once.
#[derive(Default)]
pub(crate) struct OpenRoots(HashMap<Arc<str>, Result<Arc<dyn VaultRoot>, VaultError>>);

impl VaultDirs {
    /// The vault directory of a tenant.
    pub fn of(&self, tenant: &str) -> PathBuf {
        if tenant == "default" {
            self.default.clone()
        } else {
            self.tenants.join(tenant).join("vault")
        }
    }
}

impl Vaults {
    pub(crate) fn new(fs: Arc<dyn VaultFs>, store: Arc<dyn Store>, dirs: VaultDirs, min_free: u64) -> Self {
        Self {
            fs,
            store,
            dirs,
            min_free,
            ids: HashMap::new(),
        }
    }

    /// Opens the vault of `tenant`, making it if it has never been there. Says no when it is missing or another one.
    pub(crate) fn open(&mut self, tenant: &Arc<str>) -> Result<Box<dyn VaultRoot>, VaultError> {
        let path = self.dirs.of(tenant);
        match self.known_id(tenant, &path)? {
            Some(id) => Ok(self.open_known(&path, &id)?),
            None => self.adopt(tenant, &path),
        }
    }

    /// As [`Self::open`]; says no as well when little space is left. Asked once a group.
    pub(crate) fn open_for_writing(
        &mut self,
        tenant: &Arc<str>,
        roots: &mut OpenRoots,
    ) -> Result<Arc<dyn VaultRoot>, VaultError> {
        if let Some(known) = roots.0.get(tenant) {
            return known.clone();
        }
        let opened = self
            .open(tenant)
            .and_then(|root| Ok(self.check_space(tenant, root)?));
        roots.0.insert(Arc::clone(tenant), opened.clone());
        opened
    }

    /// The directory of a tenant's vault, without any check.
    pub(crate) fn path(&self, tenant: &str) -> PathBuf {
        self.dirs.of(tenant)
    }

    /// Forgets what was read from the store, which has been reopened.
    pub(crate) fn forget_ids(&mut self) {
        self.ids.clear();
    }

    fn check_space(&self, tenant: &str, root: Box<dyn VaultRoot>) -> Result<Arc<dyn VaultRoot>, AppendError> {
        let path = self.dirs.of(tenant);
        let Space { free, read_only } = root.space().map_err(|error| storage(&path, &error))?;
        if read_only {
            let reason = format!("{} is on a read-only file system", path.display());
            return Err(AppendError::Storage { reason });
        }
        if free < self.min_free {
            let (free, least) = (free >> 20, self.min_free >> 20);
            let reason = format!(
                "{} has {free} MiB free, vault.min_free is {least} MiB",
                path.display()
            );
            return Err(AppendError::Storage { reason });
        }
        Ok(Arc::from(root))
    }

    fn known_id(&mut self, tenant: &Arc<str>, path: &Path) -> Result<Option<String>, VaultError> {
        if let Some(id) = self.ids.get(tenant) {
            return Ok(Some(id.clone()));
        }
        let note = self.store.note(&note_name(tenant)).map_err(VaultError::Store)?;
        let known = note.as_deref().and_then(known_vault);
        // Where the operator has named another directory, the journal was empty, or `recovery` had objected.
        let Some((id, _)) = known.filter(|(_, noted)| noted == path) else {
            return Ok(None);
        };
        self.ids.insert(Arc::clone(tenant), id.clone());
        Ok(Some(id))
    }

    fn open_known(&self, path: &Path, id: &str) -> Result<Box<dyn VaultRoot>, AppendError> {
        let root = self
            .fs
            .open_root(path)
            .map_err(|error| missing(path, &error.to_string()))?;
        match root
            .read_marker()
            .map_err(|error| missing(path, &error.to_string()))?
        {
            Some(marker) if marker.trim() == id => Ok(root),
            Some(_) => Err(missing(
                path,
                "its marker file .openclone is that of another vault",
            )),
            None => Err(missing(
                path,
                &format!(
                    "its marker file .openclone is missing: is it mounted? if this is the right directory, write {id} into that file"
                ),
            )),
        }
    }

    fn adopt(&mut self, tenant: &Arc<str>, path: &Path) -> Result<Box<dyn VaultRoot>, VaultError> {
        let root = self.fs.create_root(path).map_err(|error| storage(path, &error))?;
        let found = root.read_marker().map_err(|error| storage(path, &error))?;
        let found = found
            .map(|marker| marker.trim().to_owned())
            .filter(|marker| !marker.is_empty());
        let id = found.unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()));
        // Also when it is there: an earlier process may have ended before it was durable.
        root.write_marker(&format!("{id}\n"))
            .map_err(|error| storage(path, &error))?;
        let note = format!("{id}\n{}", path.display());
        self.store
            .set_note(&note_name(tenant), note.as_bytes())
            .map_err(VaultError::Store)?;
        self.ids.insert(Arc::clone(tenant), id);
        Ok(root)
    }
}

/// The id and the directory in the note of a tenant's vault.
pub(crate) fn known_vault(note: &[u8]) -> Option<(String, PathBuf)> {
    let (id, path) = str::from_utf8(note).ok()?.split_once('\n')?;
    Some((id.to_owned(), PathBuf::from(path)))
}

/// The note under which the store knows a tenant's vault.
pub(crate) fn note_name(tenant: &str) -> String {
    format!("vault/{tenant}")
}

fn missing(path: &Path, what: &str) -> AppendError {
    unavailable(format!("the vault {} is not there: {what}", path.display()))
}

fn storage(path: &Path, error: &io::Error) -> AppendError {
    AppendError::Storage {
        reason: format!("{}: {error}", path.display()),
    }
}

fn unavailable(reason: String) -> AppendError {
    AppendError::Unavailable {
        outage: Outage::VaultMissing,
        reason,
        retry_after: RETRY_AFTER,
    }
}

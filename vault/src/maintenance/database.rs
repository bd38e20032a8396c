//! The database, whatever state it is in.

use std::{fs, io, path::Path};

use super::{MaintenanceError, at};
use crate::{
    error::OpenError,
    store::{IdStore as _, rocks::RocksStore},
    writer::database_error,
};

/// What stands in the place of the database. Its lock is held as long as the store lives.
pub(super) enum Database {
    /// One that can be read from end to end.
    Intact {
        store: RocksStore,
        /// How many ids are at rest.
        ids: u64,
    },
    /// Nothing.
    Gone,
    /// One that cannot be read, or not all of it.
    Damaged {
        reason: String,
        /// As far as it can be opened at all.
        store: Option<RocksStore>,
    },
}

impl Database {
    /// Whether there is no database directory, or nothing in it.
    pub(super) fn is_gone(path: &Path) -> Result<bool, MaintenanceError> {
        match fs::read_dir(path) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(at(path)(error)),
        }
    }

    /// Opens the database without making one, and reads all of it.
    ///
    /// # Errors
    /// When another process holds it, or this one may not use it.
    pub(super) fn open(path: &Path) -> Result<Self, MaintenanceError> {
        if Self::is_gone(path)? {
            return Ok(Self::Gone);
        }
        let store = match RocksStore::open(path) {
            Ok(store) => store,
            Err(error) if is_damage(error.kind) => {
                return Ok(Self::Damaged {
                    reason: error.message,
                    store: None,
                });
            }
            Err(error) => return Err(database_error(path, error).into()),
        };
        Ok(match check(&store) {
            Ok(ids) => Self::Intact { store, ids },
            Err(reason) => Self::Damaged {
                reason,
                store: Some(store),
            },
        })
    }
}

/// What the system says about access, space or another process is no damage.
fn is_damage(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, ResourceBusy, StorageFull};
    !matches!(
        kind,
        ResourceBusy | PermissionDenied | ReadOnlyFilesystem | StorageFull
    )
}

/// Reads all ids; how many there are.
fn check(store: &RocksStore) -> Result<u64, String> {
    let text = |error: crate::store::StoreError| error.message;
    let mut ids = 0;
    store
        .visit_ids(&mut |_| {
            ids += 1;
            true
        })
        .map_err(text)?;
    Ok(ids)
}

/// As whoever runs a command should read it.
pub(super) fn damaged(path: &Path, reason: String) -> MaintenanceError {
    let reason = format!("{reason}; `openclone reindex` makes a new one from the vault");
    let path = path.to_owned();
    OpenError::Database { path, reason }.into()
}

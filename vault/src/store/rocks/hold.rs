//! Who may use a database directory, also while the database in it is closed.
//!
//! RocksDB's own lock goes when a database is closed, and one that has failed is closed until it can be reopened. If
//! someone else put ids to rest meanwhile, what this process has in memory of those at rest would not know them, and
//! their events would be stored twice. So the directory itself is locked as long as the store lives, by whoever opens one:
//! a service, `reindex`, `forget`. And a database that another one has replaced is not reopened.

use std::{fs::File, io, path::Path};

use rocksdb::DB;
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use crate::store::StoreError;

/// The lock; gone when this is dropped.
#[derive(Debug)]
pub(super) struct Hold {
    _directory: File,
}

impl Hold {
    /// Locks a directory.
    ///
    /// # Errors
    /// `ResourceBusy` when another store has it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let directory = File::open(path)?;
        match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => {
                return Err(StoreError::new(
                    io::ErrorKind::ResourceBusy,
                    format!("{} is in use", path.display()),
                ));
            }
            // Some network file systems have none for directories: RocksDB's lock must do there.
            Err(error) => tracing::debug!(%error, "the database directory cannot be locked"),
            Ok(()) => {}
        }
        Ok(Self {
            _directory: directory,
        })
    }
}

/// What tells a database from all others.
pub(super) fn identity(db: &DB) -> Result<Vec<u8>, StoreError> {
    Ok(db.get_db_identity()?)
}

/// That a database which was reopened is the one that was closed.
///
/// # Errors
/// `InvalidData` when it is not.
pub(super) fn check_same(db: &DB, before: &[u8]) -> Result<(), StoreError> {
    if identity(db)? == before {
        return Ok(());
    }
    Err(StoreError::new(
        io::ErrorKind::InvalidData,
        "another database stands in its place; restart the service",
    ))
}

//! Looking after vaults while no server runs: checking them, rebuilding the index, finding and forgetting events.
//!
//! Everything here streams: a daily file may be larger than memory. What changes the database holds its lock, so it
//! refuses while a server runs, and a server refuses while it runs.

mod database;
mod find;
mod forget;
mod forgotten;
mod fsck;
mod header;
mod log;
mod rebuild;
mod reindex;
mod scan;
mod tenants;

use std::{io, path::PathBuf, sync::Arc};

use crate::{
    error::OpenError,
    fs::{VaultFs, real::RealFs},
    store::StoreError,
    wal::WalOptions,
    writer::VaultDirs,
};

pub use find::{NotSearched, Place};
pub use forget::{Forget, Forgotten};
pub use fsck::{Fault, FolderCount, FsckReport, ProblemKind};
pub use log::ReplacedLog;
pub use reindex::{Progress, Reindexed, Source};

/// What is looked after.
#[derive(Clone, Debug)]
pub struct Maintenance {
    /// The database directory.
    pub db: PathBuf,
    /// The write-ahead log.
    pub wal: WalOptions,
    /// Where vaults are.
    pub dirs: VaultDirs,
    /// The file with the ids of forgotten events, outside the database: it outlives every rebuilding.
    pub forgotten: PathBuf,
    fs: Arc<dyn VaultFs>,
}

/// Why a piece of upkeep came to no end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MaintenanceError {
    /// The database is in use, or cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed on the way.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// A file or directory cannot be used.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Something must be done first.
    #[error("{0}")]
    First(String),
}

impl Maintenance {
    /// Of vaults on the operating system's file system.
    pub fn new(db: PathBuf, wal: WalOptions, dirs: VaultDirs, forgotten: PathBuf) -> Self {
        Self {
            db,
            wal,
            dirs,
            forgotten,
            fs: Arc::new(RealFs::new()),
        }
    }
}

fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> MaintenanceError {
    let path = path.into();
    move |error| MaintenanceError::File { path, error }
}

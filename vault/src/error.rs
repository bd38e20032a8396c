//! What can go wrong, as callers see it.

use std::{path::PathBuf, time::Duration};

/// Why a vault could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process holds the database.
    #[error("{} is in use by another openclone process; stop it first", path.display())]
    InUse {
        /// The database directory.
        path: PathBuf,
    },
    /// The database cannot be opened or is damaged.
    #[error("cannot open the database {}: {reason}", path.display())]
    Database {
        /// The database directory.
        path: PathBuf,
        /// What the database said.
        reason: String,
    },
    /// The write-ahead log cannot be opened, is damaged, or is not there.
    #[error("{reason}")]
    Log {
        /// What is wrong, and the way out.
        reason: String,
    },
    /// A vault directory cannot be used.
    #[error("cannot use the vault {}: {reason}", path.display())]
    Vault {
        /// The vault directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Why a batch was not acknowledged. Sending it again is always safe.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The vault cannot be written: full, read-only, something in the way. It may come back by itself.
    #[error("vault write failed: {reason}")]
    Storage {
        /// What happened and where.
        reason: String,
    },
    /// Nothing is taken at the moment.
    #[error("{reason}")]
    Unavailable {
        /// What keeps it from being taken.
        outage: Outage,
        /// The same in words, with names of files: for logs, not for strangers.
        reason: String,
        /// When to try again.
        retry_after: Duration,
    },
}

/// Why nothing is taken at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// The service is stopping.
    Stopping,
    /// The database failed and is being reopened.
    Reopening,
    /// The vault is not there: not mounted, moved, deleted.
    VaultMissing,
    /// A sync failed: only a restart helps.
    SyncFailed,
}

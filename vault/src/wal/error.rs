//! Errors of the log. The writer decides by these types, never by a message.

use std::io;

/// Why the log did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalError {
    /// A file could not be read or written. Whether what was written is there is known after the log was opened again.
    #[error("the write-ahead log: {0}")]
    Io(io::Error),
    /// A sync failed: what is on the disk is unknown, and a later success proves nothing.
    #[error("the write-ahead log: sync failed: {0}")]
    Sync(io::Error),
    /// Something is not as it was written.
    #[error(
        "the write-ahead log is damaged: {file}, byte {offset}: {reason}; `openclone reindex` salvages what can be read and moves the log away"
    )]
    Damaged {
        /// The file in the log's directory.
        file: String,
        /// Where.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// The home has had a log, and it is not there.
    #[error(
        "the write-ahead log {dir} is missing: mount its disk and start again; if the log is lost for good, delete {id} and run `openclone reindex`"
    )]
    Missing {
        /// The log's directory.
        dir: String,
        /// The file with its id.
        id: String,
    },
    /// The log belongs to another home, or the home does not know it.
    #[error(
        "{dir} is not the write-ahead log of this home ({reason}): put the right directory in its place; if that is lost for good, move {dir} away, delete {id} and run `openclone reindex`"
    )]
    Foreign {
        /// The log's directory.
        dir: String,
        /// The file with the id.
        id: String,
        /// How it shows.
        reason: &'static str,
    },
    /// An earlier failure leaves it open what the log has: it must be opened again.
    #[error("the write-ahead log must be opened again after a failure: {0}")]
    Broken(String),
}

impl WalError {
    /// The kind of failure, as far as known.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Io(error) | Self::Sync(error) => error.kind(),
            Self::Damaged { .. } | Self::Missing { .. } | Self::Foreign { .. } => io::ErrorKind::InvalidData,
            Self::Broken(_) => io::ErrorKind::Other,
        }
    }

    /// Whether a sync failed.
    pub fn is_sync_failure(&self) -> bool {
        matches!(self, Self::Sync(_))
    }

    pub(super) fn damaged(file: &str, offset: u64, reason: impl Into<String>) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            offset,
            reason: reason.into(),
        }
    }
}

impl From<io::Error> for WalError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

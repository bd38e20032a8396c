//! The seam between the pipeline and storage.

use openclone_vault::{AppendError, PreparedBatch, Receipt, State, Vault, WriterStats};

/// Where prepared batches are stored. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Sink {
    /// The vaults of a home directory.
    Home(Vault),
}

impl Sink {
    /// Appends a batch; calls `reply` when it is durable, or why it is not.
    pub(crate) fn append(
        &self,
        batch: PreparedBatch,
        reply: impl FnOnce(Result<Receipt, AppendError>) + Send + 'static,
    ) {
        match self {
            Self::Home(vault) => vault.append(batch, reply),
        }
    }

    /// Whether batches are accepted.
    pub(crate) fn state(&self) -> State {
        match self {
            Self::Home(vault) => vault.state(),
        }
    }

    /// Statistics of the writer.
    pub(crate) fn writer_stats(&self) -> WriterStats {
        match self {
            Self::Home(vault) => vault.stats(),
        }
    }

    /// Checkpoints since the start.
    pub(crate) fn checkpoints(&self) -> u64 {
        match self {
            Self::Home(vault) => vault.checkpoints(),
        }
    }

    /// Blocks until everything accepted is durable, and closes the storage.
    ///
    /// # Errors
    /// When the last checkpoint failed.
    pub(crate) fn close(self) -> Result<(), AppendError> {
        match self {
            Self::Home(vault) => vault.close(),
        }
    }
}

//! The writer: one thread that takes prepared batches into the vault, each event exactly once.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    entry::PreparedBatch,
    error::{AppendError, OpenError},
};

/// Where tenants' vaults are.
#[derive(Clone, Debug)]
pub struct VaultDirs {
    /// The vault of tenant `default`.
    pub default: PathBuf,
    /// The directory with one `<tenant>/vault` for each further tenant.
    pub tenants: PathBuf,
}

/// When to checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointPolicy {
    /// At this many ids not yet checkpointed.
    pub ids: usize,
    /// At this many bytes of journal.
    pub bytes: u64,
    /// This long after the first event not yet checkpointed.
    pub age: Duration,
}

/// How to open.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database directory, never inside a vault.
    pub db: PathBuf,
    /// Where vaults are.
    pub dirs: VaultDirs,
    /// Refuse to write when fewer bytes are free than this.
    pub min_free: u64,
    /// When to checkpoint.
    pub checkpoint: CheckpointPolicy,
}

/// A batch is in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Entries that are new.
    pub stored: u32,
    /// Entries that were there before.
    pub skipped: u32,
}

/// What the writer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It takes batches.
    Ready,
    /// It takes none for now and tries to come back by itself.
    Degraded {
        /// Why.
        reason: String,
    },
    /// A sync failed: it takes none until a restart.
    Poisoned {
        /// Why.
        reason: String,
    },
}

/// Figures for `/metrics` and `status`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Ids at rest, about.
    pub ids_at_rest: u64,
    /// Ids not yet checkpointed.
    pub ids_recent: u64,
    /// Bytes of journal not yet checkpointed.
    pub journal_bytes: u64,
    /// Groups written since the start.
    pub groups: u64,
    /// Groups whose append has failed and is tried again.
    pub groups_in_doubt: u64,
    /// Checkpoints since the start.
    pub checkpoints: u64,
    /// Seconds from the start of the last group to its answer.
    pub last_group_seconds: f64,
}

/// A running writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vault {
    _inner: Arc<()>,
}

impl Default for CheckpointPolicy {
    fn default() -> Self {
        Self {
            ids: 1_000_000,
            bytes: 64 << 20,
            age: Duration::from_secs(600),
        }
    }
}

impl Vault {
    /// Opens database and vaults, replays the journal, and starts the writer.
    ///
    /// # Errors
    /// When the database is in use or damaged, or the default vault cannot be used.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let _ = options;
        unimplemented!()
    }

    /// Hands a batch to the writer. `reply` is called once, from the writer's thread, when the batch is durable or
    /// will not be acknowledged; it must not block. The queue is not bounded here: callers bound what is in flight.
    pub fn append(
        &self,
        batch: PreparedBatch,
        reply: impl FnOnce(Result<Receipt, AppendError>) + Send + 'static,
    ) {
        let _ = (batch, Box::new(reply));
        unimplemented!()
    }

    /// What the writer is doing.
    pub fn state(&self) -> State {
        unimplemented!()
    }

    /// Figures at this moment.
    pub fn figures(&self) -> Figures {
        unimplemented!()
    }

    /// Finishes what is queued, checkpoints, and closes the database. Batches handed over later get
    /// [`AppendError::Unavailable`].
    ///
    /// # Errors
    /// When the checkpoint failed; nothing is lost, the next start replays.
    pub fn close(&self) -> Result<(), OpenError> {
        unimplemented!()
    }
}

//! What the writer keeps: groups and notes in the [write-ahead log](crate::wal), ids in RocksDB or in its twin on a
//! simulated disk.

mod logged;
pub mod rocks;
pub mod sim;

use std::{fmt, io};

pub use logged::LoggedStore;

use crate::event_id::EventId;

/// The sequence number of a group, from 1, without gaps.
pub type Seq = u64;

/// A group as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalledGroup {
    /// See [`crate::writer::record`].
    pub record: Vec<u8>,
    /// That, and where, it was applied.
    pub marker: Option<Vec<u8>>,
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What the store said.
    pub message: String,
    /// What kind of failure, as far as known. `StorageFull` may pass by itself; others need a reopening.
    pub kind: io::ErrorKind,
    /// A sync of the log failed: no later success makes it good.
    pub is_sync_failure: bool,
    /// It was the log's, whose messages name the way out themselves.
    pub is_of_log: bool,
}

/// The ids of events that are durable in the vault. All methods may be called from several threads.
pub trait IdStore: Send + Sync + fmt::Debug {
    /// Adds ids (sorted, distinct); durable when it returns. Ids that are there already stay.
    ///
    /// # Errors
    /// Then some may be there and some not; nothing else is harmed.
    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError>;

    /// Whether an id is there.
    ///
    /// # Errors
    /// When the ids cannot be read.
    fn contains(&self, id: &EventId) -> Result<bool, StoreError>;

    /// Visits all ids in order, until `visit` returns false.
    ///
    /// # Errors
    /// When the ids cannot be read.
    fn visit_ids(&self, visit: &mut dyn FnMut(EventId) -> bool) -> Result<(), StoreError>;

    /// About how many ids there are.
    fn estimated_ids(&self) -> u64;

    /// Closes and opens it again, which makes it usable after a failed write.
    ///
    /// # Errors
    /// When it cannot be opened; then nothing works until a later call succeeds.
    fn reopen(&self) -> Result<(), StoreError>;
}

/// Ids, and the groups and notes of the log. Reopening opens both parts again; only then is it known whether a group whose
/// write failed is in the log.
pub trait Store: IdStore {
    /// Writes a group's record into the log; durable when it returns.
    ///
    /// # Errors
    /// Then whether the group is in the log is unknown until the store has been reopened.
    fn write_group(&self, seq: Seq, record: &[u8]) -> Result<(), StoreError>;

    /// Notes that a group was applied. Survives the end of the process, need not survive a power loss.
    ///
    /// # Errors
    /// As [`Self::write_group`].
    fn mark_applied(&self, seq: Seq, marker: &[u8]) -> Result<(), StoreError>;

    /// The numbers of all groups in the log, in order.
    ///
    /// # Errors
    /// When the store must be reopened first.
    fn groups(&self) -> Result<Vec<Seq>, StoreError>;

    /// A group's record, and its marker if recovery found one; `None` if there is no such group.
    ///
    /// # Errors
    /// When the log cannot be read or is damaged.
    fn group(&self, seq: Seq) -> Result<Option<JournalledGroup>, StoreError>;

    /// Releases the given groups (sorted): recovery will not need them any more.
    ///
    /// # Errors
    /// As [`Self::write_group`].
    fn forget_groups(&self, groups: &[Seq]) -> Result<(), StoreError>;

    /// A small note kept under a name; `None` if there is none.
    ///
    /// # Errors
    /// When the store must be reopened first.
    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a small note under a name; durable when it returns.
    ///
    /// # Errors
    /// As [`Self::write_group`].
    fn set_note(&self, name: &str, content: &[u8]) -> Result<(), StoreError>;
}

impl StoreError {
    /// Any failure but that of a sync.
    pub fn new(kind: io::ErrorKind, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            kind,
            is_sync_failure: false,
            is_of_log: false,
        }
    }

    /// Whether the ids are damaged, so that only a new database helps.
    pub fn is_damaged_database(&self) -> bool {
        self.kind == io::ErrorKind::InvalidData && !self.is_of_log
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

//! Where the journal and the ids rest, behind a trait: RocksDB, or its twin on a simulated disk.

pub mod rocks;
pub mod sim;

use std::{
    fmt,
    io::{self, Read, Write},
};

use crate::event_id::EventId;

/// The sequence number of a group, from 1, without gaps.
pub type Seq = u64;

/// What [`Store::keep`] has kept. In place of its end comes an `InvalidData` error if it is not what was written.
pub type Kept = Box<dyn Read + Send>;

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
}

/// The journal, the markers and the ids that are at rest. All methods may be called from several threads.
pub trait Store: Send + Sync + fmt::Debug {
    /// Writes a group's record into the journal; durable when it returns.
    ///
    /// # Errors
    /// Then whether the group is in the journal is unknown until the store has been reopened.
    fn write_group(&self, seq: Seq, record: &[u8]) -> Result<(), StoreError>;

    /// Notes that a group was applied. Survives the end of the process, need not survive a power loss.
    ///
    /// # Errors
    /// As [`Self::write_group`].
    fn mark_applied(&self, seq: Seq, marker: &[u8]) -> Result<(), StoreError>;

    /// The numbers of all groups in the journal, in order.
    ///
    /// # Errors
    /// When the store cannot be read or is damaged.
    fn groups(&self) -> Result<Vec<Seq>, StoreError>;

    /// A group's record, and its marker if it has one; `None` if there is no such group.
    ///
    /// # Errors
    /// When the store cannot be read or is damaged.
    fn group(&self, seq: Seq) -> Result<Option<JournalledGroup>, StoreError>;

    /// Adds ids (sorted, distinct) to those at rest; durable when it returns. Ids that are there already stay.
    ///
    /// # Errors
    /// Then some may be there and some not; nothing else is harmed.
    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError>;

    /// Removes the given groups (sorted) and their markers, in one write; not synced.
    ///
    /// # Errors
    /// As [`Self::write_group`].
    fn forget_groups(&self, groups: &[Seq]) -> Result<(), StoreError>;

    /// Whether an id is at rest.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn contains(&self, id: &EventId) -> Result<bool, StoreError>;

    /// Visits all ids at rest in order, until `visit` returns false.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn visit_ids(&self, visit: &mut dyn FnMut(EventId) -> bool) -> Result<(), StoreError>;

    /// About how many ids are at rest.
    fn estimated_ids(&self) -> u64;

    /// A small note kept under a name; `None` if there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Closes and opens it again, which makes it usable after a failed write. Whether a group whose write failed is in
    /// the journal is known only then.
    ///
    /// # Errors
    /// When it cannot be opened; then nothing works until a later call succeeds.
    fn reopen(&self) -> Result<(), StoreError>;

    /// Keeps a small note under a name; durable when it returns.
    ///
    /// # Errors
    /// As [`Self::write_group`].
    fn set_note(&self, name: &str, content: &[u8]) -> Result<(), StoreError>;

    /// Keeps what `write` writes until the next write to the store, in place of what was kept before; durable when it
    /// returns. For what can be computed from the store, only not as fast. A store need not keep anything.
    ///
    /// # Errors
    /// Then nothing may be kept; nothing else is harmed.
    fn keep(&self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> Result<(), StoreError> {
        let _ = write;
        Ok(())
    }

    /// What was kept, if nothing has been written to the store since; from then on it is not kept any more.
    ///
    /// # Errors
    /// When it cannot be read; then it is not kept any more, or from the next write on. When it cannot be removed; then it is still kept, and every
    /// write to the store fails until it can.
    fn take_kept(&self) -> Result<Option<Kept>, StoreError> {
        Ok(None)
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self {
            message: error.to_string(),
            kind: error.kind(),
        }
    }
}

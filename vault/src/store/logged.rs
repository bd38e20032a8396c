//! The writer's store: ids in an [`IdStore`], groups and notes in the [write-ahead log](crate::wal).

use std::sync::Arc;

use super::{IdStore, JournalledGroup, Seq, Store, StoreError, sim::SimStore};
use crate::{
    event_id::EventId,
    fs::{VaultFs, sim::SimProcess},
    wal::{Wal, WalError, WalOptions},
};

/// Both parts. The ids' lock is taken first and released last.
#[derive(Debug)]
pub struct LoggedStore<I> {
    wal: Wal,
    ids: I,
}

impl<I: IdStore> LoggedStore<I> {
    /// Opens the log beside ids that are open already.
    ///
    /// # Errors
    /// As [`Wal::open`].
    pub fn open(ids: I, fs: Arc<dyn VaultFs>, options: WalOptions) -> Result<Self, WalError> {
        Ok(Self {
            wal: Wal::open(fs, options)?,
            ids,
        })
    }

    /// The log.
    pub fn wal(&self) -> &Wal {
        &self.wal
    }
}

impl LoggedStore<SimStore> {
    /// Both parts on the disk of a simulated process.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub fn simulated(process: &SimProcess, options: &WalOptions) -> Result<Self, StoreError> {
        let ids = SimStore::open(process)?;
        Ok(Self::open(ids, Arc::new(process.clone()), options.clone())?)
    }
}

impl<I: IdStore> Store for LoggedStore<I> {
    fn write_group(&self, seq: Seq, record: &[u8]) -> Result<(), StoreError> {
        Ok(self.wal.write_group(seq, record)?)
    }

    fn mark_applied(&self, seq: Seq, marker: &[u8]) -> Result<(), StoreError> {
        Ok(self.wal.mark_applied(seq, marker)?)
    }

    fn groups(&self) -> Result<Vec<Seq>, StoreError> {
        Ok(self.wal.groups()?)
    }

    fn group(&self, seq: Seq) -> Result<Option<JournalledGroup>, StoreError> {
        Ok(self.wal.group(seq)?)
    }

    fn forget_groups(&self, groups: &[Seq]) -> Result<(), StoreError> {
        Ok(self.wal.forget_groups(groups)?)
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.wal.note(name)?)
    }

    fn set_note(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        Ok(self.wal.set_note(name, content)?)
    }
}

impl<I: IdStore> IdStore for LoggedStore<I> {
    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError> {
        self.ids.persist_ids(ids)
    }

    fn contains(&self, id: &EventId) -> Result<bool, StoreError> {
        self.ids.contains(id)
    }

    fn visit_ids(&self, visit: &mut dyn FnMut(EventId) -> bool) -> Result<(), StoreError> {
        self.ids.visit_ids(visit)
    }

    fn estimated_ids(&self) -> u64 {
        self.ids.estimated_ids()
    }

    fn reopen(&self) -> Result<(), StoreError> {
        self.ids.reopen()?;
        Ok(self.wal.reopen()?)
    }
}

impl From<WalError> for StoreError {
    fn from(error: WalError) -> Self {
        Self {
            kind: error.kind(),
            is_sync_failure: error.is_sync_failure(),
            is_of_log: true,
            message: error.to_string(),
        }
    }
}

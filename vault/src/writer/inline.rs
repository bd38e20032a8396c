//! The writer without its thread, for fuzzing: to start and end threads takes far longer than to replay a daily file.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Options, Receipt, Writer, filling, state::Shared};
use crate::{
    entry::PreparedBatch,
    error::AppendError,
    fs::sim::SimDisk,
    store::{LoggedStore, Store},
    writer::group::AppendRequest,
};

/// A writer that works when it is called, and only then.
pub struct InlineWriter(Writer);

impl std::fmt::Debug for InlineWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("InlineWriter").field(&self.0.state()).finish()
    }
}

impl InlineWriter {
    /// Opens store and vaults and replays the journal, as [`Vault::open_on`](super::Vault::open_on) does, for the process
    /// that runs on the disk.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn open(options: &Options, disk: &SimDisk) -> Self {
        let process = disk.process();
        let store: Arc<dyn Store> = Arc::new(LoggedStore::simulated(&process, &options.wal).unwrap());
        let shared = Arc::new(Shared::new(Arc::clone(&store)));
        let mut writer = Writer::new(options, Arc::new(process), store, disk.boot_id(), shared);
        writer.replay().unwrap();
        writer.open_default_vault(&options.dirs.default).unwrap();
        let (store, filter) = writer.filling();
        filling::fill_filter(&*store, &filter, &|| true);
        Self(writer)
    }

    /// Takes a batch as a group of its own.
    ///
    /// # Errors
    /// As [`Vault::append`](super::Vault::append) tells.
    ///
    /// # Panics
    /// When nothing was answered.
    pub fn send(&mut self, batch: PreparedBatch) -> Result<Receipt, AppendError> {
        let told = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&told);
        let reply =
            Box::new(move |answer| *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer));
        self.0.commit(vec![AppendRequest { batch, reply }]);
        let answer = told.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer.unwrap()
    }

    /// The last checkpoint.
    ///
    /// # Panics
    /// When it fails.
    pub fn close(mut self) {
        self.0.checkpoint().unwrap();
    }
}

//! The ids' twin on a simulated disk, for tests: what it has not synced can be lost as on a real one.
//!
//! Each set of ids is a record at the end of the disk's file of ids: `u32` count, 8 bytes of a BLAKE3, the ids. Opening
//! reads the records up to the first that is torn or wrong, and then puts a fresh file in the place of the old one, as RocksDB
//! does with its manifest: so nothing rests any more on pages that an earlier process failed to sync.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{IdStore, StoreError};
use crate::{
    event_id::EventId,
    fs::sim::{SimLog, SimProcess},
};

/// Count and checksum, in bytes.
const HEAD: usize = 12;

/// Ids in the file of one simulated process.
#[derive(Debug)]
pub struct SimStore {
    file: SimLog,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ids: BTreeSet<EventId>,
    /// Where the next record goes.
    end: usize,
    /// Why nothing works until it is opened again.
    broken: Option<String>,
}

impl SimStore {
    /// Opens the ids of a process; what was not synced before a power loss may be missing.
    ///
    /// # Errors
    /// When the file cannot be read or written anew.
    pub fn open(process: &SimProcess) -> Result<Self, StoreError> {
        let store = Self {
            file: process.log(),
            state: Mutex::default(),
        };
        store.reopen()?;
        Ok(store)
    }

    fn recover(&self) -> io::Result<State> {
        let file = self.file.read()?;
        let (mut ids, mut rest) = (BTreeSet::new(), file.as_slice());
        while let Some((record, after)) = read(rest) {
            ids.extend(record);
            rest = after;
        }
        let fresh = write(&ids.iter().copied().collect::<Vec<_>>());
        self.file.replace(&fresh)?;
        Ok(State {
            ids,
            end: fresh.len(),
            broken: None,
        })
    }

    fn usable(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.lock();
        match &state.broken {
            None => Ok(state),
            Some(reason) => Err(StoreError::new(
                io::ErrorKind::Other,
                format!("the ids must be reopened after a failed write: {reason}"),
            )),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IdStore for SimStore {
    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError> {
        let mut state = self.usable()?;
        let bytes = write(ids);
        if let Err(error) = self.file.append(&bytes) {
            // A torn record would hide all that come after it.
            let mended = self.file.truncate(state.end).is_ok();
            if !mended || error.kind() != io::ErrorKind::StorageFull {
                state.broken = Some(error.to_string());
            }
            return Err(error.into());
        }
        if let Err(error) = self.file.sync() {
            state.broken = Some(error.to_string());
            return Err(error.into());
        }
        state.end += bytes.len();
        state.ids.extend(ids);
        Ok(())
    }

    fn contains(&self, id: &EventId) -> Result<bool, StoreError> {
        Ok(self.usable()?.ids.contains(id))
    }

    fn visit_ids(&self, visit: &mut dyn FnMut(EventId) -> bool) -> Result<(), StoreError> {
        // `all` stops where `visit` says so
        self.usable()?.ids.iter().all(|id| visit(*id));
        Ok(())
    }

    fn estimated_ids(&self) -> u64 {
        self.lock().ids.len() as u64
    }

    fn reopen(&self) -> Result<(), StoreError> {
        let mut state = self.lock();
        match self.recover() {
            Ok(recovered) => {
                *state = recovered;
                Ok(())
            }
            Err(error) => {
                state.broken = Some(error.to_string());
                Err(error.into())
            }
        }
    }
}

/// A record as it stands in the file.
fn write(ids: &[EventId]) -> Vec<u8> {
    let content: Vec<u8> = ids.iter().flat_map(|id| id.0).collect();
    let mut bytes = u32::try_from(ids.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes()
        .to_vec();
    bytes.extend(&blake3::hash(&content).as_bytes()[..HEAD - 4]);
    bytes.extend(content);
    bytes
}

/// The first record and what follows it; `None` at the end, or where it is torn or wrong.
fn read(bytes: &[u8]) -> Option<(Vec<EventId>, &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let (count, sum) = head.split_first_chunk()?;
    let (content, after) = rest.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(16)?)?;
    let is_right = blake3::hash(content).as_bytes()[..HEAD - 4] == *sum;
    is_right.then(|| {
        (
            content.as_chunks().0.iter().copied().map(EventId).collect(),
            after,
        )
    })
}

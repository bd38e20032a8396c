//! The store's twin on a simulated disk, for tests: what it has not synced can be lost as on a real one.
//!
//! Every change is a record at the end of the disk's log file (see `record`). Groups, ids and notes are synced when the
//! call returns; markers and the removal of groups are not. Opening replays the records up to the first that is torn or
//! wrong, as RocksDB's point-in-time recovery does, and then puts a fresh log in the place of the old one, as RocksDB
//! does by flushing what it recovered: so nothing rests any more on pages that an earlier process failed to sync.

mod record;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{JournalledGroup, Seq, Store, StoreError};
use crate::{
    event_id::EventId,
    fs::sim::{SimLog, SimProcess},
};
use record::Record;

/// A store on the log file of one simulated process.
#[derive(Debug)]
pub struct SimStore {
    log: SimLog,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    content: Content,
    /// Where the next record goes.
    end: usize,
    /// Why nothing works until it is opened again.
    broken: Option<String>,
}

#[derive(Debug, Default)]
struct Content {
    groups: BTreeMap<Seq, Vec<u8>>,
    markers: BTreeMap<Seq, Vec<u8>>,
    ids: BTreeSet<EventId>,
    notes: BTreeMap<String, Vec<u8>>,
}

impl SimStore {
    /// Opens the store of a process; what was not synced before a power loss may be missing.
    ///
    /// # Errors
    /// When the log cannot be read or written anew.
    pub fn open(process: &SimProcess) -> Result<Self, StoreError> {
        let store = Self {
            log: process.log(),
            state: Mutex::default(),
        };
        store.reopen()?;
        Ok(store)
    }

    fn recover(&self) -> io::Result<State> {
        let log = self.log.read()?;
        let mut content = Content::default();
        let mut rest = log.as_slice();
        while let Some((record, after)) = record::read(rest) {
            content.apply(record);
            rest = after;
        }
        let fresh = content.to_log();
        self.log.replace(&fresh)?;
        Ok(State {
            content,
            end: fresh.len(),
            broken: None,
        })
    }

    fn change(&self, record: Record, durable: bool) -> Result<(), StoreError> {
        let mut state = self.usable()?;
        let bytes = record::write(&record);
        if let Err(error) = self.log.append(&bytes) {
            // A torn record would hide all that come after it.
            let mended = self.log.truncate(state.end).is_ok();
            if !mended || error.kind() != io::ErrorKind::StorageFull {
                state.broken = Some(error.to_string());
            }
            return Err(error.into());
        }
        if let Err(error) = if durable { self.log.sync() } else { Ok(()) } {
            state.broken = Some(error.to_string());
            return Err(error.into());
        }
        state.end += bytes.len();
        state.content.apply(record);
        Ok(())
    }

    fn usable(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.lock();
        match &state.broken {
            None => Ok(state),
            Some(reason) => Err(StoreError {
                message: format!("the store must be reopened after a failed write: {reason}"),
                kind: io::ErrorKind::Other,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn apply(&mut self, record: Record) {
        match record {
            Record::Group(seq, group) => {
                self.groups.insert(seq, group);
            }
            Record::Marker(seq, marker) => {
                self.markers.insert(seq, marker);
            }
            Record::Ids(ids) => self.ids.extend(ids),
            Record::Forget(groups) => {
                for seq in groups {
                    self.groups.remove(&seq);
                    self.markers.remove(&seq);
                }
            }
            Record::Note(name, content) => {
                self.notes.insert(name, content);
            }
        }
    }

    /// The shortest log that leads to this.
    fn to_log(&self) -> Vec<u8> {
        let groups = self
            .groups
            .iter()
            .map(|(seq, group)| Record::Group(*seq, group.clone()));
        let markers = self
            .markers
            .iter()
            .map(|(seq, marker)| Record::Marker(*seq, marker.clone()));
        let notes = self
            .notes
            .iter()
            .map(|(name, note)| Record::Note(name.clone(), note.clone()));
        let ids = Record::Ids(self.ids.iter().copied().collect());
        let records = groups.chain(markers).chain(notes).chain([ids]);
        records.flat_map(|record| record::write(&record)).collect()
    }
}

impl Store for SimStore {
    fn write_group(&self, seq: Seq, record: &[u8]) -> Result<(), StoreError> {
        self.change(Record::Group(seq, record.to_vec()), true)
    }

    fn mark_applied(&self, seq: Seq, marker: &[u8]) -> Result<(), StoreError> {
        self.change(Record::Marker(seq, marker.to_vec()), false)
    }

    fn groups(&self) -> Result<Vec<Seq>, StoreError> {
        Ok(self.usable()?.content.groups.keys().copied().collect())
    }

    fn group(&self, seq: Seq) -> Result<Option<JournalledGroup>, StoreError> {
        let state = self.usable()?;
        let Some(record) = state.content.groups.get(&seq).cloned() else {
            return Ok(None);
        };
        let marker = state.content.markers.get(&seq).cloned();
        Ok(Some(JournalledGroup { record, marker }))
    }

    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError> {
        self.change(Record::Ids(ids.to_vec()), true)
    }

    fn forget_groups(&self, groups: &[Seq]) -> Result<(), StoreError> {
        self.change(Record::Forget(groups.to_vec()), false)
    }

    fn contains(&self, id: &EventId) -> Result<bool, StoreError> {
        Ok(self.usable()?.content.ids.contains(id))
    }

    fn visit_ids(&self, visit: &mut dyn FnMut(EventId) -> bool) -> Result<(), StoreError> {
        // `all` stops where `visit` says so
        self.usable()?.content.ids.iter().all(|id| visit(*id));
        Ok(())
    }

    fn estimated_ids(&self) -> u64 {
        self.lock().content.ids.len() as u64
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.usable()?.content.notes.get(name).cloned())
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

    fn set_note(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        self.change(Record::Note(name.to_owned(), content.to_vec()), true)
    }
}

//! Deliberately faulty stores, which every reliability test must catch.
//!
//! A writer is correct because of the order in which ids and bytes become durable, and the [`Store`] decides that order.
//! So a faulty writer is the real one on a store that persists in the wrong order:
//!
//! - [`Order::IdFirst`]: the ids are persisted before the append, and nothing is journalled. After a crash between the
//!   two, a resend is skipped: the event is lost.
//! - [`Order::BytesFirst`]: nothing is durable before the append; the ids are persisted after it. Nothing is journalled, so
//!   nothing is replayed. After a crash between the two, a resend duplicates the event.
//!
//! A pause between the two steps makes the fault likely to show in tests with few crashes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    event_id::EventId,
    store::{IdStore, JournalledGroup, Seq, Store, StoreError},
    writer::record::Group,
};

/// Which mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The ids are durable before the bytes.
    IdFirst,
    /// The bytes are there before the ids, and nothing is replayed.
    BytesFirst,
}

/// A store that persists in the wrong order.
#[derive(Debug)]
pub struct FaultyStore<S> {
    inner: S,
    order: Order,
    /// How long it takes from the one to the other, at least.
    linger: Duration,
    /// Ids of groups whose bytes are being appended.
    waiting: Mutex<BTreeMap<Seq, Vec<EventId>>>,
}

impl<S: Store> FaultyStore<S> {
    pub fn new(inner: S, order: Order, linger: Duration) -> Self {
        Self {
            inner,
            order,
            linger,
            waiting: Mutex::default(),
        }
    }
}

impl<S: Store> IdStore for FaultyStore<S> {
    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError> {
        self.inner.persist_ids(ids)
    }

    fn contains(&self, id: &EventId) -> Result<bool, StoreError> {
        self.inner.contains(id)
    }

    fn visit_ids(&self, visit: &mut dyn FnMut(EventId) -> bool) -> Result<(), StoreError> {
        self.inner.visit_ids(visit)
    }

    fn estimated_ids(&self) -> u64 {
        self.inner.estimated_ids()
    }

    fn reopen(&self) -> Result<(), StoreError> {
        self.inner.reopen()
    }
}

impl<S: Store> Store for FaultyStore<S> {
    fn write_group(&self, seq: Seq, record: &[u8]) -> Result<(), StoreError> {
        let mut ids: Vec<EventId> = Group::decode(record).unwrap().ids().collect();
        ids.sort_unstable();
        if self.order == Order::IdFirst {
            self.inner.persist_ids(&ids)?;
            thread::sleep(self.linger);
            return Ok(());
        }
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(seq, ids);
        Ok(())
    }

    fn mark_applied(&self, seq: Seq, _: &[u8]) -> Result<(), StoreError> {
        let waiting = self
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&seq);
        let Some(ids) = waiting else { return Ok(()) };
        thread::sleep(self.linger);
        self.inner.persist_ids(&ids)
    }

    fn groups(&self) -> Result<Vec<Seq>, StoreError> {
        Ok(Vec::new())
    }

    fn group(&self, _: Seq) -> Result<Option<JournalledGroup>, StoreError> {
        Ok(None)
    }

    fn forget_groups(&self, _: &[Seq]) -> Result<(), StoreError> {
        Ok(())
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.note(name)
    }

    fn set_note(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        self.inner.set_note(name, content)
    }
}

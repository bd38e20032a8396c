//! What was sent, and what was answered.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use openclone_vault::{EventId, PreparedBatch};

use crate::temp_vault::id;

/// Shared by who sends and who edits.
#[derive(Default)]
pub(crate) struct Ledger {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<EventId, Vec<u8>>,
    /// Each once, in the order of things.
    sent: Vec<EventId>,
    answered: Vec<EventId>,
    is_answered: HashSet<EventId>,
}

impl Ledger {
    pub(crate) fn will_send(&self, batch: &PreparedBatch) {
        let file = &batch.files[0];
        let mut inner = self.lock();
        let mut start = 0;
        for (id, &end) in file.ids.iter().zip(&file.ends) {
            let bytes = file.bytes[start..end as usize].to_vec();
            if inner.entries.insert(*id, bytes).is_none() {
                inner.sent.push(*id);
            }
            start = end as usize;
        }
    }

    pub(crate) fn answered(&self, events: &[u32]) {
        let mut inner = self.lock();
        for id in events.iter().map(|event| id("hands", *event)) {
            if inner.is_answered.insert(id) {
                inner.answered.push(id);
            }
        }
    }

    /// How many have been answered.
    pub(crate) fn answers(&self) -> usize {
        self.lock().answered.len()
    }

    pub(crate) fn answered_between(&self, from: usize, to: usize) -> Vec<EventId> {
        self.lock().answered[from..to].to_vec()
    }

    pub(crate) fn sent_from(&self, from: usize) -> Vec<EventId> {
        self.lock().sent[from..].to_vec()
    }

    /// Handed over and not answered.
    pub(crate) fn in_flight(&self) -> usize {
        let inner = self.lock();
        inner.sent.len() - inner.answered.len()
    }

    /// Waits for another answer, but not for long.
    pub(crate) fn await_more(&self, patience: Duration) {
        let (start, before) = (Instant::now(), self.answers());
        while self.answers() == before && start.elapsed() < patience {
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// Whether `bytes` are exactly the entry of `id`.
    pub(crate) fn is_entry(&self, id: EventId, bytes: &[u8]) -> bool {
        self.lock().entries.get(&id).is_some_and(|entry| entry == bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

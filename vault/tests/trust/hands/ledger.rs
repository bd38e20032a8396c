//! What was sent, and what was answered.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use openclone_vault::{EventId, PreparedBatch};

use crate::bench::id;

/// Shared by who sends and who edits.
#[derive(Default)]
pub(crate) struct Ledger {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<EventId, Vec<u8>>,
    answered: HashSet<EventId>,
}

impl Ledger {
    pub(crate) fn will_send(&self, batch: &PreparedBatch) {
        let file = &batch.files[0];
        let mut start = 0;
        for (id, &end) in file.ids.iter().zip(&file.ends) {
            let bytes = file.bytes[start..end as usize].to_vec();
            self.lock().entries.insert(*id, bytes);
            start = end as usize;
        }
    }

    pub(crate) fn answered(&self, events: &[u32]) {
        self.lock()
            .answered
            .extend(events.iter().map(|event| id("hands", *event)));
    }

    pub(crate) fn all_answered(&self) -> HashSet<EventId> {
        self.lock().answered.clone()
    }

    /// Waits for another answer, but not for long.
    pub(crate) fn await_more(&self, patience: Duration) {
        let (start, before) = (Instant::now(), self.lock().answered.len());
        while self.lock().answered.len() == before && start.elapsed() < patience {
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// At one moment.
    pub(crate) fn sent_and_answered(&self) -> (HashSet<EventId>, HashSet<EventId>) {
        let inner = self.lock();
        (inner.entries.keys().copied().collect(), inner.answered.clone())
    }

    /// Whether `bytes` are exactly the entry of `id`.
    pub(crate) fn is_entry(&self, id: EventId, bytes: &[u8]) -> bool {
        self.lock().entries.get(&id).is_some_and(|entry| entry == bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

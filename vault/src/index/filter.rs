//! A Bloom filter over all ids at rest, so that a new id is known to be new without asking the database.
//!
//! It grows by layers: when one is full, another is put on top and the old ones stay as they are, so growing copies
//! nothing, and nobody who asks waits while the new one is made. An id is in the filter if any layer has it.
//!
//! Until it is [complete](Filter::complete) it says "perhaps" to all ids, but for this: while the ids at rest are read in, in
//! order, it answers for those below the last one read.
//!
//! 12 bits an id; at most one new id in 250 is looked up in vain for each full layer.

mod layer;
#[cfg(test)]
mod tests;

use std::{
    slice,
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use self::layer::Layer;
use crate::event_id::EventId;

const FIRST_LAYER: usize = 1 << 18;
/// A layer is so many times as large as the one below it, since each costs a look at memory for each new id ...
const GROWTH: usize = 4;
/// ... but no larger than this, 25 MB, or than a part of all layers together. So an empty layer adds little to the bytes an id
/// costs in memory.
const LARGE_LAYER: usize = 1 << 24;
const PART_OF_ALL: usize = 3;

/// The filter. Shared between the writer, which asks, and whoever moves ids to rest.
#[derive(Debug)]
pub struct Filter {
    layers: RwLock<Layers>,
    complete: AtomicBool,
    /// All ids at rest whose first eight bytes, big-endian, are below this are in.
    read_below: AtomicU64,
}

#[derive(Debug, Default)]
struct Layers {
    stack: Vec<Layer>,
    /// Ids that came before there was a layer.
    early: Vec<EventId>,
}

impl Filter {
    /// A filter for about `expected` ids, and more. It is complete only when [`Self::complete`] says so.
    pub fn new(expected: usize) -> Self {
        let filter = Self::without_layers();
        filter.start(expected);
        filter
    }

    /// A filter that takes ids, and neither has a size nor answers before [`Self::start`].
    pub fn without_layers() -> Self {
        Self {
            layers: RwLock::default(),
            complete: AtomicBool::new(false),
            read_below: AtomicU64::new(0),
        }
    }

    /// Adds a layer for about `expected` ids.
    pub fn start(&self, expected: usize) {
        let first = Layer::new(expected.saturating_add(expected / 4).max(FIRST_LAYER));
        let early = {
            let mut layers = self.write();
            layers.stack.push(first);
            std::mem::take(&mut layers.early)
        };
        // Until they are in, the filter is not complete, and whoever asks is told "perhaps".
        self.insert(&early);
    }

    /// From now on the filter knows all ids at rest.
    pub fn complete(&self) {
        if self.read().stack.is_empty() {
            self.start(0);
        }
        self.complete.store(true, Ordering::Release);
    }

    /// Whether it knows all ids at rest.
    pub fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    /// Adds ids at rest as they come when all of them are read in order: from now on the filter knows all below the last.
    /// Those that come to rest meanwhile are to be added too, see [`Self::insert`].
    pub fn read_in(&self, ids: &[EventId]) {
        self.insert(ids);
        if let Some(last) = ids.last() {
            self.read_below.store(place(last), Ordering::Release);
        }
    }

    /// Adds ids.
    pub fn insert(&self, ids: &[EventId]) {
        for chunk in ids.chunks(FIRST_LAYER / 4) {
            if self.write().puts_aside(chunk) {
                continue;
            }
            self.make_room(chunk.len());
            if let Some(layer) = self.read().stack.last() {
                layer.insert(chunk);
            }
        }
    }

    /// Sees to it that the last layer can take `count` ids more.
    fn make_room(&self, count: usize) {
        let Some(capacity) = self.read().wanted(count) else {
            return;
        };
        // Some ten milliseconds for a large one.
        let layer = Layer::new(capacity);
        let mut layers = self.write();
        // Someone else may have made one meanwhile.
        if layers.wanted(count).is_some() {
            layers.stack.push(layer);
        }
    }

    /// False: the id is not at rest. True: it may be.
    pub fn may_contain(&self, id: &EventId) -> bool {
        let mut answer = Vec::with_capacity(1);
        self.may_contain_each(slice::from_ref(id), &mut answer);
        answer.contains(&true)
    }

    /// [`Self::may_contain`] for each of many ids, added to `answers`. What is looked at for one is far away in memory from what is
    /// for the next: asked in one go, the processor waits for many of them at once.
    pub fn may_contain_each(&self, ids: &[EventId], answers: &mut Vec<bool>) {
        // In this order: what is complete, or has been read in by now, is in the layers that are looked at after it.
        let is_complete = self.is_complete();
        let read_below = self.read_below.load(Ordering::Acquire);
        let layers = self.read();
        answers.extend(ids.iter().map(|id| {
            let is_unknown = !is_complete && place(id) >= read_below;
            is_unknown || layers.has(id)
        }));
    }

    /// Whether any layer has the id, complete or not.
    #[cfg(test)]
    fn has(&self, id: &EventId) -> bool {
        self.read().has(id)
    }

    /// How many ids are in, and in how many layers.
    pub(crate) fn size(&self) -> (usize, usize) {
        let layers = self.read();
        (layers.stack.iter().map(Layer::len).sum(), layers.stack.len())
    }

    fn read(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Layers> {
        self.layers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Layers {
    fn has(&self, id: &EventId) -> bool {
        self.stack.iter().any(|layer| layer.has(id))
    }

    /// For how many ids a new layer should be, if the last one cannot take `count` more.
    fn wanted(&self, count: usize) -> Option<usize> {
        let last = self.stack.last().filter(|last| last.overflows(count))?;
        let all = self.stack.iter().map(Layer::capacity).sum();
        Some(next_capacity(last.capacity(), all))
    }

    /// Keeps ids for the first layer, as long as there is none.
    fn puts_aside(&mut self, ids: &[EventId]) -> bool {
        let is_early = self.stack.is_empty();
        if is_early {
            self.early.extend_from_slice(ids);
        }
        is_early
    }
}

/// For how many ids the next layer is, on one for `last` and when all together are for `all`.
fn next_capacity(last: usize, all: usize) -> usize {
    last.saturating_mul(GROWTH)
        .min(LARGE_LAYER.max(all / PART_OF_ALL))
}

/// Where an id stands among all, as the store orders them.
fn place(id: &EventId) -> u64 {
    let (head, _) = id.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_be_bytes(*head)
}

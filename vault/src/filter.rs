//! A Bloom filter over all ids at rest, so that a new id is known to be new without asking the database.
//!
//! It grows by layers: when one is full, a larger one is put on top and the old ones stay as they are, so growing
//! neither pauses nor copies. An id is in the filter if any layer has it. While the ids at rest are read in, in order, the
//! filter answers for those below the last one read, and says "perhaps" to all others.
//!
//! 12 bits an id; about one new id in 300 is looked up in vain.

use std::sync::{
    RwLock,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use fastbloom::AtomicBloomFilter;

use crate::event_id::EventId;

const BITS_PER_ID: usize = 12;
const HASHES: u32 = 8;
const FIRST_LAYER: usize = 1 << 18;
const LARGEST_LAYER: usize = 1 << 25;

/// The filter. Shared between the writer, which asks, and whoever moves ids to rest.
#[derive(Debug)]
pub struct Filter {
    layers: RwLock<Vec<Layer>>,
    complete: AtomicBool,
    /// All ids at rest whose first eight bytes, big-endian, are below this are in.
    read_below: AtomicU64,
}

#[derive(Debug)]
struct Layer {
    bits: AtomicBloomFilter,
    capacity: usize,
    filled: AtomicUsize,
}

impl Filter {
    /// A filter for about `expected` ids, and more. It is complete only when [`Self::complete`] says so.
    pub fn new(expected: usize) -> Self {
        let first = Layer::new(expected.saturating_add(expected / 4).max(FIRST_LAYER));
        Self {
            layers: RwLock::new(vec![first]),
            complete: AtomicBool::new(false),
            read_below: AtomicU64::new(0),
        }
    }

    /// From now on the filter knows all ids at rest.
    pub fn complete(&self) {
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
            self.make_room(chunk.len());
            let layers = self
                .layers
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(layer) = layers.last() {
                layer.insert(chunk);
            }
        }
    }

    /// False: the id is not at rest. True: it may be.
    pub fn may_contain(&self, id: &EventId) -> bool {
        if !self.is_complete() && place(id) >= self.read_below.load(Ordering::Acquire) {
            return true;
        }
        let hash = hash(id);
        let layers = self
            .layers
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        layers.iter().any(|layer| layer.bits.contains_hash(hash))
    }

    fn make_room(&self, count: usize) {
        let mut layers = self
            .layers
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(last) = layers.last() else { return };
        if last.filled.load(Ordering::Relaxed) + count > last.capacity {
            let capacity = last.capacity.saturating_mul(2).min(LARGEST_LAYER);
            layers.push(Layer::new(capacity));
        }
    }
}

impl Layer {
    fn new(capacity: usize) -> Self {
        let bits = AtomicBloomFilter::with_num_bits(capacity * BITS_PER_ID).hashes(HASHES);
        Self {
            bits,
            capacity,
            filled: AtomicUsize::new(0),
        }
    }

    fn insert(&self, ids: &[EventId]) {
        for id in ids {
            self.bits.insert_hash(hash(id));
        }
        self.filled.fetch_add(ids.len(), Ordering::Relaxed);
    }
}

/// Where an id stands among all, as the store orders them.
fn place(id: &EventId) -> u64 {
    let (head, _) = id.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_be_bytes(*head)
}

/// Ids are hashes already; any eight bytes of them do.
fn hash(id: &EventId) -> u64 {
    let (head, _) = id.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(from: u64, count: u64) -> Vec<EventId> {
        (from..from + count)
            .map(|n| {
                EventId(
                    blake3::hash(&n.to_le_bytes()).as_bytes()[..16]
                        .try_into()
                        .unwrap_or_default(),
                )
            })
            .collect()
    }

    #[test]
    fn it_never_denies_an_id_that_it_was_given_through_several_layers() {
        let filter = Filter::new(0);
        let given = ids(0, FIRST_LAYER as u64 * 3);
        filter.insert(&given);
        filter.complete();
        assert!(filter.layers.read().is_ok_and(|layers| layers.len() > 1));
        assert!(given.iter().all(|id| filter.may_contain(id)));
    }

    #[test]
    fn it_denies_most_others() {
        let filter = Filter::new(0);
        filter.insert(&ids(0, FIRST_LAYER as u64));
        filter.complete();
        let wrong = ids(1 << 40, 100_000)
            .iter()
            .filter(|id| filter.may_contain(id))
            .count();
        assert!(wrong < 1_500, "{wrong} of 100,000");
    }

    #[test]
    fn until_it_is_complete_it_denies_nothing() {
        let filter = Filter::new(0);
        assert!(filter.may_contain(&EventId([9; 16])));
    }

    #[test]
    fn while_ids_are_read_in_it_answers_for_those_below_the_last() {
        let filter = Filter::new(0);
        let mut at_rest = ids(0, 10_000);
        at_rest.sort_unstable();
        filter.read_in(&at_rest[..5_000]);
        assert!(at_rest.iter().all(|id| filter.may_contain(id)));
        let mut others = ids(1 << 40, 10_000);
        others.sort_unstable();
        let denied = others.iter().filter(|id| !filter.may_contain(id)).count();
        assert!((4_500..5_500).contains(&denied), "{denied} of 10,000");
        assert!(filter.may_contain(&EventId([0xff; 16])));
    }
}

//! One layer of the filter: a blocked Bloom filter of fixed size.
//!
//! All bits of an id are in one block, which is as large as a cache line: one bit in each of its eight words. So an id is one
//! look at far-away memory, where bits all over the layer would be eight to add it. The price is that some blocks hold more
//! ids than others: of strangers, one in 250 is taken for known, where it would be one in 320 (F. Putze, P. Sanders and
//! J. Singler, "Cache-, hash- and space-efficient Bloom filters", 2007, of which this is the variant with one bit a word).
//!
//! Ids are hashes already. Their second half says which block, the end of their first half which bits: ids come in order, so a
//! layer has those of a few ranges only, and what they begin with would lead to the same few blocks.

use std::{
    array, iter,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::event_id::EventId;

const BITS_PER_ID: usize = 12;
const WORDS: usize = 8;
const BLOCK_BITS: usize = WORDS * u64::BITS as usize;
/// As many bits of a hash as say which bit of a word.
const BIT_BITS: usize = 6;

/// In line with the processor's cache lines.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Block([AtomicU64; WORDS]);

#[derive(Debug)]
pub(super) struct Layer {
    blocks: Vec<Block>,
    capacity: usize,
    filled: AtomicUsize,
    /// Held by who adds ids. With one at a time, a word is read and written without locking its cache line.
    adding: Mutex<()>,
}

impl Layer {
    /// For so many ids, at least one.
    pub(super) fn new(capacity: usize) -> Self {
        let blocks = iter::repeat_with(Block::default);
        Self {
            blocks: blocks.take(blocks_for(capacity)).collect(),
            capacity,
            filled: AtomicUsize::new(0),
            adding: Mutex::new(()),
        }
    }

    /// Adds ids.
    pub(super) fn insert(&self, ids: &[EventId]) {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            let (block, bits) = self.find(id);
            for (word, bit) in iter::zip(&block.0, bits) {
                word.store(word.load(Ordering::Relaxed) | bit, Ordering::Relaxed);
            }
        }
        self.filled.fetch_add(ids.len(), Ordering::Relaxed);
    }

    pub(super) fn has(&self, id: &EventId) -> bool {
        let (block, bits) = self.find(id);
        // All words, without a branch that would be guessed wrong half of the time: they are in one cache line.
        let missing = iter::zip(&block.0, bits).fold(0, |missing, (word, bit)| {
            missing | (!word.load(Ordering::Relaxed) & bit)
        });
        missing == 0
    }

    /// The block of an id, and its bit in each of the words.
    fn find(&self, id: &EventId) -> (&Block, [u64; WORDS]) {
        let (bits, place) = halves(id);
        // A part of all blocks as large as `place` is of all 64-bit numbers: less than their number.
        let block = (u128::from(place) * self.blocks.len() as u128) >> u64::BITS;
        let bits = array::from_fn(|word| 1 << ((bits >> (word * BIT_BITS)) % u64::from(u64::BITS)));
        (&self.blocks[block as usize], bits)
    }

    /// How many ids were added.
    pub(super) fn len(&self) -> usize {
        self.filled.load(Ordering::Relaxed)
    }

    /// For how many ids it is.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether `count` ids more would be too many for it.
    pub(super) fn overflows(&self, count: usize) -> bool {
        self.len() + count > self.capacity
    }
}

fn blocks_for(capacity: usize) -> usize {
    (capacity * BITS_PER_ID).div_ceil(BLOCK_BITS).max(1)
}

fn halves(id: &EventId) -> (u64, u64) {
    let (halves, _) = id.0.as_chunks();
    (u64::from_be_bytes(halves[0]), u64::from_be_bytes(halves[1]))
}

//! One layer of the filter: a Bloom filter of fixed size.

use std::{
    io::{self, Read, Write},
    sync::atomic::{AtomicUsize, Ordering},
};

use fastbloom::AtomicBloomFilter;

const BITS_PER_ID: usize = 12;
const HASHES: u32 = 8;
const WORD_BITS: usize = 64;
/// Bits are read and written in pieces of so many bytes.
const PIECE: usize = 1 << 16;

#[derive(Debug)]
pub(super) struct Layer {
    bits: AtomicBloomFilter,
    capacity: usize,
    filled: AtomicUsize,
}

impl Layer {
    /// For so many ids.
    pub(super) fn new(capacity: usize) -> Self {
        let bits = AtomicBloomFilter::with_num_bits(capacity * BITS_PER_ID).hashes(HASHES);
        Self {
            bits,
            capacity,
            filled: AtomicUsize::new(0),
        }
    }

    /// Adds ids, told by their hashes.
    pub(super) fn insert(&self, hashes: impl ExactSizeIterator<Item = u64>) {
        let count = hashes.len();
        for hash in hashes {
            self.bits.insert_hash(hash);
        }
        self.filled.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn has(&self, hash: u64) -> bool {
        self.bits.contains_hash(hash)
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

    /// Writes capacity and number of ids (`u64`), then the bits as words of 64.
    pub(super) fn write_to(&self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(&(self.capacity as u64).to_le_bytes())?;
        to.write_all(&(self.len() as u64).to_le_bytes())?;
        let mut piece = Vec::with_capacity(PIECE);
        for word in self.bits.iter() {
            piece.extend_from_slice(&word.to_le_bytes());
            if piece.len() == PIECE {
                to.write_all(&piece)?;
                piece.clear();
            }
        }
        to.write_all(&piece)
    }

    /// What [`Self::write_to`] wrote.
    ///
    /// # Errors
    /// `InvalidData`: no layer can be like that. Else as `from`.
    pub(super) fn read_from(from: &mut dyn Read) -> io::Result<Self> {
        let (capacity, filled) = (read_number(from)?, read_number(from)?);
        let bits = capacity.checked_mul(BITS_PER_ID).filter(|bits| *bits > 0);
        let count = bits.ok_or(io::ErrorKind::InvalidData)?.div_ceil(WORD_BITS);
        let mut words = Vec::new();
        // The number may be wrong: its checksum comes at the end.
        words
            .try_reserve_exact(count)
            .map_err(|_| io::ErrorKind::InvalidData)?;
        let mut piece = vec![0; PIECE];
        while words.len() < count {
            let wanted = PIECE.min((count - words.len()) * size_of::<u64>());
            from.read_exact(&mut piece[..wanted])?;
            let (read, _) = piece[..wanted].as_chunks();
            words.extend(read.iter().map(|word| u64::from_le_bytes(*word)));
        }
        Ok(Self {
            bits: AtomicBloomFilter::from_vec(words).hashes(HASHES),
            capacity,
            filled: AtomicUsize::new(filled),
        })
    }
}

/// A `u64`, little-endian, that counts something in memory.
pub(super) fn read_number(from: &mut dyn Read) -> io::Result<usize> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| io::ErrorKind::InvalidData.into())
}

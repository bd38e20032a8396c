//! A file's bytes, once as programs see them and once as they rest on the disk.

use std::{collections::BTreeSet, ops::Range};

use rand::{Rng, rngs::StdRng};

/// What the cache holds or loses as one, in bytes.
pub(super) const PAGE: usize = 4096;
/// What a disk writes wholly or not at all, in bytes.
const SECTOR: usize = 512;

/// Invariant: pages that are neither in `dirty` nor in `lost` are the same in `cached` and `durable`.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// Pages that the next sync has to write.
    dirty: BTreeSet<usize>,
    /// Pages that a failed sync gave up: the cache takes them for written, as Linux does.
    lost: BTreeSet<usize>,
    /// Lengths that the file had since the last sync.
    lengths: Vec<usize>,
}

/// How much of what was not synced survives.
enum Fate {
    All,
    Nothing,
    /// Everything up to a length that the file had in between.
    InOrder,
    ByPage,
}

impl Content {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.cached
    }

    /// What a power loss can take nothing away from.
    pub(super) fn durable_bytes(&self) -> &[u8] {
        &self.durable
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        let touched = offset.min(self.cached.len())..end;
        if self.cached.len() < end {
            self.cached.resize(end, 0);
        }
        self.cached[offset..end].copy_from_slice(bytes);
        self.touch(touched);
    }

    /// Shortens the file.
    pub(super) fn truncate(&mut self, length: usize) {
        self.cached.truncate(length);
        self.touch(length.saturating_sub(1)..length);
        let pages = length.div_ceil(PAGE);
        self.dirty.retain(|page| *page < pages);
        self.lost.retain(|page| *page < pages);
    }

    pub(super) fn sync(&mut self) {
        self.durable.resize(self.cached.len(), 0);
        for page in std::mem::take(&mut self.dirty) {
            let range = bounds(page, self.cached.len());
            self.durable[range.clone()].copy_from_slice(&self.cached[range]);
        }
        self.lengths.clear();
    }

    /// The sync failed: what it should have written counts as clean from now on, and another sync will not write it.
    pub(super) fn fail_sync(&mut self) {
        self.lost.append(&mut self.dirty);
    }

    /// The power is gone: what was not synced is there, or not, or in part.
    pub(super) fn lose_power(&mut self, rng: &mut StdRng) {
        if self.dirty.is_empty() && self.lost.is_empty() && self.durable.len() == self.cached.len() {
            return;
        }
        let fate = match rng.random_range(0..6) {
            0 => Fate::All,
            1 => Fate::Nothing,
            2 => Fate::InOrder,
            _ => Fate::ByPage,
        };
        let mut left = self.durable.clone();
        left.resize(self.length_left(&fate, rng), 0);
        for page in self.dirty.union(&self.lost) {
            self.keep_of_page(*page, &fate, &mut left, rng);
        }
        *self = Self {
            cached: left.clone(),
            durable: left,
            ..Self::default()
        };
    }

    /// With the full length and pages missing, the file has holes full of zeros.
    fn length_left(&self, fate: &Fate, rng: &mut StdRng) -> usize {
        match fate {
            Fate::All => self.cached.len(),
            Fate::Nothing if rng.random() => self.durable.len(),
            Fate::Nothing | Fate::ByPage if rng.random() => self.cached.len(),
            _ => match rng.random_range(0..=self.lengths.len()) {
                0 => self.durable.len(),
                nth => self.lengths[nth - 1],
            },
        }
    }

    fn keep_of_page(&self, page: usize, fate: &Fate, left: &mut [u8], rng: &mut StdRng) {
        let (kept, torn) = match fate {
            Fate::All | Fate::InOrder => (true, false),
            Fate::Nothing => (false, false),
            Fate::ByPage => (rng.random(), rng.random_ratio(1, 3)),
        };
        let page = bounds(page, self.cached.len().min(left.len()));
        for start in page.clone().step_by(SECTOR) {
            let sector = start..page.end.min(start + SECTOR);
            let survives = if torn { rng.random() } else { kept };
            if survives {
                left[sector.clone()].copy_from_slice(&self.cached[sector]);
            }
        }
    }

    fn touch(&mut self, range: Range<usize>) {
        self.lengths.push(self.cached.len());
        for page in range.start / PAGE..range.end.div_ceil(PAGE) {
            self.lost.remove(&page);
            self.dirty.insert(page);
        }
    }
}

/// A page's bytes in a file of `length` bytes.
fn bounds(page: usize, length: usize) -> Range<usize> {
    (page * PAGE).min(length)..(page * PAGE + PAGE).min(length)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;

    use super::*;

    fn after_power_loss(content: &Content, seed: u64) -> Vec<u8> {
        let mut copy = content.clone();
        copy.lose_power(&mut StdRng::seed_from_u64(seed));
        assert_eq!(copy.bytes(), copy.durable_bytes());
        copy.cached
    }

    #[test]
    fn what_was_synced_survives_every_power_loss() {
        let mut content = Content::default();
        content.write(0, &[1; 5000]);
        content.sync();
        content.write(5000, &[2; 9000]);
        content.write(14_000, &[3; 10]);
        for seed in 0..500 {
            let left = after_power_loss(&content, seed);
            assert!(left.len() >= 5000 && left.len() <= 14_010);
            assert!(left[..5000].iter().all(|byte| *byte == 1), "seed {seed}");
        }
    }

    #[test]
    fn what_was_not_synced_meets_every_fate() {
        let mut content = Content::default();
        content.write(0, &[1; 3 * PAGE]);
        content.write(3 * PAGE, &[2; 100]);
        let fates: HashSet<&str> = (0..500)
            .map(|seed| fate_of(&after_power_loss(&content, seed)))
            .collect();
        for fate in ["gone", "whole", "at a boundary", "hole before data", "torn page"] {
            assert!(fates.contains(fate), "{fate} not in {fates:?}");
        }
    }

    fn fate_of(left: &[u8]) -> &'static str {
        let zero_at = left.iter().position(|byte| *byte == 0);
        let data_at = left.iter().rposition(|byte| *byte != 0);
        match (zero_at, data_at) {
            _ if left.is_empty() => "gone",
            (None, _) if left.len() == 3 * PAGE => "at a boundary",
            (None, _) => "whole",
            (Some(zero), _) if zero % PAGE != 0 => "torn page",
            (Some(zero), Some(data)) if zero < data => "hole before data",
            _ => "zeros at the end",
        }
    }

    #[test]
    fn an_overwrite_is_old_or_new_by_sector() {
        let mut content = Content::default();
        content.write(0, &[1; 2 * PAGE]);
        content.sync();
        content.write(100, &[2; PAGE]);
        let mixed = (0..200)
            .map(|seed| after_power_loss(&content, seed))
            .filter(|left| {
                assert!(left.len() == 2 * PAGE && left.iter().all(|byte| [1, 2].contains(byte)));
                left[100] == 1 && left.contains(&2)
            });
        assert!(mixed.count() > 0);
    }

    #[test]
    fn a_failed_sync_is_not_mended_by_the_next_one() {
        let mut content = Content::default();
        content.write(0, b"lost");
        content.fail_sync();
        content.sync();
        assert_eq!(content.durable_bytes(), [0; 4]);
        content.write(0, b"lost");
        content.sync();
        assert_eq!(content.durable_bytes(), b"lost");
    }

    #[test]
    fn a_shortened_file_is_short_or_long_until_synced() {
        let mut content = Content::default();
        content.write(0, &[1; 6000]);
        content.sync();
        content.truncate(10);
        let lengths: HashSet<usize> = (0..100)
            .map(|seed| after_power_loss(&content, seed).len())
            .collect();
        assert_eq!(lengths, HashSet::from([10, 6000]));
        content.sync();
        assert_eq!(after_power_loss(&content, 1), [1; 10]);
    }
}

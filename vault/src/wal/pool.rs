//! Segment files that are not in use: kept for a while, then recycled.

use std::{collections::VecDeque, io, time::Duration};

use super::{WalError, WalOptions, entries::append_all, segment::Header};
use crate::fs::{Directory, VaultFile};

const NEW: &str = "segment.tmp";
/// Zeros are written in pieces of this size.
const PIECE: usize = 1 << 20;
/// More unused files than this are removed.
const MOST_SPARE: usize = 16;
/// A segment takes at most this share of the free space.
const SHARE_OF_SPACE: u64 = 128;
const SMALLEST: u64 = 256 << 10;
/// The kept segments take at most this share of the free space.
const SHARE_KEPT: u64 = 100;

/// A segment file that recovery no longer needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Retired {
    pub(super) name: String,
    pub(super) size: u64,
    /// The segment it was last; 0 if it was never used.
    pub(super) number: u64,
    /// When its last group was checkpointed at the latest, in Unix seconds.
    pub(super) ended: i64,
}

pub(super) struct Pool {
    /// Oldest first.
    retired: VecDeque<Retired>,
    keep_for: i64,
    keep_bytes: u64,
    segment_bytes: u64,
}

impl Retired {
    pub(super) fn of(name: &str, header: &Header, ended: i64) -> Self {
        Self {
            name: name.to_owned(),
            size: header.size,
            number: header.number,
            ended,
        }
    }
}

impl Pool {
    pub(super) fn new(options: &WalOptions, free: u64, mut retired: Vec<Retired>) -> Self {
        retired.sort_unstable_by_key(|slot| slot.number);
        let by_space = (free / SHARE_OF_SPACE).max(SMALLEST);
        Self {
            retired: retired.into(),
            keep_for: seconds(options.keep_for),
            keep_bytes: options.keep_bytes.min(free / SHARE_KEPT),
            segment_bytes: options.segment_bytes.min(by_space).next_multiple_of(4096),
        }
    }

    pub(super) fn retired(&self) -> impl Iterator<Item = &Retired> {
        self.retired.iter()
    }

    pub(super) fn add(&mut self, slot: Retired) {
        self.retired.push_back(slot);
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.retired.retain(|slot| slot.name != name);
    }

    /// A file with room for `least` bytes, and its size: a recycled one, or a new one full of zeros.
    pub(super) fn take(
        &mut self,
        directory: &dyn Directory,
        least: u64,
        now: i64,
    ) -> Result<(String, Box<dyn VaultFile>, u64), WalError> {
        let spare = self.spare(now);
        if let Some(taken) = self.recycle(directory, spare, least)? {
            return Ok(taken);
        }
        let size = self.segment_bytes.max(least.next_multiple_of(4096));
        match create(directory, size) {
            // Nothing is kept at the price of refusing events.
            Err(WalError::Io(error)) if is_full(error.kind()) => self
                .recycle(directory, self.retired.len(), least)?
                .ok_or(WalError::Io(error)),
            created => created,
        }
    }

    /// Removes files that are needed neither as kept nor as spare ones.
    pub(super) fn trim(&mut self, directory: &dyn Directory, now: i64) -> Result<(), WalError> {
        let mut surplus = self.spare(now).saturating_sub(MOST_SPARE);
        while surplus > 0
            && let Some(slot) = self.retired.pop_front()
        {
            directory.remove(&slot.name)?;
            surplus -= 1;
        }
        Ok(())
    }

    /// How many of the oldest are not kept.
    fn spare(&self, now: i64) -> usize {
        let mut bytes = 0_u64;
        let kept = self.retired.iter().rev().take_while(|slot| {
            bytes = bytes.saturating_add(slot.size);
            let is_fresh = slot.ended.saturating_add(self.keep_for) > now;
            slot.number > 0 && is_fresh && bytes <= self.keep_bytes
        });
        self.retired.len() - kept.count()
    }

    fn recycle(
        &mut self,
        directory: &dyn Directory,
        oldest: usize,
        least: u64,
    ) -> Result<Option<(String, Box<dyn VaultFile>, u64)>, WalError> {
        let position = self
            .retired
            .iter()
            .take(oldest)
            .position(|slot| slot.size >= least);
        let Some(slot) = position.and_then(|position| self.retired.remove(position)) else {
            return Ok(None);
        };
        // Somebody may have removed it meanwhile; then a new one is made.
        let file = directory.open(&slot.name)?;
        Ok(file.map(|file| (slot.name, file, slot.size)))
    }
}

/// A new segment file: written with zeros, so that no later sync has to change its size or its extents.
fn create(directory: &dyn Directory, size: u64) -> Result<(String, Box<dyn VaultFile>, u64), WalError> {
    directory.remove(NEW)?;
    let mut file = directory.create(NEW)?;
    if let Err(error) = fill(&mut *file, size) {
        // The space is wanted back at once; a file that stays is removed by the next start.
        let _ = directory.remove(NEW);
        return Err(error);
    }
    let name = free_name(&directory.names()?);
    directory.rename(NEW, &name)?;
    directory.sync().map_err(WalError::Sync)?;
    Ok((name, file, size))
}

fn fill(file: &mut dyn VaultFile, size: u64) -> Result<(), WalError> {
    let zeros = vec![0; PIECE];
    let mut left = usize::try_from(size).unwrap_or(usize::MAX);
    while left > 0 {
        let count = left.min(PIECE);
        append_all(file, &zeros[..count])?;
        left -= count;
    }
    file.sync().map_err(WalError::Sync)
}

fn free_name(taken: &[String]) -> String {
    let mut names = (1_u64..).map(|number| format!("{number:08}.wal"));
    names
        .find(|name| !taken.contains(name))
        .unwrap_or_else(|| "0.wal".to_owned())
}

pub(super) fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

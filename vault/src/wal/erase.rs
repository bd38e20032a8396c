//! Removes forgotten events from the log.
//!
//! A recycled segment has records of its earlier life behind its own, so a file is searched for ids as they stand in entries,
//! whatever surrounds them, and for ids in valid records.

use std::collections::HashSet;

use memchr::memmem;

use super::{
    Wal, WalError,
    entries::read_all,
    log::Log,
    record::{self, Seal},
    recovery::group_of,
    segment,
};
use crate::{event_id::EventId, fs::VaultFile, writer::record::Group};

const ID_MARK: &[u8] = b"^oc-";
const ID_LENGTH: usize = 26;
const PIECE: usize = 1 << 20;

impl Wal {
    /// Zeroes and deletes every segment that has one of these events; says how many. Durable when it returns.
    ///
    /// # Errors
    /// `ResourceBusy` when a group has not been checkpointed yet.
    pub fn erase(&self, ids: &HashSet<EventId>) -> Result<usize, WalError> {
        if !self.groups()?.is_empty() {
            let busy = std::io::ErrorKind::ResourceBusy;
            return Err(std::io::Error::new(busy, "some groups are not in the vault yet").into());
        }
        let now = self.now();
        self.change(|log| {
            log.seal(now)?;
            log.erase(ids)
        })
    }
}

impl Log {
    fn erase(&mut self, ids: &HashSet<EventId>) -> Result<usize, WalError> {
        let slots: Vec<_> = self.pool.retired().cloned().collect();
        let mut erased = 0;
        for slot in slots {
            let Some(mut file) = self.directory.open(&slot.name)? else {
                continue;
            };
            if has_any(&read_all(&*file)?, ids) {
                zero(&mut *file)?;
                self.directory.remove(&slot.name)?;
                self.pool.remove(&slot.name);
                erased += 1;
            }
        }
        self.directory.sync().map_err(WalError::Sync)?;
        Ok(erased)
    }
}

fn zero(file: &mut dyn VaultFile) -> Result<(), WalError> {
    let zeros = vec![0; PIECE];
    let (mut at, length) = (0, file.len()?);
    while at < length {
        let count = usize::try_from(length - at).unwrap_or(usize::MAX).min(PIECE);
        file.write_at(at, &zeros[..count])?;
        at += count as u64;
    }
    file.sync().map_err(WalError::Sync)
}

fn has_any(bytes: &[u8], ids: &HashSet<EventId>) -> bool {
    let in_text = memmem::find_iter(bytes, ID_MARK).any(|at| {
        let text = bytes.get(at + ID_MARK.len()..at + ID_MARK.len() + ID_LENGTH);
        let id = text.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        id.is_some_and(|id: EventId| ids.contains(&id))
    });
    in_text
        || groups(bytes)
            .iter()
            .any(|group| group.ids().any(|id| ids.contains(&id)))
}

/// The groups of a segment's last life.
fn groups(bytes: &[u8]) -> Vec<Group> {
    let Some((header, id)) = segment::identify(bytes) else {
        return Vec::new();
    };
    let records = record::all(Seal::new(id, header.number), bytes, header.first);
    let groups = records.filter_map(|record| Group::decode(group_of(&bytes[record.payload])?.1).ok());
    groups.collect()
}

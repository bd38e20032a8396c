//! Named notes beside the log: few, small, durable when written, and never recycled.
//!
//! An entry is `u8 length of the name, name, content` in a record; records begin at sector boundaries. Each start writes the
//! file anew, behind a first record that says how many notes there are, and puts it in place whole; afterwards it is only
//! appended to. So only the last of what follows may have been cut off. Anything else that is invalid is damage: a note says
//! which vault is the right one, and must not be lost silently.

use std::collections::BTreeMap;

use super::{
    WalError,
    entries::{append_all, read_all},
    record::{HEAD, LogId, Seal},
};
use crate::fs::{Directory, VaultFile};

const NAME: &str = "notes";
const NEW: &str = "notes.tmp";
const SECTOR: usize = 512;
/// No segment has this number.
const NUMBER: u64 = u64::MAX;

pub(super) struct Notes {
    file: Option<Box<dyn VaultFile>>,
    seal: Seal,
    next: u64,
    content: BTreeMap<String, Vec<u8>>,
}

/// All notes of a log that may be damaged, as far as they can be read. Changes nothing.
pub(super) fn read(directory: &dyn Directory, id: LogId) -> Vec<(String, Vec<u8>)> {
    let Ok(Some(file)) = directory.open(NAME) else {
        return Vec::new();
    };
    let mut notes = Notes::empty(id);
    // Those before an invalid one are as they were written.
    let _ = read_all(&*file).and_then(|bytes| notes.read(&bytes));
    notes.content.into_iter().collect()
}

impl Notes {
    fn empty(id: LogId) -> Self {
        Self {
            file: None,
            seal: Seal::new(id, NUMBER),
            next: 1,
            content: BTreeMap::new(),
        }
    }

    pub(super) fn open(directory: &dyn Directory, id: LogId) -> Result<Self, WalError> {
        let mut notes = Self {
            file: directory.open(NAME)?,
            ..Self::empty(id)
        };
        let Some(file) = &notes.file else { return Ok(notes) };
        let bytes = read_all(&**file)?;
        let end = notes.read(&bytes)?;
        if notes.is_damaged(&bytes, end) {
            return Err(damaged(end));
        }
        // Also when nothing is torn: what was read may look written and not be.
        notes.write_all_again(directory)?;
        Ok(notes)
    }

    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.content.get(name).map(Vec::as_slice)
    }

    /// Keeps a note; durable when it returns.
    pub(super) fn set(
        &mut self,
        directory: &dyn Directory,
        name: &str,
        content: &[u8],
    ) -> Result<(), WalError> {
        self.content.insert(name.to_owned(), content.to_vec());
        let entry = self.entry(self.next, name, content);
        let Some(file) = &mut self.file else {
            return self.write_all_again(directory);
        };
        let appended = append_all(&mut **file, &entry).map_err(WalError::Io);
        let durable = appended.and_then(|()| file.sync().map_err(WalError::Sync));
        match &durable {
            Ok(()) => self.next += 1,
            // The entry may be there in part: the next note is written to a new file.
            Err(_) => self.file = None,
        }
        durable
    }

    /// Takes in what the file has; says where its valid entries end.
    fn read(&mut self, bytes: &[u8]) -> Result<usize, WalError> {
        let first = self.seal.read(bytes, 0).filter(|record| record.sequence == 0);
        let count = first.and_then(|record| bytes[record.payload].first_chunk().copied());
        let count = count.map(u64::from_le_bytes).ok_or_else(|| damaged(0))?;
        let mut at = SECTOR;
        while let Some(record) = self
            .seal
            .read(bytes, at)
            .filter(|record| record.sequence == self.next)
        {
            let payload = &bytes[record.payload.clone()];
            let name = payload[1..].split_at_checked(usize::from(payload[0]));
            let (name, content) = name.ok_or_else(|| damaged(at))?;
            self.content
                .insert(String::from_utf8_lossy(name).into_owned(), content.to_vec());
            self.next += 1;
            at = record.payload.end.next_multiple_of(SECTOR);
        }
        if self.next <= count {
            return Err(damaged(at));
        }
        Ok(at.min(bytes.len()))
    }

    fn write_all_again(&mut self, directory: &dyn Directory) -> Result<(), WalError> {
        let count = (self.content.len() as u64).to_le_bytes();
        let mut bytes = self.sectors(0, &count);
        for (sequence, (name, content)) in (1..).zip(&self.content) {
            bytes.extend(self.entry(sequence, name, content));
        }
        directory.remove(NEW)?;
        let mut file = directory.create(NEW)?;
        append_all(&mut *file, &bytes)?;
        file.sync().map_err(WalError::Sync)?;
        directory.rename(NEW, NAME)?;
        directory.sync().map_err(WalError::Sync)?;
        self.file = Some(file);
        self.next = self.content.len() as u64 + 1;
        Ok(())
    }

    fn entry(&self, sequence: u64, name: &str, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        self.sectors(sequence, &[&[length], name.as_bytes(), content].concat())
    }

    fn sectors(&self, sequence: u64, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity((HEAD + payload.len()).next_multiple_of(SECTOR));
        bytes.extend_from_slice(&self.seal.head(sequence, &[payload]));
        bytes.extend_from_slice(payload);
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
        bytes
    }

    /// Whether what follows the valid notes is something else than an append that was cut off.
    fn is_damaged(&self, bytes: &[u8], end: usize) -> bool {
        let rest = &bytes[end..];
        let is_torn = rest.len() % SECTOR > 0
            || rest
                .chunks(SECTOR)
                .any(|sector| sector.iter().all(|byte| *byte == 0))
            || is_cut(rest);
        !rest.is_empty() && !(is_torn && !self.has_wrong_length(rest))
            || self.seal.find_later(bytes, end, self.next).is_some()
    }

    /// Whether the record is whole but for one bit of its length.
    fn has_wrong_length(&self, rest: &[u8]) -> bool {
        let mut copy = rest.to_vec();
        copy.len() > HEAD
            && (0..32).any(|bit| {
                copy[4 + bit / 8] ^= 1 << (bit % 8);
                let found = self.seal.read(&copy, 0).is_some();
                copy[4 + bit / 8] ^= 1 << (bit % 8);
                found
            })
    }
}

fn damaged(at: usize) -> WalError {
    WalError::damaged(NAME, at as u64, "a note is not as it was written")
}

/// Whether the record reaches beyond the end of the file.
fn is_cut(rest: &[u8]) -> bool {
    let length = rest.get(4..).and_then(|rest| rest.first_chunk());
    length.is_none_or(|length| HEAD as u64 + u64::from(u32::from_le_bytes(*length)) > rest.len() as u64)
}

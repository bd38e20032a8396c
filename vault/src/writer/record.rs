//! What a group looks like in the journal. See [`Marker`] for where its entries went.
//!
//! A group's record (all numbers little-endian):
//! ```text
//! u8  version (1)         u32 number of files (a daily file again if a part of it was found elsewhere)
//! then for each file:
//!   u8 length, tenant     u8 length, folder      i16 year, u8 month, u8 day
//!   u8 present, u64 device, u64 inode, u64 length   the daily file before the append, if there was one
//!   u32 length, header    u32 number of entries
//!   16 bytes an id        u32 an entry's end       u32 length, entries
//! ```
//! The length of the file before the append is written down so that, after a power loss without a marker, what the
//! disk made of our append can be distinguished from what a user wrote.

mod marker;

pub use marker::{BootId, Marker, Place};

use std::{collections::HashSet, sync::Arc};

use jiff::civil::Date;

use crate::{entry::DailyFile, event_id::EventId, fs::FileId, source_type::SourceType};

const VERSION: u8 = 1;

/// What one sync covers: entries of many batches, gathered by daily file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Each daily file once.
    pub files: Vec<GroupFile>,
}

/// The entries of a group that go to one daily file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFile {
    /// Whose vault.
    pub tenant: Arc<str>,
    /// Which file.
    pub path: DailyFile,
    /// The file and its length before the append; `None` if there was none.
    pub before: Option<(FileId, u64)>,
    /// What the file begins with if it has to be made.
    pub header: Vec<u8>,
    /// One id an entry.
    pub ids: Vec<EventId>,
    /// Where each entry ends in `bytes`.
    pub ends: Vec<u32>,
    /// The entries, one after another.
    pub bytes: Vec<u8>,
}

/// A record or marker that does not follow the format.
#[derive(Debug, thiserror::Error)]
#[error("damaged journal: {0}")]
pub struct RecordError(&'static str);

impl GroupFile {
    /// The entries with their ids.
    pub fn entries(&self) -> impl Iterator<Item = (EventId, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .zip(&self.ids)
            .map(|((start, &end), &id)| (id, &self.bytes[start as usize..end as usize]))
    }
}

impl GroupFile {
    /// The entries whose ids are in `ids`, and the others.
    pub fn split(&self, ids: &HashSet<EventId>) -> (Self, Self) {
        let empty = Self {
            before: None,
            ids: vec![],
            ends: vec![],
            bytes: vec![],
            ..self.clone()
        };
        let (mut inside, mut outside) = (empty.clone(), empty);
        for (id, bytes) in self.entries() {
            let part = if ids.contains(&id) {
                &mut inside
            } else {
                &mut outside
            };
            part.ids.push(id);
            part.bytes.extend_from_slice(bytes);
            part.ends
                .push(u32::try_from(part.bytes.len()).unwrap_or(u32::MAX));
        }
        (inside, outside)
    }
}

impl Group {
    /// Bytes of entries.
    pub fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.bytes.len()).sum()
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = EventId> {
        self.files.iter().flat_map(|file| file.ids.iter().copied())
    }

    /// The record.
    pub fn encode(&self) -> Vec<u8> {
        let mut record = Vec::new();
        self.encode_into(&mut record);
        record
    }

    /// Puts the record in the place of whatever `record` holds.
    pub fn encode_into(&self, record: &mut Vec<u8>) {
        let ids: usize = self.files.iter().map(|file| file.ids.len()).sum();
        record.clear();
        record.reserve(self.bytes() + ids * 20 + self.files.len() * 320 + 8);
        record.push(VERSION);
        put_len(record, self.files.len());
        for file in &self.files {
            file.encode(record);
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When it does not follow the format.
    pub fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader(record);
        if reader.u8()? != VERSION {
            return Err(RecordError("unknown version of a group"));
        }
        let count = reader.u32()?;
        let mut files = Vec::new();
        for _ in 0..count {
            files.push(GroupFile::decode(&mut reader)?);
        }
        reader.finish()?;
        Ok(Self { files })
    }
}

impl GroupFile {
    fn encode(&self, record: &mut Vec<u8>) {
        put_short(record, self.tenant.as_bytes());
        put_short(record, self.path.folder.as_bytes());
        record.extend_from_slice(&self.path.date.year().to_le_bytes());
        record.push(self.path.date.month().unsigned_abs());
        record.push(self.path.date.day().unsigned_abs());
        let (file, length) = self.before.unwrap_or((FileId { dev: 0, ino: 0 }, 0));
        record.push(u8::from(self.before.is_some()));
        for number in [file.dev, file.ino, length] {
            record.extend_from_slice(&number.to_le_bytes());
        }
        put_long(record, &self.header);
        put_len(record, self.ids.len());
        for id in &self.ids {
            record.extend_from_slice(&id.0);
        }
        for end in &self.ends {
            record.extend_from_slice(&end.to_le_bytes());
        }
        put_long(record, &self.bytes);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, RecordError> {
        let tenant = Arc::from(reader.short()?);
        let folder = known_folder(reader.short()?)?;
        let year = i16::from_le_bytes(reader.array()?);
        let (month, day) = (reader.u8()?, reader.u8()?);
        let date = Date::new(year, month.cast_signed(), day.cast_signed())
            .map_err(|_| RecordError("no such day"))?;
        let present = reader.u8()? == 1;
        let file = FileId {
            dev: reader.u64()?,
            ino: reader.u64()?,
        };
        let length = reader.u64()?;
        let header = reader.long()?.to_vec();
        let count = reader.u32()? as usize;
        let ids = reader
            .take(count.saturating_mul(16))?
            .as_chunks::<16>()
            .0
            .iter()
            .map(|id| EventId(*id))
            .collect();
        let ends: Vec<u32> = reader
            .take(count.saturating_mul(4))?
            .as_chunks::<4>()
            .0
            .iter()
            .map(|end| u32::from_le_bytes(*end))
            .collect();
        let bytes = reader.long()?.to_vec();
        if !ends.is_sorted() || ends.last().copied().unwrap_or(0) as usize != bytes.len() {
            return Err(RecordError("entries do not cover their bytes"));
        }
        let path = DailyFile { folder, date };
        Ok(Self {
            tenant,
            path,
            before: present.then_some((file, length)),
            header,
            ids,
            ends,
            bytes,
        })
    }
}

fn known_folder(name: &str) -> Result<&'static str, RecordError> {
    let folders = SourceType::ALL.iter().map(|source_type| source_type.folder());
    folders
        .into_iter()
        .find(|folder| *folder == name)
        .ok_or(RecordError("unknown folder"))
}

fn put_len(record: &mut Vec<u8>, length: usize) {
    // A group is some MiB at most, see `writer`.
    record.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_short(record: &mut Vec<u8>, text: &[u8]) {
    record.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    record.extend_from_slice(text);
}

fn put_long(record: &mut Vec<u8>, bytes: &[u8]) {
    put_len(record, bytes.len());
    record.extend_from_slice(bytes);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], RecordError> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(RecordError("cut short"))?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (head, tail) = self.0.split_first_chunk().ok_or(RecordError("cut short"))?;
        self.0 = tail;
        Ok(*head)
    }

    fn u8(&mut self) -> Result<u8, RecordError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, RecordError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, RecordError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn short(&mut self) -> Result<&'a str, RecordError> {
        let length = self.u8()?.into();
        std::str::from_utf8(self.take(length)?).map_err(|_| RecordError("a name is not UTF-8"))
    }

    fn long(&mut self) -> Result<&'a [u8], RecordError> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    fn finish(&self) -> Result<(), RecordError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(RecordError("something follows the last file"))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

//! A segment: a file of fixed size with a header and records.
//!
//! A header is `8 bytes magic, 16 bytes log id, u64 number, u64 first sequence, u64 size, i64 start (Unix seconds),
//! u32 CRC32C`. There are two of them, a sector each, written in turn by one life and the next, so that a write which is cut
//! off leaves the earlier one; records follow. A header is synced along with the segment's first record.

use super::{
    WalError,
    record::{LogId, Seal},
};
use crate::fs::VaultFile;

/// Where records begin: behind the two headers.
pub(super) const FIRST_RECORD: u64 = 2 * SECTOR;
const SECTOR: u64 = 512;
const MAGIC: [u8; 8] = *b"OCWAL\0\0\x01";
const LENGTH: usize = 60;

/// The header of a segment in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) number: u64,
    /// The sequence of its first record.
    pub(super) first: u64,
    pub(super) size: u64,
    /// When it was begun, in Unix seconds.
    pub(super) started: i64,
}

/// A segment file and what its header says.
pub(super) struct Segment {
    /// Its name in the log's directory.
    pub(super) name: String,
    pub(super) header: Header,
    pub(super) file: Box<dyn VaultFile>,
}

/// A header as it was found.
#[derive(Debug, PartialEq, Eq)]
enum Reading {
    /// The file has never been used.
    Unused,
    Valid(Header, LogId),
    Invalid,
}

impl Header {
    fn encode(&self, id: LogId) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..24].copy_from_slice(&id.0);
        let numbers = [self.number, self.first, self.size, self.started.cast_unsigned()];
        for (number, field) in numbers.iter().zip(bytes[24..56].chunks_exact_mut(8)) {
            field.copy_from_slice(&number.to_le_bytes());
        }
        let sum = crc32c::crc32c(&bytes[..56]);
        bytes[56..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Reading {
        if bytes.iter().all(|byte| *byte == 0) {
            return Reading::Unused;
        }
        let sum = crc32c::crc32c(&bytes[..56]).to_le_bytes();
        if bytes[..8] != MAGIC || bytes[56..60] != sum {
            return Reading::Invalid;
        }
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[8..24]);
        let number = |at: usize| {
            bytes[at..]
                .first_chunk()
                .map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        let header = Self {
            number: number(24),
            first: number(32),
            size: number(40),
            started: number(48).cast_signed(),
        };
        Reading::Valid(header, LogId(id))
    }
}

/// What the headers of a file say.
pub(super) struct Opened {
    /// The segment of the file's last life; `None` if it was never used.
    pub(super) segment: Option<Segment>,
    /// One of the headers is not as it was written: that write was cut off, or the header is damaged.
    pub(super) is_doubtful: bool,
}

impl Segment {
    /// Puts a new header into a file; it is durable after the next sync.
    pub(super) fn begin(
        name: String,
        mut file: Box<dyn VaultFile>,
        header: Header,
        id: LogId,
    ) -> Result<Self, WalError> {
        let mut old = [0; FIRST_RECORD as usize];
        file.read_at(0, &mut old)?;
        let slot = match newest(&old) {
            Some((slot, ..)) => 1 - slot,
            None => 0,
        };
        file.write_at(slot as u64 * SECTOR, &header.encode(id))?;
        Ok(Self { name, header, file })
    }

    /// Reads the headers of a file.
    pub(super) fn open(name: &str, file: Box<dyn VaultFile>, id: LogId) -> Result<Opened, WalError> {
        let mut bytes = [0; FIRST_RECORD as usize];
        let count = file.read_at(0, &mut bytes)?;
        let damaged = |reason: &str| Err(WalError::damaged(name, 0, reason));
        if count < bytes.len() {
            return damaged("the file is cut short");
        }
        let is_doubtful = readings(&bytes).any(|reading| reading == Reading::Invalid);
        let segment = match newest(&bytes) {
            None => None,
            Some((_, _, other)) if other != id => return damaged("the segment belongs to another log"),
            Some((_, header, _)) if file.len()? < header.size => return damaged("the file is cut short"),
            Some((_, header, _)) => Some(Self {
                name: name.to_owned(),
                header,
                file,
            }),
        };
        Ok(Opened { segment, is_doubtful })
    }

    pub(super) fn seal(&self, id: LogId) -> Seal {
        Seal::new(id, self.header.number)
    }

    /// All bytes of the segment.
    pub(super) fn read_all(&self) -> Result<Vec<u8>, WalError> {
        let mut bytes = vec![0; usize::try_from(self.header.size).unwrap_or(usize::MAX)];
        let count = self.file.read_at(0, &mut bytes)?;
        if count < bytes.len() {
            return Err(WalError::damaged(
                &self.name,
                count as u64,
                "the file is cut short",
            ));
        }
        Ok(bytes)
    }

    /// Makes durable what was read of the segment, whatever happened to it before: a sync that failed leaves pages that
    /// look written and are not.
    pub(super) fn write_again(&mut self, bytes: &[u8], from: u64, to: u64) -> Result<(), WalError> {
        let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        self.file.write_at(0, &bytes[..index(FIRST_RECORD)])?;
        self.file.write_at(from, &bytes[index(from)..index(to)])?;
        self.file.sync().map_err(WalError::Sync)
    }
}

/// Both headers, as they are.
fn readings(bytes: &[u8]) -> impl Iterator<Item = Reading> {
    bytes[..FIRST_RECORD as usize]
        .chunks_exact(SECTOR as usize)
        .map(|sector| Header::decode(&sector[..LENGTH]))
}

/// The valid header with the highest number, and where it is.
fn newest(bytes: &[u8]) -> Option<(usize, Header, LogId)> {
    let valid = readings(bytes)
        .enumerate()
        .filter_map(|(slot, reading)| match reading {
            Reading::Valid(header, id) => Some((slot, header, id)),
            Reading::Unused | Reading::Invalid => None,
        });
    valid.max_by_key(|(_, header, _)| header.number)
}

/// Header and log of a segment, from its bytes; `None` if the header cannot be read.
pub(super) fn identify(bytes: &[u8]) -> Option<(Header, LogId)> {
    let (_, header, id) = newest(bytes.get(..FIRST_RECORD as usize)?)?;
    Some((header, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_and_any_flipped_bit_shows() {
        let header = Header {
            number: 5,
            first: 77,
            size: 1 << 20,
            started: 1_700_000_000,
        };
        let id = LogId([9; 16]);
        let bytes = header.encode(id);
        assert_eq!(Header::decode(&bytes), Reading::Valid(header, id));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&flipped), Reading::Invalid, "bit {bit}");
        }
        assert_eq!(Header::decode(&[0; LENGTH]), Reading::Unused);
    }
}

//! The checkpoint number: where recovery begins.
//!
//! The file has two slots, a page apart, which are written in turn, so that a write that is cut off leaves the one before:
//! `8 bytes magic, 16 bytes log id, u64 turn, u64 sequence, u64 segment, u64 offset, u8 begun, u32 CRC32C`. An older slot is
//! as good as the newer one as long as the segments from there on are left: replay finds what is done already. If they are
//! not, recovery misses a segment and refuses.

use super::{WalError, record::LogId};
use crate::fs::{Directory, VaultFile};

pub(super) const NAME: &str = "checkpoint";
const NEW: &str = "checkpoint.tmp";
const MAGIC: [u8; 8] = *b"OCCKPT\0\x01";
const SLOT: usize = 4096;
const LENGTH: usize = 61;

/// Where the first record is that is still needed, or will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) sequence: u64,
    /// The number of the segment.
    pub(super) segment: u64,
    pub(super) offset: u64,
    /// Whether that segment must exist. It need not in a new log.
    pub(super) begun: bool,
}

pub(super) struct CheckpointFile {
    file: Box<dyn VaultFile>,
    id: LogId,
    turn: u64,
    pub(super) position: Position,
}

#[derive(Debug, PartialEq, Eq)]
enum Slot {
    Unused,
    Valid(LogId, u64, Position),
    Invalid,
}

impl CheckpointFile {
    /// Creates the file of a new log, durably.
    pub(super) fn create(directory: &dyn Directory, id: LogId) -> Result<(), WalError> {
        let position = Position {
            sequence: 1,
            segment: 1,
            offset: super::segment::FIRST_RECORD,
            begun: false,
        };
        let mut bytes = vec![0; 2 * SLOT];
        bytes[..LENGTH].copy_from_slice(&encode(id, 0, position));
        directory.remove(NEW)?;
        let mut file = directory.create(NEW)?;
        super::entries::append_all(&mut *file, &bytes)?;
        file.sync().map_err(WalError::Sync)?;
        directory.rename(NEW, NAME)?;
        directory.sync().map_err(WalError::Sync)
    }

    /// Opens the file; `None` if there is none. Says which log it belongs to.
    pub(super) fn open(directory: &dyn Directory) -> Result<Option<(Self, LogId)>, WalError> {
        let Some(file) = directory.open(NAME)? else {
            return Ok(None);
        };
        let mut bytes = vec![0; 2 * SLOT];
        if file.read_at(0, &mut bytes)? < bytes.len() {
            return Err(WalError::damaged(NAME, 0, "the file is cut short"));
        }
        let mut valid: Vec<(LogId, u64, Position)> = Vec::new();
        for slot in bytes.chunks_exact(SLOT) {
            match decode(slot) {
                Slot::Valid(id, turn, position) => valid.push((id, turn, position)),
                Slot::Unused => {}
                Slot::Invalid => tracing::warn!("a slot of the checkpoint number is not as it was written"),
            }
        }
        valid.sort_unstable_by_key(|(_, turn, _)| *turn);
        let Some((id, turn, position)) = valid.pop() else {
            return Err(WalError::damaged(NAME, 0, "no slot is as it was written"));
        };
        let file = Self {
            file,
            id,
            turn,
            position,
        };
        Ok(Some((file, id)))
    }

    /// Moves the checkpoint number; durable when it returns.
    pub(super) fn write(&mut self, position: Position) -> Result<(), WalError> {
        let turn = self.turn + 1;
        let offset = turn % 2 * SLOT as u64;
        self.file.write_at(offset, &encode(self.id, turn, position))?;
        self.file.sync().map_err(WalError::Sync)?;
        (self.turn, self.position) = (turn, position);
        Ok(())
    }
}

fn encode(id: LogId, turn: u64, position: Position) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..24].copy_from_slice(&id.0);
    let numbers = [turn, position.sequence, position.segment, position.offset];
    for (number, field) in numbers.iter().zip(bytes[24..56].chunks_exact_mut(8)) {
        field.copy_from_slice(&number.to_le_bytes());
    }
    bytes[56] = u8::from(position.begun);
    let sum = crc32c::crc32c(&bytes[..57]);
    bytes[57..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Slot {
    let bytes = &bytes[..LENGTH];
    if bytes.iter().all(|byte| *byte == 0) {
        return Slot::Unused;
    }
    if bytes[..8] != MAGIC || bytes[57..] != crc32c::crc32c(&bytes[..57]).to_le_bytes() {
        return Slot::Invalid;
    }
    let number = |at: usize| {
        bytes[at..]
            .first_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let mut id = [0; 16];
    id.copy_from_slice(&bytes[8..24]);
    let position = Position {
        sequence: number(32),
        segment: number(40),
        offset: number(48),
        begun: bytes[56] == 1,
    };
    Slot::Valid(LogId(id), number(24), position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_comes_back_and_any_flipped_bit_shows() {
        let position = Position {
            sequence: 9,
            segment: 2,
            offset: 512,
            begun: true,
        };
        let id = LogId([3; 16]);
        let bytes = encode(id, 4, position);
        assert_eq!(decode(&bytes), Slot::Valid(id, 4, position));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&flipped), Slot::Invalid, "bit {bit}");
        }
        assert_eq!(decode(&[0; LENGTH]), Slot::Unused);
    }
}

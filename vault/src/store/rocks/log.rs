//! A look at the write-ahead logs before RocksDB reads them, because it cannot tell damage from their end.
//!
//! A loss of power leaves an unfinished record at the end of a log, which RocksDB overlooks. It takes a record whose
//! *length* has a flipped bit for the same, if that reaches beyond the end, and would drop it and all that follow
//! without a word. But of such a record all bytes are there: for some shorter length the checksum is right. That is
//! refused. So is every other record that does not fit its checksum: a flipped bit in its *kind* may make it one of a
//! recycled log, at which RocksDB would stop as if it were the end. And a disk may have given the log its full length but
//! zeros for content, which RocksDB refuses as damage; those are cut off.
//!
//! A log is blocks of 32 KiB. A record is `u32` masked CRC-32C of kind and content, `u16` length, `u8` kind, content; it
//! never spans two blocks. Fewer than 7 bytes at the end of a block are left empty.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

use rustix::fs::{FlockOperation, fcntl_lock};

use crate::store::StoreError;

const BLOCK: usize = 32 << 10;
const HEAD: usize = 7;
/// What a disk writes at once.
const SECTOR: usize = 512;

/// What a block has.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing that RocksDB would not judge well.
    Fine,
    /// From here on zeros stand in the place of a record.
    Zeroed(usize),
    /// The record that begins here is not as it was written.
    Damaged(usize),
}

/// Cuts zeros from the end of the logs of a database, and refuses what RocksDB would silently drop. The logs of a database
/// that another process holds are its own affair.
///
/// # Errors
/// `InvalidData` when a log is damaged; others when it cannot be read or cut.
pub(super) fn check(db: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(db)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let (verdict, offset) = judge_log(&path)?;
        match verdict {
            Verdict::Fine => {}
            _ if is_held(db) => return Ok(()),
            Verdict::Zeroed(at) => cut(&path, offset + at as u64)?,
            Verdict::Damaged(at) => return Err(damaged(&path, offset + at as u64)),
        }
    }
    Ok(())
}

/// What is to be done about a log, and where the block begins of which that is said.
fn judge_log(path: &Path) -> io::Result<(Verdict, u64)> {
    let mut log = File::open(path)?;
    let length = log.metadata()?.len();
    let (mut offset, mut block) = (0, Vec::with_capacity(BLOCK));
    while offset < length {
        block.clear();
        log.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        if block.is_empty() {
            // Another process, whose log it is, has removed and cut it meanwhile.
            break;
        }
        match judge(&block) {
            Verdict::Fine => offset += block.len() as u64,
            // RocksDB refuses it: a loss of power does not leave records behind zeros.
            Verdict::Zeroed(_) if !zeros_follow(&mut log)? => return Ok((Verdict::Fine, offset)),
            verdict => return Ok((verdict, offset)),
        }
    }
    Ok((Verdict::Fine, offset))
}

/// Whether another process has the database open: RocksDB locks this file.
fn is_held(db: &Path) -> bool {
    let Ok(lock) = OpenOptions::new().write(true).open(db.join("LOCK")) else {
        return false;
    };
    fcntl_lock(lock, FlockOperation::NonBlockingLockExclusive).is_err()
}

fn judge(block: &[u8]) -> Verdict {
    let mut at = 0;
    while let Some(head) = block.get(at..at + HEAD) {
        let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
        let wanted = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let end = at + HEAD + length;
        match block.get(at + 6..end) {
            Some(sealed) if masked(sealed.iter().fold(!0, step)) == wanted => at = end,
            _ if is_zeroed(block, at, end) => return Verdict::Zeroed(at),
            Some(_) => return Verdict::Damaged(at),
            None if is_whole(&block[at + 6..], wanted) => return Verdict::Damaged(at),
            _ => return Verdict::Fine,
        }
    }
    Verdict::Fine
}

/// Whether for any length the checksum is right.
fn is_whole(sealed: &[u8], wanted: u32) -> bool {
    let mut sum = !0;
    sealed.iter().any(|byte| {
        sum = step(sum, byte);
        masked(sum) == wanted
    })
}

/// Whether whole sectors of zeros up to the end of the block take the place of a record, or of some of it.
fn is_zeroed(block: &[u8], at: usize, end: usize) -> bool {
    let used = block
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    used <= at || used.next_multiple_of(SECTOR) < end.min(block.len())
}

/// Whether the rest of the file is zeros.
fn zeros_follow(log: &mut File) -> io::Result<bool> {
    let mut rest = Vec::new();
    log.read_to_end(&mut rest)?;
    Ok(rest.iter().all(|byte| *byte == 0))
}

fn cut(path: &Path, length: u64) -> io::Result<()> {
    tracing::warn!(log = %path.display(), length, "zeros cut off the end of the log, as after a loss of power");
    let log = OpenOptions::new().write(true).open(path)?;
    log.set_len(length)?;
    log.sync_all()
}

fn damaged(path: &Path, offset: u64) -> StoreError {
    StoreError {
        message: format!(
            "{} is damaged at byte {offset}: the record is not as it was written",
            path.display()
        ),
        kind: io::ErrorKind::InvalidData,
    }
}

/// One more byte of a CRC-32C.
fn step(sum: u32, byte: &u8) -> u32 {
    TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)] ^ (sum >> 8)
}

/// RocksDB writes checksums so, because checksums of checksums are weak.
fn masked(sum: u32) -> u32 {
    (!sum).rotate_right(15).wrapping_add(0xa282_ead8)
}

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0_u32; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0x82f6_3b78
            } else {
                sum >> 1
            };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn record(content: &[u8]) -> Vec<u8> {
        let sealed = [&[1], content].concat();
        let sum = masked(sealed.iter().fold(!0, step));
        let length = u16::try_from(content.len()).unwrap();
        [&sum.to_le_bytes()[..], &length.to_le_bytes(), &sealed].concat()
    }

    fn block() -> Vec<u8> {
        [record(b"one"), record(&[b'x'; 900]), record(b"three")].concat()
    }

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(!b"123456789".iter().fold(!0, step), 0xe306_9283);
    }

    #[test]
    fn a_whole_log_and_one_that_ends_anywhere_are_fine() {
        let block = block();
        for end in 0..=block.len() {
            assert_eq!(judge(&block[..end]), Verdict::Fine, "{end}");
        }
    }

    #[test]
    fn a_length_that_reaches_beyond_the_end_is_damage() {
        for at in [0, 10, 917] {
            let mut block = block();
            block[at + 5] ^= 0x40;
            assert_eq!(judge(&block), Verdict::Damaged(at));
        }
    }

    #[test]
    fn zeros_in_the_place_of_a_record_are_told_from_a_wrong_byte() {
        let mut zeroed = block();
        zeroed[512..].fill(0);
        assert_eq!(judge(&zeroed), Verdict::Zeroed(10));
        let mut wrong = block();
        wrong[600] ^= 1;
        assert_eq!(judge(&wrong), Verdict::Damaged(10));
        let mut recycled = block();
        recycled[6] = 5;
        assert_eq!(judge(&recycled), Verdict::Damaged(0));
    }

    #[test]
    fn zeros_are_cut_from_a_file_and_damage_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("000004.log");
        let first = record(&vec![b'y'; BLOCK - HEAD]);
        let cases = [
            ([block(), vec![0; 5_000]].concat(), Some(block().len())),
            ([first.clone(), vec![0; 2 * BLOCK]].concat(), Some(BLOCK)),
            ([first, block()].concat(), Some(BLOCK + block().len())),
        ];
        for (content, left) in cases {
            fs::write(&path, content).unwrap();
            check(home.path()).unwrap();
            assert_eq!(
                fs::metadata(&path).ok().map(|found| found.len()),
                left.map(|left| left as u64)
            );
        }
        let mut damaged = block();
        damaged[5] = 0x7f;
        fs::write(&path, &damaged).unwrap();
        assert_eq!(check(home.path()).unwrap_err().kind, io::ErrorKind::InvalidData);
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
}

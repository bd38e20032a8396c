//! A segment's file.
//!
//! ```text
//! magic   8 bytes  "OCSPOOL1"
//! frame*
//! frame = length u32 LE | CRC-32 (IEEE) of the payload u32 LE | payload
//! first payload: openclone.v1.Batch without events and timestamp
//! other payloads: openclone.v1.Event, raw_ref set
//! ```
//!
//! Reading stops at the first frame that is cut off or whose checksum is wrong. If whole frames follow behind it, it was
//! not a write that a crash interrupted: the segment is damaged.

use std::{
    fs::{self, File},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use crate::sdk::state::{private, sync_directory};

pub(super) const MAGIC: &[u8; 8] = b"OCSPOOL1";
/// Bytes around a payload.
pub(super) const FRAME: u64 = 8;
/// No payload is larger; a length beyond it is damage.
pub(super) const MAX_PAYLOAD: usize = 8 << 20;

/// What a segment holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bytes up to the end of the last frame before any damage.
    pub(super) length: u64,
    pub(super) events: u64,
    /// Whether whole frames follow behind what cannot be read.
    pub(super) is_damaged: bool,
}

/// Writes at the end of a segment.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    frame: Vec<u8>,
    /// Bytes of whole frames.
    pub(super) length: u64,
    /// Whether a part of a frame could not be taken back: nothing may follow it.
    pub(super) is_broken: bool,
    is_dirty: bool,
}

impl Writer {
    /// Makes a segment with its header; leaves nothing behind if it cannot.
    pub(super) fn create(path: &Path, header: &[u8]) -> io::Result<Self> {
        let mut writer = Self {
            file: private().truncate(true).open(path)?,
            frame: Vec::new(),
            length: 0,
            is_broken: false,
            is_dirty: true,
        };
        let begun = writer.file.write_all(MAGIC).and_then(|()| {
            writer.length = MAGIC.len() as u64;
            writer.append(header)
        });
        if begun.is_err() {
            let _ = fs::remove_file(path);
        }
        begun.map(|()| writer)
    }

    /// Adds a frame in one write; takes back what a failed one has left.
    pub(super) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "too long for a frame");
        let length = u32::try_from(payload.len()).map_err(|_| too_long())?;
        self.frame.clear();
        self.frame.extend_from_slice(&length.to_le_bytes());
        self.frame
            .extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
        self.frame.extend_from_slice(payload);
        if let Err(error) = self.file.write_all(&self.frame) {
            let undone = self.file.set_len(self.length);
            let undone = undone.and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            self.is_broken = undone.is_err();
            return Err(error);
        }
        self.length += FRAME + u64::from(length);
        self.is_dirty = true;
        Ok(())
    }

    /// The file, if it is not durable since the last call.
    pub(super) fn unsynced(&mut self) -> io::Result<Option<File>> {
        if !std::mem::take(&mut self.is_dirty) {
            return Ok(None);
        }
        self.file.try_clone().map(Some)
    }

    /// The file, if it is not durable.
    pub(super) fn into_unsynced(self) -> Option<File> {
        self.is_dirty.then_some(self.file)
    }
}

pub(super) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:016}.seg"))
}

/// The numbers of all segments, oldest first.
pub(super) fn list(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let stem = name
            .to_str()
            .and_then(|name| name.strip_suffix(".seg"))
            .filter(|stem| stem.len() == 16);
        numbers.extend(stem.and_then(|stem| stem.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Counts what a segment holds.
pub(super) fn scan(path: &Path) -> io::Result<Scan> {
    let bytes = fs::read(path)?;
    Ok(scan_bytes(&bytes))
}

fn scan_bytes(bytes: &[u8]) -> Scan {
    let mut at = MAGIC.len();
    let mut frames: u64 = 0;
    if !bytes.starts_with(MAGIC) {
        // Nothing in it can be trusted to be what it looks like.
        return Scan {
            length: 0,
            events: 0,
            is_damaged: has_frame(bytes, 0),
        };
    }
    while let Some(payload) = frame(bytes, at) {
        at += 8 + payload.len();
        frames += 1;
    }
    Scan {
        length: at as u64,
        events: frames.saturating_sub(1),
        is_damaged: at < bytes.len() && has_frame(bytes, at + 1),
    }
}

/// The payload of the whole frame at `at`. None is empty: zeros, which a power loss leaves behind, would look like it.
pub(super) fn frame(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let length = usize::try_from(number(at)?)
        .ok()
        .filter(|length| (1..=MAX_PAYLOAD).contains(length))?;
    let payload = bytes.get(at + 8..at + 8 + length)?;
    (crc32fast::hash(payload) == number(at + 4)?).then_some(payload)
}

/// Whether a whole frame begins at or behind `from`.
fn has_frame(bytes: &[u8], from: usize) -> bool {
    (from..bytes.len()).any(|at| frame(bytes, at).is_some())
}

/// Copies a segment into `directory`, for its owner alone, under a name that nothing has there.
pub(super) fn copy(from: &Path, directory: &Path) -> io::Result<PathBuf> {
    let stem = from.file_stem().unwrap_or_default().to_string_lossy();
    let mut target = directory.join(format!("{stem}.seg"));
    let mut number = 2;
    // The numbers of segments begin again when a spool has been empty.
    while target.exists() {
        target = directory.join(format!("{stem}-{number}.seg"));
        number += 1;
    }
    let mut source = File::open(from)?;
    let mut file = private().truncate(true).open(&target)?;
    io::copy(&mut source, &mut file)?;
    file.sync_all()?;
    sync_directory(&target)?;
    Ok(target)
}

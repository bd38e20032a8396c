//! An open file of a vault.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, MetadataExt},
};

use rustix::fs::{FileType, OFlags, Stat, fcntl_getfl, fcntl_setfl};

use super::{super::obstacle::Obstacle, durable};
use crate::fs::{Appended, FileId, VaultFile};

/// A regular file. A daily file that may be written is opened with `O_APPEND`, the service's own files are not.
pub(super) struct RealFile {
    file: File,
    id: FileId,
    flags: OFlags,
}

impl RealFile {
    /// Takes a descriptor, whatever it turned out to lead to.
    ///
    /// # Errors
    /// When that is no regular file; `path` then goes into the message.
    pub(super) fn new(file: File, path: &str) -> io::Result<Self> {
        let stat = rustix::fs::fstat(&file)?;
        if let Some(obstacle) = obstacle(&stat) {
            return Err(obstacle.error(path));
        }
        let (id, flags) = (file_id(&stat), fcntl_getfl(&file)?);
        Ok(Self { file, id, flags })
    }

    /// Reads all of it, if that is no more than `limit` bytes.
    pub(super) fn read_up_to(&self, limit: u64) -> io::Result<Option<Vec<u8>>> {
        // Room for all of it, or it would be read in small pieces.
        let mut content = Vec::with_capacity(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1));
        (&self.file).take(limit + 1).read_to_end(&mut content)?;
        Ok((content.len() as u64 <= limit).then_some(content))
    }
}

impl VaultFile for RealFile {
    fn id(&self) -> FileId {
        self.id
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.size())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<Appended> {
        if bytes.is_empty() {
            let offset = self.len()?;
            return Ok(Appended { offset, written: 0 });
        }
        if !self.flags.contains(OFlags::APPEND) {
            self.file.seek(SeekFrom::End(0))?;
        }
        let written = uninterrupted(|| self.file.write(bytes))?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        // With O_APPEND the position after a write is the end of what was written.
        let offset = self.file.stream_position()? - written as u64;
        Ok(Appended { offset, written })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let rest = &mut buffer[filled..];
            let count = uninterrupted(|| self.file.read_at(rest, offset + filled as u64))?;
            if count == 0 {
                break;
            }
            filled += count;
        }
        Ok(filled)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if offset.saturating_add(bytes.len() as u64) > self.len()? {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "overwriting beyond the end of a file",
            ));
        }
        if !self.flags.contains(OFlags::APPEND) {
            return self.file.write_all_at(bytes, offset);
        }
        // Linux appends even at an offset as long as O_APPEND is set.
        fcntl_setfl(&self.file, self.flags.difference(OFlags::APPEND))?;
        let outcome = self.file.write_all_at(bytes, offset);
        fcntl_setfl(&self.file, self.flags)?;
        outcome
    }

    fn begin_writeback(&self, offset: u64, length: u64) {
        durable::begin_writeback(&self.file, offset, length);
    }

    fn sync(&self) -> io::Result<()> {
        durable::sync_file(&self.file)
    }
}

/// What keeps something from being a file of ours.
pub(super) fn obstacle(stat: &Stat) -> Option<Obstacle> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => None,
        FileType::Symlink => Some(Obstacle::SymbolicLink),
        FileType::Directory => Some(Obstacle::Directory),
        FileType::Fifo => Some(Obstacle::Fifo),
        _ => Some(Obstacle::Special),
    }
}

/// Device and inode, as wide as the widest system has them.
#[allow(clippy::unnecessary_cast)]
pub(super) fn file_id(stat: &Stat) -> FileId {
    FileId {
        dev: stat.st_dev as u64,
        ino: stat.st_ino as u64,
    }
}

fn uninterrupted(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

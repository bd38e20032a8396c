//! An open file on the simulated disk.

use std::io;

use rustix::io::Errno;

use super::{Area, SimProcess, tree::Ino};
use crate::fs::{Appended, FileId, VaultFile};

/// The device number of the simulated disk.
const DEVICE: u64 = 1;

/// A regular file; it lives on without its name.
pub(super) struct SimFile {
    process: SimProcess,
    ino: Ino,
    path: String,
    area: Area,
    writable: bool,
}

impl SimFile {
    pub(super) fn new(process: SimProcess, ino: Ino, path: String, area: Area, writable: bool) -> Self {
        Self {
            process,
            ino,
            path,
            area,
            writable,
        }
    }

    fn write(&mut self, offset: Option<usize>, bytes: &[u8]) -> io::Result<(usize, usize)> {
        match self.writable {
            true => self.process.write(self.ino, &self.path, offset, bytes),
            false => Err(Errno::BADF.into()),
        }
    }
}

impl VaultFile for SimFile {
    fn id(&self) -> FileId {
        file_id(self.ino)
    }

    fn len(&self) -> io::Result<u64> {
        let machine = self.process.look(self.area)?;
        Ok(machine.tree.content(self.ino)?.bytes().len() as u64)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<Appended> {
        if bytes.is_empty() {
            let offset = self.len()?;
            return Ok(Appended { offset, written: 0 });
        }
        let (offset, written) = self.write(None, bytes)?;
        let offset = offset as u64;
        Ok(Appended { offset, written })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut machine = self.process.look(self.area)?;
        let bytes = machine.tree.content(self.ino)?.bytes();
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let count = buffer.len().min(bytes.len() - start);
        buffer[..count].copy_from_slice(&bytes[start..start + count]);
        if self.area == Area::Vaults {
            machine.bytes_read += count as u64;
        }
        Ok(count)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if offset.saturating_add(bytes.len() as u64) > self.len()? {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "overwriting beyond the end of a file",
            ));
        }
        let offset = usize::try_from(offset).map_err(|_| Errno::FBIG)?;
        self.write(Some(offset), bytes).map(|_| ())
    }

    fn sync(&self) -> io::Result<()> {
        self.process.sync(self.ino, &self.path)
    }
}

pub(super) fn file_id(ino: Ino) -> FileId {
    FileId { dev: DEVICE, ino }
}

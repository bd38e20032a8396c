//! A file system that does not sync segments: the tests of power losses must notice.

use std::{io, panic::catch_unwind, path::Path, sync::Arc};

use super::{groups, options, record};
use crate::{
    fs::{
        Appended, Directory, FileId, Space, VaultFile, VaultFs, VaultRoot,
        sim::{SimDisk, SimProcess},
    },
    wal::Wal,
};

#[derive(Debug)]
struct Lying(SimProcess);

struct LyingDirectory(Box<dyn Directory>);

struct LyingFile(Box<dyn VaultFile>);

impl VaultFs for Lying {
    fn open_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>> {
        self.0.open_root(root)
    }

    fn create_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>> {
        self.0.create_root(root)
    }

    fn open_directory(&self, path: &Path) -> io::Result<Option<Box<dyn Directory>>> {
        let opened = self.0.open_directory(path)?;
        Ok(opened.map(|directory| Box::new(LyingDirectory(directory)) as _))
    }

    fn create_directory(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        Ok(Box::new(LyingDirectory(self.0.create_directory(path)?)))
    }
}

impl Directory for LyingDirectory {
    fn lock(&self) -> io::Result<()> {
        self.0.lock()
    }

    fn space(&self) -> io::Result<Space> {
        self.0.space()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }

    fn open(&self, name: &str) -> io::Result<Option<Box<dyn VaultFile>>> {
        self.0.open(name)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn VaultFile>> {
        let file = self.0.create(name)?;
        Ok(match name {
            "segment.tmp" => Box::new(LyingFile(file)),
            _ => file,
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

impl VaultFile for LyingFile {
    fn id(&self) -> FileId {
        self.0.id()
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<Appended> {
        self.0.append(bytes)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether what was written survives a power loss, or the log at least says that it does not.
fn survives(seed: u64, lying: bool) -> bool {
    let disk = SimDisk::new(seed);
    let process = disk.process();
    let fs: Arc<dyn VaultFs> = match lying {
        true => Arc::new(Lying(process)),
        false => Arc::new(process),
    };
    let wal = Wal::open_at(fs, options(), || 1).unwrap();
    for seq in 1..=4 {
        wal.write_group(seq, &record(seq)).unwrap();
    }
    disk.power_loss(seed);
    catch_unwind(|| super::open(&disk).is_ok_and(|wal| groups(&wal) == [1, 2, 3, 4])).unwrap_or(false)
}

#[test]
fn a_segment_that_is_not_synced_is_noticed() {
    assert!((0..50).all(|seed| survives(seed, false)));
    let lost = (0..50).filter(|seed| !survives(*seed, true)).count();
    assert!(lost > 10, "{lost} of 50");
}

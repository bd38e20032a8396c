//! A file beside the database, for what can be computed from its ids: it stands only while nothing has been written since.
//!
//! # Protocol
//!
//! 1. *Keep*: a random number that was never there goes into the database, and the log is synced. Then the content goes to
//!    `filter.new`, between the database's [`Moment`] and the BLAKE3 of both; it is synced, renamed to `filter`, and the
//!    directory is synced.
//! 2. *Withdraw*: before anything is written to the database, the file is removed and the directory synced.
//! 3. *Take*: the file is opened and withdrawn, so it serves once. It is believed if its moment is the database's. Its content
//!    is read from the open descriptor, and at its end the checksum is compared.
//!
//! # Invariants
//!
//! - A file whose moment is that of the database was kept when the database held what it holds now, because 2 comes before
//!   each write: journal, markers, notes, and ids that come to rest, whoever moves them.
//! - That holds for a copy of the directory, and for one that was put back: what is in it was kept at its moment, and a file
//!   that comes from another time of the same database, or of a copy that has gone on by itself, has another random number.
//! - The moment has the number of the last write too, for who writes without knowing the file. Sorted files that are ingested
//!   do not always move it: such a program should remove the file.
//! - A file of another database is never believed: a rebuilt one has another identity.
//! - What is cut off leaves no file, or `filter.new`, which nobody reads, or a complete file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use blake3::Hasher;
use rocksdb::DB;

use super::hold::identity;
use crate::store::{Kept, StoreError};

const NAME: &str = "filter";
const UNFINISHED: &str = "filter.new";
/// Changes with the layout of this file.
const FORMAT: &[u8] = b"openclone kept 2";
const HASH: usize = 32;
const BUFFER: usize = 1 << 20;

/// What a database holds, told by its identity, the number of its last write, and the random number of the last keeping.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment([u8; HASH]);

impl Moment {
    pub(super) fn of(db: &DB, nonce: &[u8]) -> Result<Self, StoreError> {
        let mut hasher = Hasher::new();
        hasher.update(FORMAT);
        hasher.update(&db.latest_sequence_number().to_le_bytes());
        hasher.update(nonce);
        hasher.update(&identity(db)?);
        Ok(Self(*hasher.finalize().as_bytes()))
    }
}

/// The file, which may be there or not.
pub(super) struct KeptFile {
    directory: PathBuf,
    stands: AtomicBool,
    removing: Mutex<()>,
}

impl KeptFile {
    /// That of the database in `directory`.
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            stands: AtomicBool::new(fs::symlink_metadata(directory.join(NAME)).is_ok()),
            removing: Mutex::new(()),
        }
    }

    /// Removes what a keeping that was cut off has left: as many bytes as a whole filter.
    pub(super) fn tidy(&self) {
        match fs::remove_file(self.directory.join(UNFINISHED)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "{UNFINISHED} in the database directory cannot be removed");
            }
            _ => {}
        }
    }

    /// Writes it anew.
    pub(super) fn keep(
        &self,
        moment: Moment,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let unfinished = self.directory.join(UNFINISHED);
        let kept = write_new(&unfinished, moment, write).and_then(|()| {
            self.stands.store(true, Ordering::Release);
            fs::rename(&unfinished, self.directory.join(NAME))?;
            self.sync()
        });
        if kept.is_err() {
            // What cannot be removed now is written over the next time.
            let _ = fs::remove_file(&unfinished);
        }
        kept
    }

    /// Removes it; returns when it is gone for good.
    pub(super) fn withdraw(&self) -> io::Result<()> {
        if !self.stands.load(Ordering::Acquire) {
            return Ok(());
        }
        // Who writes to the database at the same time waits until it is gone.
        let _removing = self.removing.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::remove_file(self.directory.join(NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => self.sync()?,
        }
        self.stands.store(false, Ordering::Release);
        Ok(())
    }

    /// Withdraws it, and gives its content if it is of this moment.
    pub(super) fn take(&self, now: Moment) -> io::Result<Option<Kept>> {
        if !self.stands.load(Ordering::Acquire) {
            return Ok(None);
        }
        let content = Content::open(&self.directory.join(NAME), now);
        self.withdraw()?;
        match content {
            Ok(content) => Ok(content.map(|content| Box::new(content) as Kept)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

fn write_new(
    path: &Path,
    moment: Moment,
    write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    let mut hashed = Hashed {
        file,
        hasher: Hasher::new(),
    };
    hashed.write_all(&moment.0)?;
    let mut content = BufWriter::with_capacity(BUFFER, hashed);
    write(&mut content)?;
    let Hashed { mut file, hasher } = content.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.write_all(hasher.finalize().as_bytes())?;
    file.sync_all()
}

/// Hashes what it writes.
struct Hashed {
    file: File,
    hasher: Hasher,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What is between moment and checksum, and at its end an error if that is wrong.
struct Content {
    file: File,
    hasher: Hasher,
    left: u64,
    checksum: [u8; HASH],
}

impl Content {
    /// `None`: of another moment, or no such file at all.
    fn open(path: &Path, now: Moment) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let Some(left) = length.checked_sub(2 * HASH as u64) else {
            return Ok(None);
        };
        let (mut moment, mut checksum) = ([0; HASH], [0; HASH]);
        file.read_exact(&mut moment)?;
        file.read_exact_at(&mut checksum, length - HASH as u64)?;
        let mut hasher = Hasher::new();
        hasher.update(&moment);
        Ok((moment == now.0).then_some(Self {
            file,
            hasher,
            left,
            checksum,
        }))
    }

    fn end(&self) -> io::Result<usize> {
        if self.hasher.finalize() == self.checksum {
            return Ok(0);
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not what was kept",
        ))
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return self.end();
        }
        let wanted = usize::try_from(self.left).map_or(into.len(), |left| left.min(into.len()));
        let count = self.file.read(&mut into[..wanted])?;
        if count == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.hasher.update(&into[..count]);
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

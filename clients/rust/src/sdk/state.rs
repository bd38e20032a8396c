//! The state directory: made for its owner alone, used by one process at a time.
//!
//! ```text
//! lock           locked for as long as a client is open
//! owners/        the process that has it open
//! spool/         what is not sent yet
//! dead-letter/   what the server rejected, and damaged segments
//! ```

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{error::Error, owner};

/// The state directory, locked for as long as the value lives.
#[derive(Debug)]
pub(super) struct StateDir {
    pub(super) path: PathBuf,
    lock: File,
    owner: PathBuf,
}

impl StateDir {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let owners = path.join("owners");
        for directory in [path, &owners, &path.join("spool"), &path.join("dead-letter")] {
            let directory = directory.to_path_buf();
            make_directory(&directory).map_err(|source| spool_error(&directory, source))?;
        }
        let lock_path = path.join("lock");
        let lock = private()
            .truncate(false)
            .open(&lock_path)
            .map_err(|source| spool_error(&lock_path, source))?;
        let locked = || Error::SpoolLocked {
            path: path.to_owned(),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked()),
            Err(TryLockError::Error(source)) => return Err(spool_error(&lock_path, source)),
        }
        let owner = owner::claim(&owners).map_err(|source| spool_error(&owners, source))?;
        Ok(Self {
            path: path.to_owned(),
            lock,
            owner: owner.ok_or_else(locked)?,
        })
    }

    /// Lets another client have it.
    pub(super) fn unlock(&self) {
        // Before the lock: whoever takes it next must not find a living owner. A file that stays names a process that will
        // not be alive for long.
        let _ = fs::remove_file(&self.owner);
        // Fails only for a file that is not locked.
        let _ = self.lock.unlock();
    }

    pub(super) fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }

    pub(super) fn dead_letter(&self) -> PathBuf {
        self.path.join("dead-letter")
    }

    /// Where the queue of one of several source types is. Made if it is missing.
    pub(super) fn spool_of(&self, source_type: &str) -> Result<PathBuf, Error> {
        let dir = self.path.join(format!("spool-{source_type}"));
        make_directory(&dir).map_err(|source| spool_error(&dir, source))?;
        Ok(dir)
    }

    /// Names of source types that have a queue of their own, of whatever client.
    pub(super) fn queues(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                entry
                    .file_name()
                    .to_str()?
                    .strip_prefix("spool-")
                    .map(str::to_owned)
            })
            .collect()
    }
}

/// Options of a file that only its owner may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Writes a file that is either whole or not there, also after a power loss.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = private().truncate(true).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    sync_directory(path)
}

/// Makes a file's name durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        File::open(parent)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

pub(super) fn spool_error(path: &Path, source: io::Error) -> Error {
    Error::SpoolError {
        path: path.to_owned(),
        source,
    }
}

pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/state");
        let state = StateDir::open(&path).unwrap();
        assert!(matches!(StateDir::open(&path), Err(Error::SpoolLocked { .. })));
        state.spool_of("notes").unwrap();
        assert_eq!(state.queues(), ["notes"]);
        state.unlock();
        StateDir::open(&path).unwrap();
    }
}

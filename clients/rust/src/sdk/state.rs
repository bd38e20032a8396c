//! The state directory: made for its owner alone, used by one process at a time.
//!
//! ```text
//! device-id      a UUID v4, made once
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

use uuid::Uuid;

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

    /// The device's id; makes it when there is none, or none that the service would take.
    pub(super) fn device_id(&self) -> Result<String, Error> {
        let path = self.path.join("device-id");
        if let Ok(text) = fs::read_to_string(&path) {
            let known = Uuid::parse_str(text.trim())
                .ok()
                .filter(|id| id.get_version_num() == 4);
            if let Some(id) = known {
                return Ok(id.to_string());
            }
        }
        let id = Uuid::new_v4().to_string();
        write_whole(&path, format!("{id}\n").as_bytes()).map_err(|source| spool_error(&path, source))?;
        Ok(id)
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

fn make_directory(path: &Path) -> io::Result<()> {
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
    fn the_device_stays_the_same_and_a_broken_file_is_made_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/state");
        let state = StateDir::open(&path).unwrap();
        let id = state.device_id().unwrap();
        assert_eq!(state.device_id().unwrap(), id);
        assert!(matches!(StateDir::open(&path), Err(Error::SpoolLocked { .. })));
        state.unlock();
        let state = StateDir::open(&path).unwrap();
        assert_eq!(state.device_id().unwrap(), id);
        fs::write(path.join("device-id"), "nonsense").unwrap();
        let other = state.device_id().unwrap();
        assert_ne!(other, id);
        assert_eq!(state.device_id().unwrap(), other);
    }
}

//! An open directory of the service's own files.

use std::{
    ffi::OsStr,
    fmt,
    fs::File,
    io,
    os::{fd::AsFd, fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{
        AtFlags, CWD, Dir, FlockOperation, Mode, OFlags, StatVfsMountFlags, flock, fstatvfs, openat,
        renameat, unlinkat,
    },
    io::{Errno, retry_on_intr},
};

use super::{confine, durable, file::RealFile};
use crate::fs::{Directory, Space, VaultFile, obstacle::with_context};

/// Held by descriptor: it stays the same directory when something else takes its path.
pub(super) struct RealDirectory {
    directory: OwnedFd,
    /// For messages only.
    path: PathBuf,
}

impl RealDirectory {
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match retry_on_intr(|| openat(CWD, path, flags, Mode::empty())) {
            Ok(directory) => Ok(Some(Self {
                directory,
                path: path.to_owned(),
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(with_context(&errno.into(), "open", path.display())),
        }
    }

    fn file(&self, name: &str, opened: Result<OwnedFd, Errno>) -> io::Result<RealFile> {
        let descriptor = opened.map_err(|errno| self.failed("open", name, errno))?;
        RealFile::new(File::from(descriptor), &self.show(name))
    }

    fn failed(&self, doing: &str, name: &str, errno: Errno) -> io::Error {
        with_context(&errno.into(), doing, self.show(name))
    }

    fn show(&self, name: impl fmt::Display) -> String {
        format!("{}/{name}", self.path.display())
    }
}

impl Directory for RealDirectory {
    fn lock(&self) -> io::Result<()> {
        match flock(&self.directory, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!("{} is in use", self.path.display()),
            )),
            // Some network file systems cannot lock directories: the database's lock must do there.
            Err(error) => {
                tracing::debug!(%error, "the log directory cannot be locked");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn space(&self) -> io::Result<Space> {
        let figures = fstatvfs(&self.directory)?;
        Ok(Space {
            free: figures.f_bavail.saturating_mul(figures.f_frsize),
            read_only: figures.f_flag.contains(StatVfsMountFlags::RDONLY),
        })
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.directory)? {
            let entry = entry.map_err(|errno| with_context(&errno.into(), "list", self.path.display()))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_string_lossy();
            if name != "." && name != ".." {
                names.push(name.into_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Option<Box<dyn VaultFile>>> {
        match confine::open_in(self.directory.as_fd(), OsStr::new(name), OFlags::RDWR) {
            Err(Errno::NOENT) => Ok(None),
            opened => Ok(Some(Box::new(self.file(name, opened)?))),
        }
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn VaultFile>> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = retry_on_intr(|| openat(&self.directory, name, flags, Mode::RUSR | Mode::WUSR));
        Ok(Box::new(self.file(name, made)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        renameat(&self.directory, from, &self.directory, to)
            .map_err(|errno| self.failed("rename", from, errno))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.directory, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.failed("remove", name, errno)),
        }
    }

    fn sync(&self) -> io::Result<()> {
        durable::sync_directory(&self.directory)
            .map_err(|error| with_context(&error, "sync", self.path.display()))
    }
}

//! The operating system's file system.
//!
//! The vault's own path may lead through symbolic links: the user chose it. Below it none is followed, neither in place
//! of a folder nor of a file. Whenever something is opened or made, on Linux the kernel sees to that (`openat2`); where it
//! cannot, and on other systems, each step is an `openat` with `O_NOFOLLOW`. Which file stands at a path is looked up by name; see `confine::stat`.
//!
//! Everything is opened with `O_NONBLOCK`, so that a FIFO in the place of a file cannot hold us up, and is used only
//! if it turns out to be a regular file. What we make gets mode 0600, directories 0700.

mod appear;
mod confine;
mod directory;
mod durable;
mod file;
mod listing;
mod mount;
mod root;

use std::{io, path::Path};

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::{Directory, VaultFs, VaultRoot, obstacle::with_context};
use confine::Walk;
use directory::RealDirectory;
use root::RealRoot;

/// Vaults on the operating system's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFs {
    walk: Walk,
}

impl RealFs {
    /// The file system by the best means that the system has.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same by means that every Unix has; for tests, and what [`Self::new`] falls back on.
    pub fn portable() -> Self {
        Self { walk: Walk::Stepwise }
    }
}

impl VaultFs for RealFs {
    fn open_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat(CWD, root, flags, Mode::empty())
            .map_err(|errno| with_context(&errno.into(), "open the vault", root.display()))?;
        Ok(Box::new(RealRoot::new(directory, root, self.walk)))
    }

    fn create_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>> {
        durable::create_directories(root)
            .map_err(|error| with_context(&error, "make the vault", root.display()))?;
        self.open_root(root)
    }

    fn open_directory(&self, path: &Path) -> io::Result<Option<Box<dyn Directory>>> {
        RealDirectory::open(path).map(|found| found.map(|directory| Box::new(directory) as _))
    }

    fn create_directory(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        durable::create_directories(path)
            .map_err(|error| with_context(&error, "create the directory", path.display()))?;
        let opened = self.open_directory(path)?;
        opened.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

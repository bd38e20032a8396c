//! An open vault directory.

use std::{
    ffi::OsStr,
    fmt,
    fs::File,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, StatVfsMountFlags, fstatvfs, mkdirat, statat},
    io::Errno,
};

use super::{
    appear,
    confine::{self, Walk},
    durable,
    file::{self, RealFile},
    listing, mount,
};
use crate::{
    entry::DailyFile,
    fs::{
        FileId, Listing, MARKER, MARKER_LIMIT, MountIdentity, NamedFile, Space, VaultFile, VaultRoot,
        obstacle::{Obstacle, with_context},
    },
};

/// The vault's directory, by descriptor: it stays the same one when something else is mounted or moved over its path.
pub(super) struct RealRoot {
    directory: OwnedFd,
    /// For messages only.
    path: PathBuf,
    walk: Walk,
}

impl RealRoot {
    pub(super) fn new(directory: OwnedFd, path: &Path, walk: Walk) -> Self {
        Self {
            directory,
            path: path.to_owned(),
            walk,
        }
    }

    fn open_for(&self, target: &NamedFile, flags: OFlags) -> io::Result<Option<RealFile>> {
        match self.walk.open(self.fd(), target.folder(), target.name(), flags) {
            Ok(descriptor) => RealFile::new(File::from(descriptor), &self.show(target)).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.explain(target, "open", &errno.into())),
        }
    }

    /// The folder, made if need be; and whether it was.
    fn make_folder(&self, folder: &'static str) -> io::Result<OwnedFd> {
        let made = match mkdirat(self.fd(), folder, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(errno) => return Err(with_context(&errno.into(), "make", self.show(folder))),
        };
        let directory = self.open_folder(Path::new(folder))?;
        // The umask may have taken away what the owner needs; file systems without modes may refuse.
        if made && Mode::from_raw_mode(rustix::fs::fstat(&directory)?.st_mode) != Mode::RWXU {
            let _ = rustix::fs::fchmod(&directory, Mode::RWXU);
        }
        Ok(directory)
    }

    pub(super) fn open_folder(&self, folder: &Path) -> io::Result<OwnedFd> {
        confine::open_folder(self.fd(), folder).map_err(|errno| {
            let error = errno.into();
            self.folder_obstacle(folder)
                .unwrap_or_else(|| with_context(&error, "open", self.show(folder.display())))
        })
    }

    /// Says what stands in the way, if something does, rather than how the system calls it.
    fn explain(&self, target: &NamedFile, doing: &str, error: &io::Error) -> io::Error {
        if let Some(obstacle) = self.folder_obstacle(target.folder()) {
            return obstacle;
        }
        let found = confine::stat(self.fd(), target.folder(), target.name());
        match found.ok().as_ref().and_then(file::obstacle) {
            Some(obstacle) => obstacle.error(self.show(target)),
            None => with_context(error, doing, self.show(target)),
        }
    }

    /// The first part of the way that is no directory, from the vault on.
    fn folder_obstacle(&self, folder: &Path) -> Option<io::Error> {
        let mut above: Vec<&Path> = folder.ancestors().collect();
        above.pop();
        above.into_iter().rev().find_map(|folder| {
            let stat = statat(self.fd(), folder, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            let obstacle = match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => return None,
                FileType::Symlink => Obstacle::SymbolicLink,
                _ => Obstacle::NotDirectory,
            };
            Some(obstacle.error(self.show(folder.display())))
        })
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    pub(super) fn show(&self, below: impl fmt::Display) -> String {
        format!("{}/{below}", self.path.display())
    }
}

impl VaultRoot for RealRoot {
    fn mount(&self) -> Option<MountIdentity> {
        mount::identity(self.fd())
    }

    fn space(&self) -> io::Result<Space> {
        let stats = fstatvfs(&self.directory)?;
        Ok(Space {
            free: stats.f_bavail.saturating_mul(stats.f_frsize),
            read_only: stats.f_flag.contains(StatVfsMountFlags::RDONLY),
        })
    }

    fn read_marker(&self) -> io::Result<Option<String>> {
        let descriptor = match confine::open_in(self.fd(), OsStr::new(MARKER), OFlags::RDONLY) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(Obstacle::SymbolicLink.error(self.show(MARKER))),
            Err(errno) => return Err(with_context(&errno.into(), "open", self.show(MARKER))),
        };
        let marker = RealFile::new(File::from(descriptor), &self.show(MARKER))?;
        let content = marker.read_up_to(MARKER_LIMIT)?;
        let text = content.and_then(|bytes| String::from_utf8(bytes).ok());
        let refused = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} is no marker", self.show(MARKER)),
            )
        };
        text.map(Some).ok_or_else(refused)
    }

    fn write_marker(&self, content: &str) -> io::Result<()> {
        appear::replace(self.fd(), OsStr::new(MARKER), content.as_bytes(), None)
            .map_err(|error| with_context(&error, "write", self.show(MARKER)))
    }

    fn stat(&self, path: DailyFile) -> io::Result<Option<FileId>> {
        let target = NamedFile::from(path);
        let stat = match confine::stat(self.fd(), target.folder(), target.name()) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(self.explain(&target, "look up", &errno.into())),
        };
        match file::obstacle(&stat) {
            Some(obstacle) => Err(obstacle.error(self.show(&target))),
            None => Ok(Some(file::file_id(&stat))),
        }
    }

    fn open(&self, path: DailyFile) -> io::Result<Option<Box<dyn VaultFile>>> {
        let opened = self.open_for(&path.into(), OFlags::RDWR | OFlags::APPEND)?;
        Ok(opened.map(|file| Box::new(file) as _))
    }

    fn create(&self, path: DailyFile, bytes: &[u8]) -> io::Result<Option<Box<dyn VaultFile>>> {
        let target = NamedFile::from(path);
        let folder = self.make_folder(path.folder)?;
        let made = appear::create(self.walk, folder.as_fd(), target.name(), bytes)
            .map_err(|error| with_context(&error, "make", self.show(&target)))?;
        let Some(file) = made else { return Ok(None) };
        Ok(Some(Box::new(RealFile::new(file, &self.show(&target))?)))
    }

    fn sync_folder(&self, folder: &'static str) -> io::Result<()> {
        match self.open_folder(Path::new(folder)) {
            Ok(directory) => durable::sync_directory(directory)
                .map_err(|error| with_context(&error, "sync", self.show(folder)))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        durable::sync_directory(self.fd()).map_err(|error| with_context(&error, "sync", self.path.display()))
    }

    fn markdown_files(&self) -> Listing {
        listing::of(self)
    }

    fn open_named(&self, target: &NamedFile) -> io::Result<Option<Box<dyn VaultFile>>> {
        let opened = self.open_for(target, OFlags::RDONLY)?;
        Ok(opened.map(|file| Box::new(file) as _))
    }

    fn replace(&self, target: &NamedFile, bytes: &[u8]) -> io::Result<()> {
        let folder = self.open_folder(target.folder())?;
        let replaced = statat(&folder, target.name(), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(io::Error::from)
            .and_then(|stat| match file::obstacle(&stat) {
                Some(obstacle) => Err(obstacle.error(self.show(target))),
                None => appear::replace(folder.as_fd(), target.name(), bytes, Some(&stat)),
            });
        replaced.map_err(|error| self.explain(target, "replace", &error))
    }
}

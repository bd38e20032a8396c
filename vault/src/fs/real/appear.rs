//! Files that appear complete or not at all.
//!
//! On Linux a new file has no name until it is complete (`O_TMPFILE`), so that not even a kill leaves anything behind.
//! Elsewhere it has a hidden name, `.openclone-<16 hex digits>.tmp`, which is gone again when this returns.
//!
//! A new daily file is not synced before it gets its name: that would cost a sync a file where a group shall cost one
//! in all. After a power loss its name may therefore lead to an empty or half-written file; the group is in the
//! journal then, and replay completes the file, header and all.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Write},
    os::fd::BorrowedFd,
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, RenameFlags, Stat, linkat, openat, renameat, renameat_with, unlinkat},
    io::{Errno, retry_on_intr},
};

use super::{
    confine::Walk,
    durable::{self, is_unsupported},
};

/// Makes `name` in `directory`, mode 0600, with all of `bytes`; `None` if something has that name already.
pub(super) fn create(
    walk: Walk,
    directory: BorrowedFd<'_>,
    name: &OsStr,
    bytes: &[u8],
) -> io::Result<Option<File>> {
    #[cfg(target_os = "linux")]
    if walk == Walk::Confined
        && let Some(outcome) = unnamed::create(directory, name, bytes)?
    {
        return Ok(outcome.into_file());
    }
    let _ = walk;
    let temporary = Temporary::new(directory)?;
    (&temporary.file).write_all(bytes)?;
    temporary.link(name)
}

/// Puts a file with `bytes` in the place of `name`, durably, with permissions and owner of `like` if there is one.
pub(super) fn replace(
    directory: BorrowedFd<'_>,
    name: &OsStr,
    bytes: &[u8],
    like: Option<&Stat>,
) -> io::Result<()> {
    let temporary = Temporary::new(directory)?;
    (&temporary.file).write_all(bytes)?;
    if let Some(stat) = like {
        resemble(&temporary.file, stat)?;
    }
    durable::sync_file(&temporary.file)?;
    temporary.rename_over(name)?;
    durable::sync_directory(directory)
}

/// A file under a hidden name, removed on drop unless it got its right one.
struct Temporary<'a> {
    directory: BorrowedFd<'a>,
    name: String,
    file: File,
    hidden: bool,
}

impl<'a> Temporary<'a> {
    fn new(directory: BorrowedFd<'a>) -> io::Result<Self> {
        let name = format!(".openclone-{:016x}.tmp", rand::random::<u64>());
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let file = open_new(directory, OsStr::new(&name), flags)?;
        let temporary = Self {
            directory,
            name,
            file,
            hidden: true,
        };
        set_mode(&temporary.file)?;
        Ok(temporary)
    }

    /// Gives it `name` unless something has it already.
    fn link(mut self, name: &OsStr) -> io::Result<Option<File>> {
        let directory = self.directory;
        let linked = match linkat(directory, &self.name, directory, name, AtFlags::empty()) {
            Err(errno) if knows_no_links(errno) => self.rename_to_free(name),
            outcome => outcome,
        };
        match linked {
            Ok(()) => Ok(Some(self.file.try_clone()?)),
            Err(Errno::EXIST) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// For file systems without hard links, such as exFAT.
    fn rename_to_free(&mut self, name: &OsStr) -> Result<(), Errno> {
        let directory = self.directory;
        renameat_with(directory, &self.name, directory, name, RenameFlags::NOREPLACE)?;
        self.hidden = false;
        Ok(())
    }

    fn rename_over(mut self, name: &OsStr) -> io::Result<()> {
        renameat(self.directory, &self.name, self.directory, name)?;
        self.hidden = false;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if self.hidden {
            // Nobody is left to tell, and a hidden file does no harm.
            let _ = unlinkat(self.directory, &self.name, AtFlags::empty());
        }
    }
}

#[cfg(target_os = "linux")]
mod unnamed {
    use std::os::fd::AsRawFd;

    use rustix::fs::CWD;

    use super::{
        AtFlags, BorrowedFd, Errno, File, OFlags, OsStr, Write, io, knows_no_links, linkat, open_new,
        set_mode,
    };

    pub(super) enum Outcome {
        Made(File),
        Taken,
    }

    impl Outcome {
        pub(super) fn into_file(self) -> Option<File> {
            match self {
                Self::Made(file) => Some(file),
                Self::Taken => None,
            }
        }
    }

    /// `None` if this system cannot do it: the file system knows no unnamed files or no links, or `/proc` is missing.
    pub(super) fn create(
        directory: BorrowedFd<'_>,
        name: &OsStr,
        bytes: &[u8],
    ) -> io::Result<Option<Outcome>> {
        let file = match open_new(directory, OsStr::new("."), OFlags::TMPFILE) {
            Ok(file) => file,
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        set_mode(&file)?;
        (&file).write_all(bytes)?;
        let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
        match linkat(CWD, unnamed, directory, name, AtFlags::SYMLINK_FOLLOW) {
            Ok(()) => Ok(Some(Outcome::Made(file))),
            Err(Errno::EXIST) => Ok(Some(Outcome::Taken)),
            Err(errno) if errno == Errno::NOENT || knows_no_links(errno) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }
}

fn open_new(directory: BorrowedFd<'_>, name: &OsStr, flags: OFlags) -> Result<File, Errno> {
    let flags = flags | OFlags::RDWR | OFlags::APPEND | OFlags::CLOEXEC;
    let descriptor = retry_on_intr(|| openat(directory, name, flags, OURS))?;
    Ok(File::from(descriptor))
}

const OURS: Mode = Mode::RUSR.union(Mode::WUSR);

/// The umask may have taken away what the owner needs.
fn set_mode(file: &File) -> Result<(), Errno> {
    let mode = Mode::from_raw_mode(rustix::fs::fstat(file)?.st_mode);
    if mode == OURS {
        return Ok(());
    }
    match rustix::fs::fchmod(file, OURS) {
        Err(errno) if knows_no_modes(errno) => Ok(()),
        outcome => outcome,
    }
}

/// Takes over permissions, and owner and group as far as we may.
fn resemble(file: &File, like: &Stat) -> Result<(), Errno> {
    let own = rustix::fs::fstat(file)?;
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid) {
        let uid = rustix::fs::Uid::from_raw(like.st_uid);
        let gid = rustix::fs::Gid::from_raw(like.st_gid);
        let _ = rustix::fs::fchown(file, Some(uid), Some(gid));
    }
    match rustix::fs::fchmod(file, Mode::from_raw_mode(like.st_mode)) {
        Err(errno) if knows_no_modes(errno) => Ok(()),
        outcome => outcome,
    }
}

/// As on FAT and some network file systems.
fn knows_no_modes(errno: Errno) -> bool {
    errno == Errno::PERM || is_unsupported(errno)
}

fn knows_no_links(errno: Errno) -> bool {
    let unknown = [Errno::PERM, Errno::NOSYS, Errno::INVAL, Errno::XDEV, Errno::MLINK];
    unknown.contains(&errno) || is_unsupported(errno)
}

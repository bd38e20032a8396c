//! Ways from a vault's directory to what stands below it; nothing is opened through a symbolic link.

use std::{
    ffi::OsStr,
    os::fd::{BorrowedFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, Stat, openat, statat},
    io::{Errno, retry_on_intr},
};

/// By which means to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// The kernel confines the whole path.
    #[cfg(target_os = "linux")]
    Confined,
    /// Folder and file are opened one after another.
    Stepwise,
}

impl Default for Walk {
    fn default() -> Self {
        #[cfg(target_os = "linux")]
        return Self::Confined;
        #[cfg(not(target_os = "linux"))]
        Self::Stepwise
    }
}

impl Walk {
    /// Opens `folder/name` below `root`.
    pub(super) fn open(
        self,
        root: BorrowedFd<'_>,
        folder: &Path,
        name: &OsStr,
        flags: OFlags,
    ) -> Result<OwnedFd, Errno> {
        #[cfg(target_os = "linux")]
        if self == Self::Confined {
            match linux::open(root, folder, name, flags) {
                // An old kernel, or a sandbox that forbids the call (some say EPERM); it may also mean the file.
                Err(Errno::NOSYS | Errno::PERM) => {}
                outcome => return outcome,
            }
        }
        open_in(open_folder(root, folder)?, name, flags)
    }
}

/// What stands at `folder/name` below `root`; a symbolic link is shown as such, and in the place of the folder refused.
///
/// Looked up by name, since a group looks up each of its files three times and nothing is opened here. If the folder is
/// exchanged between the two steps, the answer may be about a file elsewhere: it says no more than which file that is,
/// and whoever then opens one does so by [`Walk::open`].
pub(super) fn stat(root: BorrowedFd<'_>, folder: &Path, name: &OsStr) -> Result<Stat, Errno> {
    let look = |path: &Path| retry_on_intr(|| statat(root, path, AtFlags::SYMLINK_NOFOLLOW));
    for above in folder.ancestors().filter(|above| !above.as_os_str().is_empty()) {
        if FileType::from_raw_mode(look(above)?.st_mode) != FileType::Directory {
            return Err(Errno::NOTDIR);
        }
    }
    look(&folder.join(name))
}

/// Opens a folder of the vault, step by step, so that `O_NOFOLLOW` confines each. An empty path is the vault itself.
pub(super) fn open_folder(root: BorrowedFd<'_>, folder: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut steps = folder.iter();
    let first = open_in(root, steps.next().unwrap_or(OsStr::new(".")), flags)?;
    steps.try_fold(first, |above, step| open_in(above, step, flags))
}

/// Opens something that stands in `directory` itself.
pub(super) fn open_in(
    directory: impl std::os::fd::AsFd,
    name: &OsStr,
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | ALWAYS;
    retry_on_intr(|| openat(&directory, name, flags, Mode::empty()))
}

const ALWAYS: OFlags = OFlags::CLOEXEC.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

#[cfg(target_os = "linux")]
mod linux {
    use std::path::Path;

    use rustix::fs::{ResolveFlags, openat2};

    use super::{ALWAYS, BorrowedFd, Errno, Mode, OFlags, OsStr, OwnedFd};

    /// How often a rename elsewhere may disturb the kernel's walk before we give up.
    const ATTEMPTS: usize = 16;

    pub(super) fn open(
        root: BorrowedFd<'_>,
        folder: &Path,
        name: &OsStr,
        flags: OFlags,
    ) -> Result<OwnedFd, Errno> {
        let path = folder.join(name);
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let flags = flags | ALWAYS;
        let mut outcome = Err(Errno::AGAIN);
        for _ in 0..ATTEMPTS {
            outcome = openat2(root, &path, flags, Mode::empty(), resolve);
            if !matches!(outcome, Err(Errno::AGAIN | Errno::INTR)) {
                break;
            }
        }
        outcome
    }
}

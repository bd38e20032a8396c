//! Syncs, and directories that last.

use std::{
    fs::{DirBuilder, File, Permissions},
    io,
    os::{
        fd::AsFd,
        unix::fs::{DirBuilderExt, PermissionsExt},
    },
    path::Path,
};

use rustix::io::Errno;

/// Makes a file's content and length durable: `fdatasync`, or `F_FULLFSYNC` on macOS, where `fsync` stops at the
/// drive's cache.
pub(super) fn sync_file(file: &File) -> io::Result<()> {
    #[cfg(target_os = "macos")]
    if rustix::fs::fcntl_fullfsync(file).is_ok() {
        return Ok(());
    }
    // Network file systems of macOS know no F_FULLFSYNC; a failure of the disk shows in `fsync` as well.
    #[cfg(target_os = "macos")]
    return Ok(rustix::io::retry_on_intr(|| rustix::fs::fsync(file))?);
    #[cfg(not(target_os = "macos"))]
    Ok(rustix::io::retry_on_intr(|| rustix::fs::fdatasync(file))?)
}

/// Has the system begin to write a part of a file, and let go of pages of it that are on the disk. The advice that they are
/// not needed soon does both on Linux. Where there is no such advice nothing happens.
pub(super) fn begin_writeback(file: &File, offset: u64, length: u64) {
    #[cfg(target_os = "linux")]
    if let Some(length) = std::num::NonZeroU64::new(length) {
        // Only advice: what fails here shows when the file is synced.
        let _ = rustix::fs::fadvise(file, offset, Some(length), rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, length);
}

/// Makes a directory's names durable. Some network file systems cannot sync a directory and say so by `EINVAL`; there
/// is nothing more to be had from them.
pub(super) fn sync_directory(directory: impl AsFd) -> io::Result<()> {
    #[cfg(target_os = "macos")]
    if rustix::fs::fcntl_fullfsync(&directory).is_ok() {
        return Ok(());
    }
    match rustix::io::retry_on_intr(|| rustix::fs::fsync(&directory)) {
        Err(errno) if errno != Errno::INVAL && !is_unsupported(errno) => Err(errno.into()),
        _ => Ok(()),
    }
}

/// Whether a file system says that it cannot do something. Linux has one number for both names, macOS two.
pub(super) fn is_unsupported(errno: Errno) -> bool {
    errno == Errno::OPNOTSUPP || errno == Errno::NOTSUP
}

/// How many parents of a vault are ours: the tenant's directory, `tenants`, and the home.
const OWN_PARENTS: usize = 3;

/// Makes `path` and its parents with mode 0700, and their names durable. What exists is left as it is, but its name is
/// made durable too: an earlier process may have ended right after making it.
pub(super) fn create_directories(path: &Path) -> io::Result<()> {
    make_directories(path)?;
    for parent in path.ancestors().skip(1).take(OWN_PARENTS) {
        if let Ok(directory) = File::open(parent) {
            sync_directory(directory)?;
        }
    }
    Ok(())
}

fn make_directories(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    make_directories(parent)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made?,
    }
    // The umask may have taken away what the owner needs.
    std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
    sync_directory(File::open(parent)?)
}

//! Reads the identity of a mounted file system.

use std::os::fd::BorrowedFd;

use crate::fs::MountIdentity;

/// The identity of the file system that a descriptor leads to. `None` where there is none that can be trusted: network file
/// systems, FUSE, file systems in memory or over several disks, and other systems than Linux.
#[cfg(target_os = "linux")]
pub(super) fn identity(descriptor: BorrowedFd<'_>) -> Option<MountIdentity> {
    linux::identity(descriptor)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn identity(_: BorrowedFd<'_>) -> Option<MountIdentity> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs,
        os::{fd::BorrowedFd, unix::fs::MetadataExt as _},
        sync::{Mutex, OnceLock, PoisonError},
    };

    use rustix::fs::{AtFlags, Statx, StatxFlags, fstatvfs, makedev, statx};

    use crate::fs::{MountIdentity, UniqueMount};

    /// `STATX_MNT_ID_UNIQUE` (since Linux 6.8).
    const UNIQUE_MOUNT_ID: StatxFlags = StatxFlags::from_bits_retain(0x4000);

    /// The identity that was read last. A mount that has an id which is never given twice keeps its disk.
    static LAST: Mutex<Option<MountIdentity>> = Mutex::new(None);

    pub(super) fn identity(descriptor: BorrowedFd<'_>) -> Option<MountIdentity> {
        let stat = statx(descriptor, "", AtFlags::EMPTY_PATH, UNIQUE_MOUNT_ID).ok()?;
        let device = makedev(stat.stx_dev_major, stat.stx_dev_minor);
        let mount = unique_mount(&stat);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if mount.is_some()
            && let Some(known) = last.filter(|known| (known.device, known.mount) == (device, mount))
        {
            return Some(known);
        }
        *last = Some(MountIdentity {
            device,
            file_system: fstatvfs(descriptor).ok()?.f_fsid,
            disk_sequence: disk_sequence(stat.stx_dev_major, stat.stx_dev_minor)?,
            mount,
        });
        *last
    }

    fn unique_mount(stat: &Statx) -> Option<UniqueMount> {
        let is_unique = StatxFlags::from_bits_retain(stat.stx_mask).contains(UNIQUE_MOUNT_ID);
        Some(UniqueMount {
            namespace: mount_namespace()?,
            id: is_unique.then_some(stat.stx_mnt_id)?,
        })
    }

    /// The process stays in its mount namespace.
    fn mount_namespace() -> Option<u64> {
        static NAMESPACE: OnceLock<Option<u64>> = OnceLock::new();
        *NAMESPACE.get_or_init(|| fs::metadata("/proc/self/ns/mnt").ok().map(|found| found.ino()))
    }

    /// That of a disk, or of the disk that has the partition. File systems without a block device have none.
    fn disk_sequence(major: u32, minor: u32) -> Option<u64> {
        let device = format!("/sys/dev/block/{major}:{minor}");
        let read = |file: &str| fs::read_to_string(format!("{device}/{file}")).ok();
        let text = read("diskseq").or_else(|| read("../diskseq"))?;
        text.trim().parse().ok()
    }

    #[cfg(test)]
    #[allow(clippy::unwrap_used, clippy::print_stderr)]
    mod tests {
        use std::os::fd::AsFd;

        use super::*;

        #[test]
        fn a_file_system_in_memory_has_no_identity() {
            let Ok(memory) = fs::File::open("/dev/shm") else {
                eprintln!("skipped: no /dev/shm");
                return;
            };
            assert_eq!(identity(memory.as_fd()), None);
        }

        #[test]
        fn the_identity_stays_while_a_file_system_is_mounted() {
            let home = tempfile::tempdir().unwrap();
            let directory = fs::File::open(home.path()).unwrap();
            let Some(first) = identity(directory.as_fd()) else {
                eprintln!("skipped: {} is not on a block device", home.path().display());
                return;
            };
            assert!(first.disk_sequence > 0);
            *LAST.lock().unwrap() = None;
            assert_eq!(identity(directory.as_fd()), Some(first));
        }
    }
}

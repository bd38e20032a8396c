//! The identity of a mounted file system, by which unsynced writes are trusted after a restart within one boot.

/// Tells whether two looks, in the same boot, were at the same mounted file system, so that what was written before the first
/// is still in the page cache or on the disk at the second.
///
/// A block device that goes away takes its dirty pages along. Its device number, its file system's id and even the mount id
/// may be the same when it comes back; the kernel's sequence number of disks (`diskseq`) is not. A clean unmount writes
/// everything first, so a device that stayed attached counts as the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MountIdentity {
    /// The device number of the file system.
    pub device: u64,
    /// The file system's own id.
    pub file_system: u64,
    /// The kernel's sequence number of the disk, which it never gives twice in one boot.
    pub disk_sequence: u64,
    /// The mount, where the kernel has ids for mounts that it never gives twice.
    pub mount: Option<UniqueMount>,
}

/// An id of a mount that the kernel never gives twice in one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniqueMount {
    /// The mount namespace in which it was read: each has its own mounts.
    pub namespace: u64,
    /// The id.
    pub id: u64,
}

impl MountIdentity {
    /// Whether both are of the same mounted file system. Mounts count only if both were read in the same namespace.
    pub fn is_same(&self, other: &Self) -> bool {
        let one = (self.device, self.file_system, self.disk_sequence);
        let same_disk = one == (other.device, other.file_system, other.disk_sequence);
        let same_mount = match (self.mount, other.mount) {
            (Some(mount), Some(other)) if mount.namespace == other.namespace => mount.id == other.id,
            _ => true,
        };
        same_disk && same_mount
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: MountIdentity = MountIdentity {
        device: 1,
        file_system: 2,
        disk_sequence: 3,
        mount: Some(UniqueMount { namespace: 4, id: 5 }),
    };

    #[test]
    fn each_part_of_the_disk_counts() {
        assert!(ONE.is_same(&ONE));
        assert!(!ONE.is_same(&MountIdentity { device: 9, ..ONE }));
        assert!(!ONE.is_same(&MountIdentity {
            file_system: 9,
            ..ONE
        }));
        assert!(!ONE.is_same(&MountIdentity {
            disk_sequence: 9,
            ..ONE
        }));
    }

    #[test]
    fn mounts_count_only_within_one_namespace() {
        let with = |mount| MountIdentity { mount, ..ONE };
        assert!(!ONE.is_same(&with(Some(UniqueMount { namespace: 4, id: 9 }))));
        assert!(ONE.is_same(&with(Some(UniqueMount { namespace: 9, id: 9 }))));
        assert!(ONE.is_same(&with(None)) && with(None).is_same(&ONE));
    }
}

//! Applied markers: that a group's entries were appended, and where.
//!
//! A marker:
//! ```text
//! u8  version (1)         16 bytes boot id         u8 number of mounts
//! then for each mount:
//!   u64 device, u64 file system, u64 disk sequence, u8 1 and u64 mount namespace, u64 unique mount id, or u8 0
//! then for each file of the group, in the record's order:
//!   u8 mount (255: none)  u64 device, u64 inode, u64 offset
//! ```
//! The length is that of the file's entries in the record.

use super::{Reader, RecordError};
use crate::fs::{FileId, MountIdentity, UniqueMount};

const VERSION: u8 = 1;
/// In place of the number of a mount.
const NO_MOUNT: u8 = u8::MAX;

/// Where the entries of one file of a group went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// Where the entries begin in it.
    pub offset: u64,
    /// The mounted file system that has the file; `None` if it has no identity, or if it was not asked for.
    pub mount: Option<MountIdentity>,
}

/// Tells one boot of the machine from another: what was written but not synced survives within a boot only.
pub type BootId = [u8; 16];

/// That a group was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// In which boot.
    pub boot: BootId,
    /// Where, one for each file of the group.
    pub places: Vec<Place>,
}

impl Place {
    /// Within the same boot: whether what was written at this place is still there, in the page cache or on the disk of a
    /// vault with this identity, whatever a user has done with it since.
    pub fn is_trusted(&self, mount: Option<MountIdentity>) -> bool {
        let both = self.mount.zip(mount);
        both.is_some_and(|(then, now)| then.is_same(&now) && then.device == self.file.dev)
    }
}

impl Marker {
    /// The marker's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.places.len() * 25);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.boot);
        let mut mounts: Vec<MountIdentity> = Vec::new();
        for mount in self.places.iter().filter_map(|place| place.mount) {
            if !mounts.contains(&mount) && mounts.len() < usize::from(NO_MOUNT) {
                mounts.push(mount);
            }
        }
        bytes.push(u8::try_from(mounts.len()).unwrap_or(NO_MOUNT));
        mounts.iter().for_each(|mount| put_mount(&mut bytes, mount));
        for place in &self.places {
            let mount = mounts.iter().position(|mount| Some(*mount) == place.mount);
            bytes.push(mount.map_or(NO_MOUNT, |at| u8::try_from(at).unwrap_or(NO_MOUNT)));
            for number in [place.file.dev, place.file.ino, place.offset] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        bytes
    }

    /// Reads a marker.
    ///
    /// # Errors
    /// When it does not follow the format.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader(bytes);
        if reader.u8()? != VERSION {
            return Err(RecordError("unknown version of a marker"));
        }
        let boot = reader.array()?;
        let count = reader.u8()?;
        let mounts = (0..count)
            .map(|_| mount(&mut reader))
            .collect::<Result<Vec<_>, _>>()?;
        let mut places = Vec::new();
        while !reader.0.is_empty() {
            let mount = match reader.u8()? {
                NO_MOUNT => None,
                at => Some(*mounts.get(usize::from(at)).ok_or(RecordError("no such mount"))?),
            };
            let file = FileId {
                dev: reader.u64()?,
                ino: reader.u64()?,
            };
            let offset = reader.u64()?;
            places.push(Place { file, offset, mount });
        }
        Ok(Self { boot, places })
    }
}

fn put_mount(bytes: &mut Vec<u8>, mount: &MountIdentity) {
    for number in [mount.device, mount.file_system, mount.disk_sequence] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.push(u8::from(mount.mount.is_some()));
    if let Some(unique) = mount.mount {
        bytes.extend_from_slice(&unique.namespace.to_le_bytes());
        bytes.extend_from_slice(&unique.id.to_le_bytes());
    }
}

fn mount(reader: &mut Reader<'_>) -> Result<MountIdentity, RecordError> {
    Ok(MountIdentity {
        device: reader.u64()?,
        file_system: reader.u64()?,
        disk_sequence: reader.u64()?,
        mount: match reader.u8()? {
            0 => None,
            1 => Some(UniqueMount {
                namespace: reader.u64()?,
                id: reader.u64()?,
            }),
            _ => return Err(RecordError("a mount is not as it should be")),
        },
    })
}

//! A prepared batch on its way to the owner of its partition: plain data with its final bytes.

use std::fmt;

use openclone_core::event_id::EventId;

use crate::error::AppendError;

/// The number of a tenant in the cluster. It never changes and is never used again, unlike the tenant's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantNumber(pub u64);

/// The number of a partition, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionId(pub u16);

/// A day of the tenant's calendar, computed by the owner's time zone rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day {
    /// From 0 to 9999.
    pub year: u16,
    /// From 1 to 12.
    pub month: u8,
    /// From 1 to 31.
    pub day: u8,
}

/// The entries of a batch that go to one daily file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// The folder in the vault, such as `Audio`; at most 255 bytes.
    pub folder: String,
    /// The day of the file.
    pub day: Day,
    /// The beginning of the file, if it must be created.
    pub header: Vec<u8>,
    /// One id for each entry.
    pub ids: Vec<EventId>,
    /// Where each entry ends in `bytes`; the first begins at 0.
    pub ends: Vec<u32>,
    /// The hour that each entry shows, from 0 to 23; empty in a folder without hour headings.
    pub hours: Vec<u8>,
    /// The entries: whole lines, one after another.
    pub bytes: Vec<u8>,
}

/// A batch of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose events these are. It follows from the API key.
    pub tenant: TenantNumber,
    /// The daily files, in the order in which events first name them.
    pub files: Vec<FilePart>,
}

/// What happened to one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The entry is new and durable.
    Stored,
    /// The id was known before; its entry is durable, or was forgotten.
    Skipped,
}

/// The response to a batch: every entry is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// One outcome for each entry, file by file.
    pub outcomes: Vec<Outcome>,
}

impl PartitionId {
    /// The partition of a tenant that no record pins to another one: `blake3(name) mod partitions`.
    ///
    /// `partitions` is at least 1.
    #[must_use]
    pub fn of_tenant(name: &str, partitions: u16) -> Self {
        let hash = blake3::hash(name.as_bytes());
        let number = hash.as_bytes().iter().fold(0_u32, |rest, byte| {
            ((rest << 8) | u32::from(*byte)) % u32::from(partitions.max(1))
        });
        Self(u16::try_from(number).unwrap_or_default())
    }

    /// The position in a list of all partitions.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for PartitionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}", self.0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Receipt {
    /// The number of new entries.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::Stored)
            .count()
    }

    /// The number of entries that were known before.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.outcomes.len() - self.stored()
    }
}

impl Batch {
    /// The approximate number of bytes that the batch occupies in memory and in a group.
    #[must_use]
    pub fn size(&self) -> usize {
        let of = |file: &FilePart| file.bytes.len() + file.header.len() + 64 + file.ids.len() * 40;
        self.files.iter().map(of).sum()
    }

    /// Checks what the type cannot express, since a batch may come from a peer.
    ///
    /// # Errors
    /// [`AppendError::Malformed`]
    pub fn check(&self) -> Result<(), AppendError> {
        if self.files.is_empty() {
            return Err(AppendError::Malformed("no files"));
        }
        self.files.iter().try_for_each(FilePart::check)
    }
}

impl FilePart {
    /// The entries with their ids.
    pub fn entries(&self) -> impl Iterator<Item = (EventId, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(&self.ends);
        self.ids.iter().zip(ranges).map(|(id, (start, end))| {
            let range = start as usize..*end as usize;
            (*id, self.bytes.get(range).unwrap_or_default())
        })
    }

    /// A copy that has only the entries for which `keep` holds, by position.
    pub(crate) fn only(&self, keep: &[bool]) -> Self {
        let mut part = Self {
            folder: self.folder.clone(),
            day: self.day,
            header: self.header.clone(),
            ids: Vec::new(),
            ends: Vec::new(),
            hours: Vec::new(),
            bytes: Vec::new(),
        };
        for (index, (id, bytes)) in self.entries().enumerate() {
            if keep.get(index).copied().unwrap_or_default() {
                part.ids.push(id);
                part.bytes.extend_from_slice(bytes);
                part.ends
                    .push(u32::try_from(part.bytes.len()).unwrap_or(u32::MAX));
                part.hours.extend(self.hours.get(index));
            }
        }
        part
    }

    fn check(&self) -> Result<(), AppendError> {
        let malformed = |what| Err(AppendError::Malformed(what));
        if self.folder.is_empty() || self.folder.len() > 255 {
            return malformed("a folder has 1 to 255 bytes");
        }
        if self.day.year > 9999 || !(1..=12).contains(&self.day.month) || !(1..=31).contains(&self.day.day) {
            return malformed("no such day");
        }
        if self.ids.is_empty() || self.ids.len() != self.ends.len() {
            return malformed("ids and entries differ in number");
        }
        if !self.hours.is_empty() && self.hours.len() != self.ids.len() {
            return malformed("hours and entries differ in number");
        }
        let last = self.ends.last().map_or(0, |end| *end as usize);
        if !self.ends.is_sorted() || last != self.bytes.len() {
            return malformed("the ends do not match the bytes");
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn part() -> FilePart {
        FilePart {
            folder: "Audio".to_owned(),
            day: Day {
                year: 2026,
                month: 12,
                day: 1,
            },
            header: b"---\n".to_vec(),
            ids: vec![EventId([1; 16]), EventId([2; 16])],
            ends: vec![4, 9],
            hours: vec![3, 4],
            bytes: b"one\ntwo!\n".to_vec(),
        }
    }

    #[test]
    fn only_keeps_ids_hours_and_bytes_together() {
        let second = part().only(&[false, true]);
        assert_eq!((second.ids, second.hours), (vec![EventId([2; 16])], vec![4]));
        assert_eq!((second.ends, second.bytes), (vec![5], b"two!\n".to_vec()));
    }

    #[test]
    fn malformed_batches_are_rejected() {
        let batch = |change: fn(&mut FilePart)| {
            let mut file = part();
            change(&mut file);
            let batch = Batch {
                tenant: TenantNumber(1),
                files: vec![file],
            };
            batch.check()
        };
        assert_eq!(batch(|_| ()), Ok(()));
        for change in [
            (|file| file.folder.clear()) as fn(&mut FilePart),
            |file| file.day.month = 13,
            |file| file.ids.clear(),
            |file| file.ends = vec![9, 4],
            |file| file.ends = vec![4, 8],
            |file| file.ends = vec![4, u32::MAX],
            |file| file.hours = vec![1],
        ] {
            assert!(matches!(batch(change), Err(AppendError::Malformed(_))));
        }
        let empty = Batch {
            tenant: TenantNumber(1),
            files: vec![],
        };
        assert!(empty.check().is_err());
    }

    #[test]
    fn tenants_spread_over_all_partitions() {
        let mut counts = [0_u32; 16];
        for number in 0..16_000 {
            counts[PartitionId::of_tenant(&format!("tenant-{number}"), 16).index()] += 1;
        }
        assert!(
            counts.iter().all(|count| (800..1200).contains(count)),
            "{counts:?}"
        );
        assert_eq!(PartitionId::of_tenant("ana", 1), PartitionId(0));
    }
}

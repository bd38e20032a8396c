//! Finds entries in a file by their ids, wherever users and their tools have put them.

use std::{collections::HashSet, io};

use hashbrown::HashMap;

use super::is_torn;
use crate::{
    entry::{Tracker, each_entry_line},
    event_id::EventId,
    fs::{FileId, VaultFile},
    writer::{
        open_files::{FileKey, OpenFile, sync_failed},
        record::GroupFile,
    },
};

/// Ids of all scans together; beyond it, earlier scans are dropped.
const MOST_IDS: usize = 4 << 20;

/// The ids that files had when they were read, so that many groups cost one reading of each file and not one each.
#[derive(Default)]
pub(crate) struct Scans {
    files: HashMap<FileKey, Scan>,
    ids: usize,
}

/// The ids in a file that is otherwise as when it was read.
struct Scan {
    file: FileId,
    length: u64,
    /// Each with the offset behind it, in order; an id may be there more than once.
    ends: Vec<(EventId, u64)>,
}

impl Scans {
    /// Forgets everything: from now on users may have changed files in place.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The ids in the file. Reads and syncs it, unless it is as it was.
    fn read(&mut self, key: &FileKey, open: &mut OpenFile) -> io::Result<&Scan> {
        let (file, length) = (open.file.id(), open.file.len()?);
        let known = self.files.get(key);
        if known.is_none_or(|scan| (scan.file, scan.length) != (file, length)) {
            let scan = Scan::read(&*open.file, length)?;
            open.touched().file.sync().map_err(sync_failed)?;
            if self.ids + scan.ends.len() > MOST_IDS {
                self.clear();
            }
            self.ids += scan.ends.len();
            self.files.insert(key.clone(), scan);
        }
        self.files.get(key).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Entries were appended to a file, which had `before` bytes: if it has not changed otherwise, it is still known.
    pub(super) fn appended(
        &mut self,
        key: &FileKey,
        file: &dyn VaultFile,
        before: u64,
        added: u64,
    ) -> io::Result<()> {
        if let Some(scan) = self.files.get_mut(key) {
            if scan.file == file.id() && scan.length == before && file.len()? == before + added {
                // The ids of a group are looked for once, so those that were added need not be found.
                scan.length = before + added;
            } else {
                self.files.remove(key);
            }
        }
        Ok(())
    }
}

impl Scan {
    fn read(file: &dyn VaultFile, length: u64) -> io::Result<Self> {
        let mut tracker = Tracker::new();
        let mut ends = Vec::new();
        each_entry_line(&|offset, buffer| file.read_at(offset, buffer), &mut |line| {
            if let Some(entry) = tracker.line(line.bytes, || ()).entry {
                ends.push((entry.id, line.end - entry.behind as u64));
            }
        })?;
        ends.sort_unstable();
        Ok(Self {
            file: file.id(),
            length,
            ends,
        })
    }

    fn ends_of(&self, id: EventId) -> impl Iterator<Item = u64> {
        let from = self.ends.partition_point(|(known, _)| *known < id);
        self.ends[from..]
            .iter()
            .take_while(move |(known, _)| *known == id)
            .map(|(_, end)| *end)
    }
}

/// The ids of `entries` that the file has. An entry with zeros in it is made whole if they stand in place of our own
/// bytes, and else does not count. `rewrite`: write unchanged entries again. What was written is synced.
pub(super) fn present(
    scans: &mut Scans,
    key: &FileKey,
    open: &mut OpenFile,
    entries: &GroupFile,
    rewrite: bool,
) -> io::Result<HashSet<EventId>> {
    let scan = scans.read(key, open)?;
    let (mut found, mut written) = (HashSet::new(), false);
    for (id, entry) in entries.entries() {
        // Without its newline, which may have become two bytes.
        let text = entry.trim_ascii_end();
        for end in scan.ends_of(id) {
            let state = look(&*open.file, text, end)?;
            if state == Found::Torn || state == Found::Unchanged && rewrite {
                open.touched()
                    .file
                    .write_at(end.saturating_sub(text.len() as u64), text)?;
                written = true;
            }
            if state != Found::Damaged {
                found.insert(id);
            }
        }
    }
    if written {
        open.file.sync().map_err(sync_failed)?;
    }
    Ok(found)
}

/// How much of `entry` is at the very end of the file, from the beginning of a line on.
pub(super) fn begun(file: &dyn VaultFile, end: u64, entry: &[u8]) -> io::Result<usize> {
    let longest = entry.len().min(usize::try_from(end).unwrap_or(usize::MAX));
    let start = end.saturating_sub(longest as u64 + 1);
    let mut tail = vec![0; longest + 1];
    let count = file.read_at(start, &mut tail)?;
    tail.truncate(count);
    let begins_line = |at: usize| {
        if at == 0 {
            start == 0
        } else {
            tail[at - 1] == b'\n'
        }
    };
    let starts = (0..tail.len()).filter(|&at| begins_line(at));
    Ok(starts
        .map(|at| &tail[at..])
        .find(|text| entry.starts_with(text))
        .map_or(0, <[u8]>::len))
}

/// What is found where an id ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Our own bytes.
    Unchanged,
    /// Something that a user made of them.
    Edited,
    /// Our own bytes with zeros in places.
    Torn,
    /// Something with zeros that are not in the place of our bytes.
    Damaged,
}

fn look(file: &dyn VaultFile, text: &[u8], end: u64) -> io::Result<Found> {
    let start = end.saturating_sub(text.len() as u64);
    let mut there = vec![0; usize::try_from(end - start).unwrap_or(0)];
    let count = file.read_at(start, &mut there)?;
    Ok(if there == text {
        Found::Unchanged
    } else if count < there.len() {
        Found::Damaged
    } else if memchr::memchr(0, &there).is_none() {
        Found::Edited
    } else if there.len() == text.len() && is_torn(&there, text) {
        Found::Torn
    } else {
        Found::Damaged
    })
}

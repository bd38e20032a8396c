//! Fragments: the beginning of an entry whose append was cut short, and behind which a user has written.
//!
//! A fragment at the end of the file is completed in place. One with a user's text behind it cannot be completed, and to
//! remove it the user's text would have to be moved: a save at the same moment would be lost. So it stays, the entry is
//! appended anew, and the fragment is reported with its position.

use std::{collections::HashSet, io};

use super::candidates;
use crate::{
    event_id::EventId,
    writer::{
        open_files::OpenFile,
        record::{GroupFile, Place},
    },
};

/// Less than a bullet and a bold time could be a user's own text.
const SHORTEST: usize = "- **14:30".len();

/// Where the beginning of an entry was left in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Looks for a fragment where the journal or a marker says that the entries begin.
pub(super) fn find(
    open: &OpenFile,
    entries: &GroupFile,
    place: Option<Place>,
    present: &HashSet<EventId>,
) -> io::Result<Option<Fragment>> {
    for (offset, ours) in candidates(open, entries, place)? {
        let mut there = vec![0; ours.len()];
        let count = open.file.read_at(offset, &mut there)?;
        let common = there[..count]
            .iter()
            .zip(&*ours)
            .take_while(|(found, own)| found == own)
            .count();
        let header = ours.len() - entries.bytes.len();
        let left = begun_entry(entries, common.saturating_sub(header));
        if let Some((id, start, length)) = left
            && length >= SHORTEST
            && !present.contains(&id)
        {
            return Ok(Some(Fragment {
                offset: offset + (header + start) as u64,
                length: length as u64,
            }));
        }
    }
    Ok(None)
}

/// The entry in which the first `common` bytes of all entries end: its id, where it begins, and how much of it that is.
fn begun_entry(entries: &GroupFile, common: usize) -> Option<(EventId, usize, usize)> {
    let mut start = 0;
    for (id, bytes) in entries.entries() {
        let end = start + bytes.len();
        if common < end {
            return Some((id, start, common.checked_sub(start)?));
        }
        start = end;
    }
    None
}

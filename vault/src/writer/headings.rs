//! Headings of hours: `## 14:00` before the first entry that shows another hour than the file's last heading.
//!
//! The writer adds them when a group is complete and the files' ends are known, so that they are journaled with the
//! entries. A heading belongs to no entry: it is passed over by everything that reads a daily file. The last heading of a
//! file is remembered with its open descriptor; else it is looked for in the last 64 KiB. A heading that stands there
//! twice is harmless.

use std::io;

use super::{
    open_files::{FileKey, OpenFiles},
    record::GroupFile,
};
use crate::{fs::VaultFile, markdown::headings};

/// How much of a file's end is searched for its last heading.
const TAIL: u64 = 64 << 10;

/// Puts headings before those entries of a group that need one. `hours` are those that the entries show; none if the file
/// has no headings. The file's end is as [`GroupFile::before`] says.
pub(super) fn add(
    files: &mut OpenFiles,
    key: &FileKey,
    entries: &mut GroupFile,
    hours: &[u8],
) -> io::Result<()> {
    if hours.len() != entries.ids.len() || hours.is_empty() {
        return Ok(());
    }
    let Some((_, length)) = entries.before else {
        insert(entries, hours, None);
        return Ok(());
    };
    let Some(open) = files.opened(key) else {
        return Ok(());
    };
    let last = match open.last_heading {
        Some((known_length, hour)) if known_length == length => Some(hour),
        _ => last_heading(&*open.file, length)?,
    };
    insert(entries, hours, last);
    // Holds once the entries are appended; until then the file has another length.
    open.last_heading = hours
        .last()
        .map(|&hour| (length + entries.bytes.len() as u64, hour));
    Ok(())
}

/// The hour of the last heading in the file's tail.
fn last_heading(file: &dyn VaultFile, length: u64) -> io::Result<Option<u8>> {
    let start = length.saturating_sub(TAIL);
    let mut tail = vec![0; usize::try_from(length - start).unwrap_or(0)];
    let count = file.read_at(start, &mut tail)?;
    Ok(headings::last_hour(&tail[..count]))
}

fn insert(entries: &mut GroupFile, hours: &[u8], mut last: Option<u8>) {
    if hours.iter().all(|hour| Some(*hour) == last) {
        return;
    }
    let is_new_file = entries.before.is_none();
    let mut bytes = Vec::with_capacity(entries.bytes.len() + 64);
    let mut start = 0;
    for (end, &hour) in entries.ends.iter_mut().zip(hours) {
        if last != Some(hour) {
            // The header of a new file ends in a blank line.
            headings::write(&mut bytes, hour, !(is_new_file && last.is_none()));
            last = Some(hour);
        }
        bytes.extend_from_slice(&entries.bytes[start..*end as usize]);
        start = *end as usize;
        *end = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    }
    entries.bytes = bytes;
}

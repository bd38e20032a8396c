//! Finds entries in a file by their ids, wherever users and their tools have put them.

use std::{
    collections::{HashMap, HashSet},
    io,
};

use memchr::memmem;

use super::is_torn;
use crate::{event_id::EventId, fs::VaultFile, writer::record::GroupFile};

const ID_MARK: &[u8] = b" ^oc-";
const ID_LENGTH: usize = 26;
const ITEM_START: &[u8] = b"- **";
const MARKED: usize = ID_MARK.len() + ID_LENGTH;
const WINDOW: usize = 256 << 10;

/// The ids of `entries` that the file has. An entry with zeros in it is made whole if they stand in place of our own
/// bytes, and else does not count. `rewrite`: write again what stands there unchanged.
pub(super) fn present(
    file: &mut dyn VaultFile,
    entries: &GroupFile,
    rewrite: bool,
) -> io::Result<HashSet<EventId>> {
    let ours: HashMap<EventId, &[u8]> = entries.entries().collect();
    let mut found = HashSet::new();
    for (id, end) in ids_in(file, |id| ours.contains_key(id))? {
        // Without its newline, which may have become two bytes.
        let text = ours.get(&id).map_or(&b""[..], |entry| entry.trim_ascii_end());
        if is_whole(file, text, end, rewrite)? {
            found.insert(id);
        }
    }
    Ok(found)
}

/// How much of `entry` stands at the very end of the file, from the beginning of a line on.
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

fn is_whole(file: &mut dyn VaultFile, text: &[u8], end: u64, rewrite: bool) -> io::Result<bool> {
    let start = end.saturating_sub(text.len() as u64);
    let mut there = vec![0; usize::try_from(end - start).unwrap_or(0)];
    let count = file.read_at(start, &mut there)?;
    let complete = count == there.len();
    let unchanged = there == text;
    let zeros = memchr::memchr(0, &there).is_some();
    if unchanged && rewrite || zeros && there.len() == text.len() && is_torn(&there, text) {
        file.write_at(start, text)?;
        return Ok(true);
    }
    Ok(complete && !zeros)
}

/// Ids that end a line of the file, or stand right before another entry, and that `wanted` asks for, each with the offset of its end.
fn ids_in(file: &dyn VaultFile, wanted: impl Fn(&EventId) -> bool) -> io::Result<Vec<(EventId, u64)>> {
    let finder = memmem::Finder::new(ID_MARK);
    let mut found = Vec::new();
    let mut window = vec![0; WINDOW];
    let mut start = 0;
    loop {
        let count = file.read_at(start, &mut window)?;
        let last = count < window.len();
        for at in finder.find_iter(&window[..count]) {
            let id = id_at(&window[..count], at, last).filter(&wanted);
            found.extend(id.map(|id| (id, start + (at + MARKED) as u64)));
        }
        if last {
            return Ok(found);
        }
        // What an id at the border would need is read again.
        start += (count - MARKED - ITEM_START.len()) as u64;
    }
}

/// The id whose mark stands at `at`, if it ends its entry. `last`: the file ends with the window.
fn id_at(window: &[u8], at: usize, last: bool) -> Option<EventId> {
    let text = window.get(at + ID_MARK.len()..at + MARKED)?;
    let behind = &window[at + MARKED..];
    let ends_entry = match behind.first() {
        Some(b'\n' | b'\r') => true,
        Some(_) => behind.starts_with(ITEM_START),
        None => last,
    };
    if ends_entry {
        std::str::from_utf8(text).ok()?.parse().ok()
    } else {
        None
    }
}

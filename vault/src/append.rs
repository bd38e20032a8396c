//! Puts the entries of a group into one daily file: freshly, or again after a failure, a crash or a power loss.
//!
//! [`append`] is the common case: one write at the end of the file that stands at the path, which is looked up again
//! afterwards. [`restore`] brings about the same state from whatever is there: nothing, a part, all of it, zeros where
//! the disk lost pages, or another file with some of it. Both end with each entry once in the file that stands at the
//! path, and neither alters a byte that is not ours.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    io,
};

use memchr::memmem;

use crate::{
    event_id::EventId,
    files::{FileKey, OpenFile, OpenFiles},
    fs::{VaultFile, VaultRoot},
    journal::{GroupFile, Place},
};

/// How often a path may lead elsewhere between two looks before we give up for now.
const LOOKS: usize = 16;
const ID_MARK: &[u8] = b" ^oc-";
const ID_LENGTH: usize = 26;
const WINDOW: usize = 256 << 10;

/// Appends all entries to the daily file, making it if need be.
///
/// `partial` tells, after an error, where a write that was cut short had begun.
pub(crate) fn append(
    files: &mut OpenFiles,
    root: &dyn VaultRoot,
    entries: &GroupFile,
    partial: &mut Option<Place>,
) -> io::Result<Place> {
    let key = key(entries);
    let Some(open) = files.current(root, &key)? else {
        return restore(files, root, entries, None, false);
    };
    let place = append_to(open, &entries.bytes, partial)?;
    if root.stat(key.1)? == Some(place.file) {
        return Ok(place);
    }
    // Another file was put in its place meanwhile: ours may have gone with the old one.
    restore_by_id(files, root, entries)
}

/// Sees to it that all entries are in the daily file, once each. `place`: where they were, as far as anyone knows.
/// `rewrite`: write them again even where they can be read, because a sync has failed.
pub(crate) fn restore(
    files: &mut OpenFiles,
    root: &dyn VaultRoot,
    entries: &GroupFile,
    place: Option<Place>,
    rewrite: bool,
) -> io::Result<Place> {
    let key = key(entries);
    let Some(open) = files.current(root, &key)? else {
        return restore_by_id(files, root, entries);
    };
    for (offset, bytes) in candidates(open, entries, place)? {
        if complete_in_place(open, offset, &bytes, rewrite)? {
            let skipped = (bytes.len() - entries.bytes.len()) as u64;
            return Ok(Place {
                file: open.file.id(),
                offset: offset + skipped,
            });
        }
    }
    restore_by_id(files, root, entries)
}

/// Where our bytes would be, and which: as the marker says, as the file stood before, or from its beginning if we made it.
fn candidates<'a>(
    open: &OpenFile,
    entries: &'a GroupFile,
    place: Option<Place>,
) -> io::Result<Vec<(u64, Cow<'a, [u8]>)>> {
    let mut found = Vec::new();
    let id = open.file.id();
    if let Some(place) = place.filter(|place| place.file == id) {
        found.push((place.offset, entries.bytes.as_slice().into()));
    }
    match entries.before {
        Some((file, length)) if file == id => {
            let lead = u64::from(needs_newline(&*open.file, length)?);
            found.push((length + lead, entries.bytes.as_slice().into()));
        }
        Some(_) => {}
        None => found.push((0, [&entries.header[..], &entries.bytes].concat().into())),
    }
    Ok(found)
}

/// True if the file had, from `offset` on, nothing but our bytes, zeros in their place, or its end; it has them now.
fn complete_in_place(open: &mut OpenFile, offset: u64, ours: &[u8], rewrite: bool) -> io::Result<bool> {
    let mut there = vec![0; ours.len()];
    let count = open.file.read_at(offset, &mut there)?;
    if count == 0 {
        // Nothing says that they are not elsewhere.
        return Ok(false);
    }
    there.truncate(count);
    let torn = there
        .iter()
        .zip(ours)
        .all(|(found, own)| found == own || *found == 0);
    if !torn || !restore_newline_before(open, offset)? {
        return Ok(false);
    }
    let (known, rest) = ours.split_at(count);
    // Even what is there already may be in the page cache only.
    open.touched();
    if rewrite || there != known {
        open.file.write_at(offset, known)?;
    }
    if !rest.is_empty() {
        append_rest(open, rest)?;
    }
    Ok(true)
}

/// The line before ours must end. We put a newline there if it did not; the disk may have lost that one too.
fn restore_newline_before(open: &mut OpenFile, offset: u64) -> io::Result<bool> {
    if offset == 0 {
        return Ok(true);
    }
    let mut before = [0];
    match open.file.read_at(offset - 1, &mut before)? {
        1 if before[0] == b'\n' => Ok(true),
        1 if before[0] == 0 => open.touched().file.write_at(offset - 1, b"\n").map(|()| true),
        _ => Ok(false),
    }
}

/// Appends the entries whose ids are not in the file that stands at the path.
fn restore_by_id(files: &mut OpenFiles, root: &dyn VaultRoot, entries: &GroupFile) -> io::Result<Place> {
    let key = key(entries);
    for _ in 0..LOOKS {
        let Some(open) = files.current(root, &key)? else {
            if let Some(place) = create(files, root, &key, entries)? {
                return Ok(place);
            }
            continue;
        };
        let place = append_missing(open, entries)?;
        if root.stat(key.1)? == Some(place.file) {
            return Ok(place);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::ResourceBusy,
        format!("{} keeps being replaced", key.1),
    ))
}

fn create(
    files: &mut OpenFiles,
    root: &dyn VaultRoot,
    key: &FileKey,
    entries: &GroupFile,
) -> io::Result<Option<Place>> {
    let bytes = [&entries.header[..], &entries.bytes].concat();
    let made = files.create(root, key, &bytes)?;
    Ok(made.map(|open| Place {
        file: open.file.id(),
        offset: entries.header.len() as u64,
    }))
}

fn append_missing(open: &mut OpenFile, entries: &GroupFile) -> io::Result<Place> {
    let end = open.file.len()?;
    if end == 0 {
        // A file that we made, whose content went with the power; or one that someone has emptied.
        let place = append_to(open, &[&entries.header[..], &entries.bytes].concat(), &mut None)?;
        return Ok(Place {
            offset: place.offset + entries.header.len() as u64,
            ..place
        });
    }
    let present = present(open, entries)?;
    let missing: Vec<&[u8]> = entries
        .entries()
        .filter(|(id, _)| !present.contains(id))
        .map(|(_, bytes)| bytes)
        .collect();
    let Some(first) = missing.first() else {
        return Ok(Place {
            file: open.file.id(),
            offset: end,
        });
    };
    let begun = begun(&*open.file, end, first)?;
    if begun == 0 {
        return append_to(open, &missing.concat(), &mut None);
    }
    append_rest(open, &missing.concat()[begun..])?;
    Ok(Place {
        file: open.file.id(),
        offset: end - begun as u64,
    })
}

fn append_rest(open: &mut OpenFile, rest: &[u8]) -> io::Result<()> {
    let appended = open.touched().file.append(rest)?;
    if appended.written < rest.len() {
        Err(cut_short())
    } else {
        Ok(())
    }
}

/// How much of `entry` stands at the very end of the file, from the beginning of a line on.
fn begun(file: &dyn VaultFile, end: u64, entry: &[u8]) -> io::Result<usize> {
    let longest = entry.len().min(usize::try_from(end).unwrap_or(usize::MAX));
    let mut tail = vec![0; longest + 1];
    let start = end.saturating_sub(tail.len() as u64);
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

fn append_to(open: &mut OpenFile, bytes: &[u8], partial: &mut Option<Place>) -> io::Result<Place> {
    let id = open.file.id();
    let length = open.file.len()?;
    let lead = needs_newline(&*open.file, length)?;
    let with_lead = lead.then(|| [b"\n", bytes].concat());
    let wanted = with_lead.as_deref().unwrap_or(bytes);
    let appended = open.touched().file.append(wanted)?;
    let place = Place {
        file: id,
        offset: appended.offset + u64::from(lead),
    };
    if appended.written == wanted.len() {
        return Ok(place);
    }
    *partial = Some(place);
    Err(cut_short())
}

fn needs_newline(file: &dyn VaultFile, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    Ok(file.read_at(last, &mut byte)? == 1 && byte[0] != b'\n')
}

/// The ids of `entries` that the file has. An entry with zeros in it is made whole if they stand in place of our own
/// bytes, and else does not count.
fn present(open: &mut OpenFile, entries: &GroupFile) -> io::Result<HashSet<EventId>> {
    let file = &mut *open.touched().file;
    let ours: HashMap<EventId, &[u8]> = entries.entries().collect();
    let mut found = HashSet::new();
    for (id, end) in ids_in(file, |id| ours.contains_key(id))? {
        let Some(entry) = ours.get(&id) else { continue };
        // Without its newline, which may have become two bytes.
        let text = entry.trim_ascii_end();
        if is_whole(file, text, end)? {
            found.insert(id);
        }
    }
    Ok(found)
}

fn is_whole(file: &mut dyn VaultFile, text: &[u8], end: u64) -> io::Result<bool> {
    let start = end.saturating_sub(text.len() as u64);
    let mut there = vec![0; usize::try_from(end - start).unwrap_or(0)];
    let count = file.read_at(start, &mut there)?;
    if count < there.len() || memchr::memchr(0, &there).is_none() {
        return Ok(count == there.len());
    }
    let torn = there.len() == text.len()
        && there
            .iter()
            .zip(text)
            .all(|(found, own)| found == own || *found == 0);
    if torn {
        file.write_at(start, text)?;
    }
    Ok(torn)
}

/// Ids that end a line of the file and that `wanted` asks for, each with the offset of its end.
fn ids_in(file: &dyn VaultFile, wanted: impl Fn(&EventId) -> bool) -> io::Result<Vec<(EventId, u64)>> {
    const MARKED: usize = ID_MARK.len() + ID_LENGTH;
    let finder = memmem::Finder::new(ID_MARK);
    let mut found = Vec::new();
    let mut window = vec![0; WINDOW];
    let mut start = 0;
    loop {
        let count = file.read_at(start, &mut window)?;
        for at in finder.find_iter(&window[..count]) {
            let Some(text) = window[..count].get(at + ID_MARK.len()..at + MARKED) else {
                continue;
            };
            let ends_line = match window[..count].get(at + MARKED) {
                Some(byte) => matches!(byte, b'\n' | b'\r'),
                None => count < window.len(),
            };
            let id = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            if let Some(id) = id.filter(|id| ends_line && wanted(id)) {
                found.push((id, start + (at + MARKED) as u64));
            }
        }
        if count < window.len() {
            found.dedup();
            return Ok(found);
        }
        // What an id at the border would need is read again.
        start += (count - MARKED - 1) as u64;
    }
}

fn key(entries: &GroupFile) -> FileKey {
    (entries.tenant.clone(), entries.path)
}

fn cut_short() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "the write was cut short")
}

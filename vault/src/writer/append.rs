//! Appends the entries of a group to one daily file: for the first time, or again after a failure, a crash or a power loss.
//!
//! Bytes go only to where the journal says, durably, that they begin: [`GroupFile::before`] is the file and its length, or
//! that there was none. So what a power loss leaves of them (nothing, a part, zeros in their place) can be distinguished from
//! what a user wrote, and completed in place.
//!
//! - [`append`] is the common case: one write at the end of the file, which must still be as the journal says, and which
//!   is looked up again afterwards. [`is_moved`] recognises its error if the file was not, or no longer is, that one.
//! - [`complete`] finds our bytes where the journal or a marker says, and completes them.
//! - [`inspect`] looks for them by their ids in whatever file there is now. The writer then journals where the missing
//!   ones will begin, and starts anew.
//!
//! None of them alters a byte that is not ours.
//!
//! # When the last newline disappears at the moment of the write
//!
//! `O_APPEND` finds the end of the file by itself, but nothing can make a write depend on what is there. If a user's
//! program takes the last newline away between our look and our write (a few microseconds), the entry comes to stand on the
//! same line, behind the user's text or behind the id of another entry. It is left so. To move it, our bytes would have to
//! be written again one further; and what looks the same, the pause between two pieces of a user's save, is when the next
//! piece is about to be written over them: we would overwrite that. Nor may every append begin with a newline: the empty
//! lines would tear the list apart.
//!
//! No event is lost by it, since everything that reads a vault takes `^oc-<id>- **` for the end of one entry and the
//! beginning of another ([`crate::ids_in`]); and other text cannot look like that, its `^` has a backslash before it.

mod fragment;
mod search;

pub(crate) use self::{fragment::Fragment, search::Scans};

use std::{borrow::Cow, collections::HashSet, io};

use crate::{
    event_id::EventId,
    fs::{FileId, MountIdentity, VaultFile, VaultRoot},
    writer::open_files::{FileKey, OpenFile, OpenFiles},
    writer::record::{GroupFile, Place},
};

/// What [`inspect`] found.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// Ids of the entries that are in the file, durably.
    pub(crate) present: HashSet<EventId>,
    /// The file, and where the missing entries will begin; `None` if there is no file.
    pub(crate) before: Option<(FileId, u64)>,
    /// The beginning of an entry that an append left, with something of a user behind it.
    pub(crate) fragment: Option<Fragment>,
}

/// Appends all entries to the daily file, which is as [`GroupFile::before`] says; makes it if there is none.
///
/// After an error, `partial` is where a write that was cut short began.
pub(crate) fn append(
    files: &mut OpenFiles,
    root: &dyn VaultRoot,
    entries: &GroupFile,
    partial: &mut Option<Place>,
) -> io::Result<Place> {
    let key = key(entries);
    let place = match (files.current(root, &key)?, entries.before) {
        (None, None) => create(files, root, entries)?,
        (Some(open), Some((file, length))) if open.file.id() == file && open.file.len()? == length => {
            append_to(open, (length, root.mount()), &entries.bytes, partial)?
        }
        _ => return Err(moved(entries)),
    };
    // Another file may have been put in its place meanwhile: ours may have gone with the old one.
    if root.stat(key.1)? == Some(place.file) {
        Ok(place)
    } else {
        Err(moved(entries))
    }
}

/// Finds the entries where they should be, and makes them whole. `place`: where a marker says that they are. `rewrite`:
/// write them again even where they can be read, because a sync has failed. `None`: they are not there.
pub(crate) fn complete(
    files: &mut OpenFiles,
    root: &dyn VaultRoot,
    entries: &GroupFile,
    place: Option<Place>,
    rewrite: bool,
) -> io::Result<Option<Place>> {
    let Some(open) = files.current(root, &key(entries))? else {
        return Ok(None);
    };
    for (offset, bytes) in candidates(open, entries, place)? {
        if complete_at(open, offset, &bytes, rewrite)? {
            let header = (bytes.len() - entries.bytes.len()) as u64;
            return Ok(Some(Place {
                file: open.file.id(),
                offset: offset + header,
                mount: root.mount(),
            }));
        }
    }
    Ok(None)
}

/// Looks for the entries in the file that is at the path now, and syncs it, so that what is found stays.
pub(crate) fn inspect(
    files: &mut OpenFiles,
    scans: &mut Scans,
    root: &dyn VaultRoot,
    entries: &GroupFile,
    place: Option<Place>,
    rewrite: bool,
) -> io::Result<Inspection> {
    let key = key(entries);
    let Some(open) = files.current(root, &key)? else {
        return Ok(Inspection {
            present: HashSet::new(),
            before: None,
            fragment: None,
        });
    };
    let present = search::present(scans, &key, open, entries, rewrite)?;
    let end = open.file.len()?;
    let (mut begun, mut fragment) = (0, None);
    if let Some((_, missing)) = entries.entries().find(|(id, _)| !present.contains(id)) {
        begun = search::begun(&*open.file, end, missing)?;
        if begun == 0 {
            fragment = fragment::find(open, entries, place, &present)?;
        }
    }
    Ok(Inspection {
        present,
        before: Some((open.file.id(), end - begun as u64)),
        fragment,
    })
}

/// [`append`], and keeps what is known of the file.
pub(crate) fn append_known(
    files: &mut OpenFiles,
    scans: &mut Scans,
    root: &dyn VaultRoot,
    entries: &GroupFile,
    partial: &mut Option<Place>,
) -> io::Result<Place> {
    let place = append(files, root, entries, partial)?;
    let key = key(entries);
    if let (Some((_, before)), Some(open)) = (entries.before, files.current(root, &key)?) {
        let added = place.offset - before + entries.bytes.len() as u64;
        scans.appended(&key, &*open.file, before, added)?;
    }
    Ok(place)
}

/// Whether an append failed because the file is not the one that the journal says, or no longer.
pub(crate) fn is_moved(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Moved>())
}

#[derive(Debug, thiserror::Error)]
#[error("{0} was changed or replaced at the same moment")]
struct Moved(String);

fn moved(entries: &GroupFile) -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, Moved(entries.path.to_string()))
}

/// Where our bytes would be, and which: as the journal says (from the beginning, with the header, if we made the file),
/// or as a marker says.
fn candidates<'a>(
    open: &OpenFile,
    entries: &'a GroupFile,
    place: Option<Place>,
) -> io::Result<Vec<(u64, Cow<'a, [u8]>)>> {
    let mut found: Vec<(u64, Cow<'a, [u8]>)> = Vec::new();
    let id = open.file.id();
    match entries.before {
        Some((file, length)) if file == id => {
            let lead = u64::from(needs_newline(&*open.file, length)?);
            found.push((length + lead, entries.bytes.as_slice().into()));
        }
        Some(_) => {}
        None => found.push((0, [&entries.header[..], &entries.bytes].concat().into())),
    }
    if let Some(place) = place.filter(|place| place.file == id) {
        found.push((place.offset, entries.bytes.as_slice().into()));
    }
    Ok(found)
}

/// True if the file had, from `offset` on, nothing but our bytes, zeros in their place, or its end; it has them now.
fn complete_at(open: &mut OpenFile, offset: u64, ours: &[u8], rewrite: bool) -> io::Result<bool> {
    let mut there = vec![0; ours.len()];
    let count = open.file.read_at(offset, &mut there)?;
    there.truncate(count);
    // Where nothing is, nothing says that they are not elsewhere: but in a file that is quite empty.
    let empty = offset == 0 && open.file.len()? == 0;
    if count == 0 && !empty || !is_torn(&there, ours) || !end_line_before(open, offset)? {
        return Ok(false);
    }
    let (known, rest) = ours.split_at(count);
    // Even what is there already may be in the page cache only.
    open.touched();
    if rewrite || there != known {
        open.file.write_at(offset, known)?;
    }
    if !rest.is_empty() && open.file.append(rest)?.written < rest.len() {
        return Err(cut_short());
    }
    Ok(true)
}

/// Whether all that is there is our own bytes, or zeros that the disk put in their place.
fn is_torn(there: &[u8], ours: &[u8]) -> bool {
    there
        .iter()
        .zip(ours)
        .all(|(found, own)| found == own || *found == 0)
}

/// The line before ours must have ended. We put a newline there if it had not; the disk may have lost that one.
fn end_line_before(open: &mut OpenFile, offset: u64) -> io::Result<bool> {
    let Some(before) = offset.checked_sub(1) else {
        return Ok(true);
    };
    let mut byte = [0];
    match (open.file.read_at(before, &mut byte)?, byte[0]) {
        (1, b'\n') => Ok(true),
        (1, 0) => open.touched().file.write_at(before, b"\n").map(|()| true),
        _ => Ok(false),
    }
}

fn create(files: &mut OpenFiles, root: &dyn VaultRoot, entries: &GroupFile) -> io::Result<Place> {
    let bytes = [&entries.header[..], &entries.bytes].concat();
    let made = files.create(root, &key(entries), &bytes)?;
    let open = made.ok_or_else(|| moved(entries))?;
    Ok(Place {
        file: open.file.id(),
        offset: entries.header.len() as u64,
        mount: root.mount(),
    })
}

/// Appends to a file of this mount that had `length` bytes a moment ago.
fn append_to(
    open: &mut OpenFile,
    (length, mount): (u64, Option<MountIdentity>),
    bytes: &[u8],
    partial: &mut Option<Place>,
) -> io::Result<Place> {
    let id = open.file.id();
    let lead = needs_newline(&*open.file, length)?;
    let with_lead = lead.then(|| [b"\n", bytes].concat());
    let wanted = with_lead.as_deref().unwrap_or(bytes);
    let appended = open.touched().file.append(wanted)?;
    let place = Place {
        file: id,
        offset: appended.offset + u64::from(lead),
        mount,
    };
    if appended.written == wanted.len() {
        open.appended(appended.offset, appended.offset + wanted.len() as u64);
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

fn key(entries: &GroupFile) -> FileKey {
    (entries.tenant.clone(), entries.path)
}

fn cut_short() -> io::Error {
    io::Error::new(
        io::ErrorKind::StorageFull,
        "the write was cut short, the disk is full",
    )
}

//! The entries of a daily file, one after another.

use std::io;

use jiff::Timestamp;

use crate::{
    entry::{ReadAt, Tracker, each_entry_line},
    event_id::EventId,
    fs::VaultFile,
};

/// The field that every entry of ours has, and nothing that a user writes.
const ORIGIN: &[u8] = b"[via:: ";
/// Of an item's text at least so much is kept, from its end: more than our own fields are.
const KEPT: usize = 1 << 20;

/// Where an entry begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) offset: u64,
    /// From 1.
    pub(super) line: u64,
}

/// What a scan finds.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// An entry.
    Entry(Entry<'a>),
    /// An entry that has lost its id, at this line.
    Nameless(u64),
    /// A line with NULs in it: the disk lost what was there.
    Zeros(u64),
}

/// An entry in a file.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) id: EventId,
    pub(super) start: Start,
    /// Behind its last line's ending.
    pub(super) end: u64,
    /// All of its lines in one, without their indentation.
    text: &'a [u8],
}

/// Visits what is in a file.
pub(super) fn scan_file(file: &dyn VaultFile, visit: &mut dyn FnMut(Found<'_>)) -> io::Result<()> {
    scan(&|offset, buffer| file.read_at(offset, buffer), visit)
}

/// Visits what is in a file that is in memory.
pub(super) fn scan_bytes(file: &[u8], visit: &mut dyn FnMut(Found<'_>)) -> io::Result<()> {
    let read_at = |offset: u64, buffer: &mut [u8]| {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(file.len());
        let count = buffer.len().min(file.len() - from);
        buffer[..count].copy_from_slice(&file[from..from + count]);
        Ok(count)
    };
    scan(&read_at, visit)
}

fn scan(read_at: &ReadAt<'_>, visit: &mut dyn FnMut(Found<'_>)) -> io::Result<()> {
    let mut tracker = Tracker::new();
    let mut text = Vec::new();
    each_entry_line(read_at, &mut |line| {
        let ended = tracker.line(line.bytes, || Start {
            offset: line.start,
            line: line.number,
        });
        // Users begin items with a bold time, too.
        if let Some(start) = ended.nameless.filter(|_| contains(&text, ORIGIN)) {
            visit(Found::Nameless(start.line));
        }
        if !ended.continues {
            text.clear();
        }
        push_line(&mut text, line.bytes);
        if let Some(entry) = ended.entry {
            visit(Found::Entry(Entry {
                id: entry.id,
                start: entry.start,
                end: line.end,
                text: &text,
            }));
        }
        if memchr::memchr(0, line.bytes).is_some() {
            visit(Found::Zeros(line.number));
        }
    })?;
    if let Some(start) = tracker.finish().filter(|_| contains(&text, ORIGIN)) {
        visit(Found::Nameless(start.line));
    }
    Ok(())
}

/// Adds a line of an item; a formatter may have broken our fields at any space.
fn push_line(text: &mut Vec<u8>, line: &[u8]) {
    if text.len() > 2 * KEPT {
        text.drain(..text.len() - KEPT);
    }
    if !text.is_empty() {
        text.push(b' ');
    }
    text.extend_from_slice(line.trim_ascii());
}

impl Entry<'_> {
    /// When the event was captured, as far as the entry says.
    pub(super) fn captured(&self) -> Option<Timestamp> {
        let field = self.field(b" [at:: ")?;
        let end = memchr::memchr(b']', field)?;
        std::str::from_utf8(&field[..end]).ok()?.trim().parse().ok()
    }

    /// The plugin that sent the event.
    pub(super) fn plugin(&self) -> Option<&str> {
        let field = self.field(b" [via:: ")?;
        // In quotes if the plugin's name begins with a digit.
        let field = field.strip_prefix(b"\"").unwrap_or(field);
        let at = memchr::memchr(b'@', field)?;
        std::str::from_utf8(&field[..at]).ok()
    }

    /// Whether the entry has this field: `field` is ` [name:: value]` as it is written.
    pub(super) fn has(&self, field: &[u8]) -> bool {
        contains(self.text, field)
    }

    /// The rest of the last line behind the last `name`. No text of the event can look like a field.
    fn field(&self, name: &[u8]) -> Option<&[u8]> {
        let at = memchr::memmem::rfind(self.text, name)?;
        Some(&self.text[at + name.len()..])
    }
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(line, part).is_some()
}

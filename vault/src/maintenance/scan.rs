//! The entries of a daily file, one after another.

use std::io;

use jiff::Timestamp;

use super::lines::{Line, ReadAt, each_line};
use crate::{
    entry::{Tracker, first_of_glued},
    event_id::EventId,
    fs::VaultFile,
};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The field that every entry of ours has, and nothing that a user writes.
const ORIGIN: &[u8] = b"[via:: ";

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
    /// The line that ends in the id; all of our own fields stand there.
    last_line: &'a [u8],
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
    // Whether the lines of the item so far have a field of ours: users begin items with a bold time, too.
    let mut has_origin = false;
    each_entry_line(read_at, &mut |line| {
        let (line, mark) = without_mark(line);
        let ended = tracker.line(line.bytes, || Start {
            offset: line.start + mark,
            line: line.number,
        });
        if let Some(start) = ended.nameless.filter(|_| has_origin) {
            visit(Found::Nameless(start.line));
        }
        let begins = line.bytes.starts_with(b"- ");
        has_origin = !begins && has_origin && line.bytes.starts_with(b"  ") || contains(line.bytes, ORIGIN);
        if let Some((id, start)) = ended.entry {
            let (end, last_line) = (line.end, line.bytes);
            visit(Found::Entry(Entry {
                id,
                start,
                end,
                last_line,
            }));
        }
        if memchr::memchr(0, line.bytes).is_some() {
            visit(Found::Zeros(line.number));
        }
    })?;
    if let Some(start) = tracker.finish().filter(|_| has_origin) {
        visit(Found::Nameless(start.line));
    }
    Ok(())
}

/// Visits all lines, and each entry that stands right behind another one's id as a line of its own with the same number.
fn each_entry_line(read_at: &ReadAt<'_>, visit: &mut dyn FnMut(Line<'_>)) -> io::Result<()> {
    each_line(read_at, &mut |mut line| {
        while let Some(length) = first_of_glued(line.bytes) {
            let (bytes, rest) = line.bytes.split_at(length);
            // From the end, since a line that is too long has lost its middle.
            let end = line.end - rest.len() as u64;
            visit(Line { bytes, end, ..line });
            line = Line {
                bytes: rest,
                start: end,
                ..line
            };
        }
        visit(line);
    })
}

/// A byte order mark belongs to the file, not to its first line.
fn without_mark(line: Line<'_>) -> (Line<'_>, u64) {
    match line.bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(bytes) if line.start == 0 => (Line { bytes, ..line }, BYTE_ORDER_MARK.len() as u64),
        _ => (line, 0),
    }
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
        contains(self.last_line, field)
    }

    /// The rest of the last line behind the last `name`. No text of the event can look like a field.
    fn field(&self, name: &[u8]) -> Option<&[u8]> {
        let at = memchr::memmem::rfind(self.last_line, name)?;
        Some(&self.last_line[at + name.len()..])
    }
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(line, part).is_some()
}

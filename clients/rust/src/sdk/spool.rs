//! The spool: events on disk, from `send` to their acknowledgement.
//!
//! Segments are read and written in one order. The first [`Segment`]s are being sent, the last one is being written;
//! one segment may be both. Every event has a position in that order, counted from the client's start, so a flush can wait
//! for "all before". The format of a segment is in [`segment`].
//!
//! - An event is in a segment before `append` returns, and leaves with its segment, when all of it is resolved.
//! - `bytes` is the size of all segments on disk; it never exceeds `max_bytes` by more than a segment's header.

mod reader;
pub(super) mod segment;

use std::{
    collections::VecDeque,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use bytes::Bytes;

use super::{error::Error, state::spool_error};
use reader::Reader;
use segment::Writer;

/// A segment is full at so many bytes.
const SEGMENT_BYTES: u64 = 4 << 20;

/// Events of one segment, taken to be sent.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Which segment.
    pub(super) segment: u64,
    /// The position of its first event; for a part of a unit that of the whole.
    pub(super) first: u64,
    /// An encoded `Batch` without time and events.
    pub(super) header: Bytes,
    /// Encoded `Event`s.
    pub(super) events: Vec<Bytes>,
}

/// What is wanted of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Events, at most.
    pub(super) events: usize,
    /// Bytes of encoded events, at most.
    pub(super) bytes: usize,
}

/// All segments.
#[derive(Debug)]
pub(super) struct Spool {
    directory: PathBuf,
    header: Bytes,
    max_bytes: u64,
    segment_bytes: u64,
    segments: VecDeque<Segment>,
    writer: Option<Writer>,
    /// Full segments that are not durable yet.
    unsynced: Vec<(u64, File)>,
    next_number: u64,
    /// Bytes on disk.
    pub(super) bytes: u64,
    /// Places given so far.
    pub(super) appended: u64,
    /// Events that wait or are being sent.
    pub(super) queued: u64,
    /// Since when the first event has been waiting that no unit holds.
    pub(super) waiting_since: Option<Instant>,
}

#[derive(Debug, Default)]
struct Segment {
    number: u64,
    /// The position of its first event.
    first: u64,
    /// Bytes that hold whole frames.
    length: u64,
    events: u64,
    /// Events that units were made of.
    taken: u64,
    resolved: u64,
    reader: Option<Reader>,
    /// Whether its file is kept when it is done.
    stays: bool,
}

/// What was found when a spool was opened.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Copies of segments that were damaged.
    pub(super) damaged: Vec<PathBuf>,
}

impl Spool {
    /// Reads what is there. Copies damaged segments to `dead_letter`.
    pub(super) fn open(
        directory: &Path,
        dead_letter: &Path,
        header: Bytes,
        max_bytes: u64,
    ) -> Result<(Self, Found), Error> {
        let mut spool = Self {
            directory: directory.to_owned(),
            header,
            max_bytes,
            segment_bytes: SEGMENT_BYTES.min(max_bytes / 4),
            segments: VecDeque::new(),
            writer: None,
            unsynced: Vec::new(),
            next_number: 1,
            bytes: 0,
            appended: 0,
            queued: 0,
            waiting_since: None,
        };
        let mut found = Found::default();
        for number in segment::list(directory).map_err(|source| spool_error(directory, source))? {
            let path = segment::path(directory, number);
            let scan = segment::scan(&path).map_err(|source| spool_error(&path, source))?;
            if scan.is_damaged {
                let copy =
                    segment::copy(&path, dead_letter).map_err(|source| spool_error(dead_letter, source))?;
                found.damaged.push(copy);
            }
            spool.next_number = number + 1;
            if scan.events == 0 {
                fs::remove_file(&path).map_err(|source| spool_error(&path, source))?;
                continue;
            }
            spool.adopt(number, scan.length, scan.events);
        }
        if spool.queued > 0 {
            // What an earlier run left is old enough.
            spool.waiting_since = Instant::now().checked_sub(std::time::Duration::from_secs(3600));
        }
        Ok((spool, found))
    }

    fn adopt(&mut self, number: u64, length: u64, events: u64) {
        self.segments.push_back(Segment {
            number,
            first: self.appended,
            length,
            events,
            ..Segment::default()
        });
        self.bytes += length;
        self.appended += events;
        self.queued += events;
    }

    /// Whether an event of so many bytes fits.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes.saturating_add(bytes).saturating_add(segment::FRAME) <= self.max_bytes
    }

    /// Adds an encoded event. What could not be written whole is taken back.
    pub(super) fn append(&mut self, event: &[u8]) -> Result<(), Error> {
        if self
            .writer
            .as_ref()
            .is_some_and(|writer| writer.length >= self.segment_bytes)
        {
            self.end_segment();
        }
        if self.writer.is_none() {
            self.begin_segment()?;
        }
        let (Some(writer), Some(segment)) = (self.writer.as_mut(), self.segments.back_mut()) else {
            return Ok(());
        };
        let before = writer.length;
        if let Err(source) = writer.append(event) {
            let path = segment::path(&self.directory, segment.number);
            if writer.is_broken {
                self.end_segment();
            }
            return Err(spool_error(&path, source));
        }
        self.bytes += writer.length - before;
        segment.length = writer.length;
        segment.events += 1;
        self.appended += 1;
        self.queued += 1;
        self.waiting_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn begin_segment(&mut self) -> Result<(), Error> {
        let path = segment::path(&self.directory, self.next_number);
        let writer = Writer::create(&path, &self.header).map_err(|source| spool_error(&path, source))?;
        self.segments.push_back(Segment {
            number: self.next_number,
            first: self.appended,
            length: writer.length,
            ..Segment::default()
        });
        self.bytes += writer.length;
        self.next_number += 1;
        self.writer = Some(writer);
        Ok(())
    }

    /// The next event goes into a new segment.
    pub(super) fn end_segment(&mut self) {
        let (Some(writer), Some(last)) = (self.writer.take(), self.segments.back()) else {
            return;
        };
        let number = last.number;
        self.unsynced
            .extend(writer.into_unsynced().map(|file| (number, file)));
        self.remove_if_done(number);
    }

    /// Deletes what is on disk if nothing waits.
    pub(super) fn clear_if_done(&mut self) {
        if self.queued == 0 {
            self.end_segment();
        }
    }

    /// Files that are not durable yet, to be synced without holding the spool.
    pub(super) fn unsynced(&mut self) -> io::Result<Vec<File>> {
        let mut files: Vec<File> = self.unsynced.drain(..).map(|(_, file)| file).collect();
        if let Some(writer) = &mut self.writer {
            files.extend(writer.unsynced()?);
        }
        Ok(files)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether a whole unit waits: as many events as wanted, as many bytes, or the rest of a segment that is full.
    pub(super) fn has_full_unit(&self, wanted: Wanted) -> bool {
        let Some(segment) = self
            .segments
            .iter()
            .find(|segment| segment.events > segment.taken)
        else {
            return false;
        };
        let is_written = self.writer.is_some()
            && self
                .segments
                .back()
                .is_some_and(|last| last.number == segment.number);
        let read = segment.reader.as_ref().map_or(0, Reader::position);
        let enough = u64::try_from(wanted.events).unwrap_or(u64::MAX);
        let bytes = u64::try_from(wanted.bytes).unwrap_or(u64::MAX);
        !is_written
            || segment.events - segment.taken >= enough
            || segment.length.saturating_sub(read) >= bytes
    }

    /// The position of the first event that no unit holds.
    pub(super) fn first_untaken(&self) -> u64 {
        let next = self
            .segments
            .iter()
            .find(|segment| segment.events > segment.taken);
        next.map_or(self.appended, |segment| segment.first + segment.taken)
    }

    /// The next events, in order; `None` if none wait.
    pub(super) fn take(&mut self, wanted: Wanted) -> Result<Option<Unit>, Error> {
        let Some(segment) = self
            .segments
            .iter_mut()
            .find(|segment| segment.events > segment.taken)
        else {
            self.waiting_since = None;
            return Ok(None);
        };
        let path = segment::path(&self.directory, segment.number);
        let unit = segment
            .read(&path, wanted)
            .map_err(|source| spool_error(&path, source))?;
        segment.taken += u64::try_from(unit.events.len()).unwrap_or_default();
        self.waiting_since = (self.first_untaken() < self.appended).then(Instant::now);
        Ok(Some(unit))
    }

    /// Passes over the segment that cannot be read; its file stays for the next start. Gives how many events it held.
    pub(super) fn skip_unreadable(&mut self) -> u64 {
        let Some(at) = self
            .segments
            .iter()
            .position(|segment| segment.events > segment.taken)
        else {
            return 0;
        };
        if at + 1 == self.segments.len() {
            self.end_segment();
        }
        let segment = &mut self.segments[at];
        let skipped = segment.events - segment.taken;
        segment.events = segment.taken;
        segment.stays = true;
        let number = segment.number;
        self.queued -= skipped;
        self.remove_if_done(number);
        skipped
    }

    /// So many events of a segment were acknowledged or set aside.
    pub(super) fn resolve(&mut self, number: u64, events: usize) {
        let events = u64::try_from(events).unwrap_or_default();
        let Some(segment) = self.segments.iter_mut().find(|segment| segment.number == number) else {
            return;
        };
        segment.resolved += events;
        self.queued -= events;
        self.remove_if_done(number);
    }

    fn remove_if_done(&mut self, number: u64) {
        let is_written =
            self.writer.is_some() && self.segments.back().is_some_and(|last| last.number == number);
        let Some(at) = self.segments.iter().position(|segment| segment.number == number) else {
            return;
        };
        if !is_written && self.segments[at].resolved == self.segments[at].events {
            self.remove(at);
        }
    }

    /// Deletes the oldest segment that nothing has been taken of. Gives how many events it held; 0 if there is none.
    pub(super) fn drop_oldest(&mut self) -> u64 {
        let Some(at) = self
            .segments
            .iter()
            .position(|segment| segment.taken == 0 && segment.events > 0)
        else {
            return 0;
        };
        if at + 1 == self.segments.len() {
            self.writer = None;
        }
        let events = self.segments[at].events;
        self.queued -= events;
        self.remove(at);
        events
    }

    fn remove(&mut self, at: usize) {
        let Some(segment) = self.segments.remove(at) else {
            return;
        };
        self.unsynced.retain(|(number, _)| *number != segment.number);
        if !segment.stays {
            // Should the file stay, its events are sent again and skipped.
            let _ = fs::remove_file(segment::path(&self.directory, segment.number));
        }
        self.bytes = self.bytes.saturating_sub(segment.length);
    }
}

impl Segment {
    fn read(&mut self, path: &Path, wanted: Wanted) -> io::Result<Unit> {
        let left = usize::try_from(self.events - self.taken).unwrap_or(usize::MAX);
        let wanted = Wanted {
            events: left.min(wanted.events),
            ..wanted
        };
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(Reader::open(path)?),
        };
        Ok(Unit {
            segment: self.number,
            first: self.first + self.taken,
            events: reader.read(self.length, wanted)?,
            header: reader.header(),
        })
    }
}

#[cfg(test)]
mod tests;

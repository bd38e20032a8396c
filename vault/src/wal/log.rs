//! The log in use: writing, releasing, rolling over to the next segment.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    WalError, WalOptions,
    checkpoint::{CheckpointFile, Position},
    entries, identity,
    notes::Notes,
    pool::{Pool, Retired, is_full},
    record::{HEAD, LogId, Seal, align},
    recovery::{GROUP, Live, Recovered, applied_name, recover},
    segment::{FIRST_RECORD, Header, Segment},
};
use crate::{
    fs::{Directory, VaultFile, VaultFs},
    store::Seq,
};

pub(super) struct Log {
    pub(super) directory: Box<dyn Directory>,
    id: LogId,
    pub(super) checkpoint: Arc<Mutex<CheckpointFile>>,
    pub(super) notes: Notes,
    pub(super) pool: Pool,
    /// Segments with records that may still be needed, by number.
    pub(super) segments: BTreeMap<u64, Segment>,
    pub(super) groups: BTreeMap<Seq, Live>,
    /// The sequence of the next record.
    next: u64,
    /// The number of the next segment.
    next_segment: u64,
    /// Where the next record begins in the last segment.
    offset: u64,
    /// Markers of this segment's time.
    applied: Option<Box<dyn VaultFile>>,
    /// The disk had no space for a marker, so that none is written until the next segment. Recovery looks for the entries of
    /// such groups by their ids.
    unmarked: bool,
    /// Whether the checkpoint file knows that there is a segment.
    begun: bool,
}

impl Log {
    pub(super) fn open(fs: &dyn VaultFs, options: &WalOptions, now: i64) -> Result<Self, WalError> {
        let (directory, id, mut checkpoint) = identity::open(fs, options)?;
        let from = checkpoint.position;
        let notes = Notes::open(&*directory, id)?;
        let recovered = recover(&*directory, id, from, now)?;
        // It may look written and not be, and segments below it are going to be written over.
        checkpoint.write(from)?;
        let Recovered {
            segments,
            groups,
            next,
            offset,
            retired,
        } = recovered;
        let next_segment = segments
            .keys()
            .next_back()
            .map_or(from.segment, |number| number + 1);
        let mut log = Self {
            pool: Pool::new(options, directory.space()?.free, retired),
            begun: from.begun,
            checkpoint: Arc::new(Mutex::new(checkpoint)),
            directory,
            id,
            notes,
            segments,
            groups,
            next,
            next_segment,
            offset,
            applied: None,
            unmarked: false,
        };
        log.renew_markers()?;
        Ok(log)
    }

    /// Begins the file of markers anew: behind an end that a power loss has torn, no marker would be read again. Those of
    /// groups that are still needed go along, in one step. Without space the old file stays: a log that has filled its disk
    /// must open, so that a checkpoint can release its segments.
    fn renew_markers(&mut self) -> Result<(), WalError> {
        let Some(segment) = self.segments.values().next_back() else {
            return Ok(());
        };
        let (name, seal) = (applied_name(&segment.name), segment.seal(self.id));
        let temporary = format!("{name}.tmp");
        match self.write_markers(&temporary, seal) {
            Err(WalError::Io(error)) if is_full(error.kind()) => {
                self.unmarked = true;
                self.directory.remove(&temporary)?;
            }
            Err(error) => return Err(error),
            Ok(file) => {
                self.directory.rename(&temporary, &name)?;
                self.applied = Some(file);
            }
        }
        Ok(())
    }

    /// A file with the markers of all groups that are still needed.
    fn write_markers(&self, name: &str, seal: Seal) -> Result<Box<dyn VaultFile>, WalError> {
        let marked = self
            .groups
            .values()
            .filter_map(|live| Some((live, live.marker.as_ref()?)));
        let mut file = self.directory.create(name)?;
        for (live, marker) in marked {
            entries::append(&mut *file, seal, live.sequence, marker)?;
        }
        Ok(file)
    }

    /// Writes a record and syncs it by itself: recovery relies on each record being durable before the next is written.
    pub(super) fn write(
        &mut self,
        seq: Seq,
        record: &[u8],
        marker: Option<Vec<u8>>,
        now: i64,
    ) -> Result<(), WalError> {
        let length = (HEAD + GROUP + record.len()) as u64;
        let size = self
            .segments
            .values()
            .next_back()
            .map_or(0, |last| last.header.size);
        if self.offset + length > size || self.segments.is_empty() {
            self.roll(length, now)?;
        }
        let (offset, sequence) = (self.offset, self.next);
        let Some(segment) = self.segments.values_mut().next_back() else {
            return Err(WalError::Broken("it has no segment".to_owned()));
        };
        let number = seq.to_le_bytes();
        let head = segment.seal(self.id).head(sequence, &[&number, record]);
        segment.file.write_at(offset, &[&head[..], &number].concat())?;
        let content = offset + (HEAD + GROUP) as u64;
        segment.file.write_at(content, record)?;
        segment.file.sync().map_err(WalError::Sync)?;
        let live = Live {
            sequence,
            segment: segment.header.number,
            offset: content,
            length: record.len(),
            marker,
        };
        self.note_begun()?;
        self.groups.insert(seq, live);
        self.next += 1;
        self.offset = align(usize::try_from(offset + length).unwrap_or(usize::MAX)) as u64;
        Ok(())
    }

    /// Begins the next segment. All records before are durable, and so is the header of the last segment, which may have no
    /// record when recovery found it.
    fn roll(&mut self, length: u64, now: i64) -> Result<(), WalError> {
        if let Some(last) = self.segments.values().next_back() {
            last.file.sync().map_err(WalError::Sync)?;
        }
        let (name, file, size) = self.pool.take(&*self.directory, FIRST_RECORD + length, now)?;
        let header = Header {
            number: self.next_segment,
            first: self.next,
            size,
            started: now,
        };
        self.applied = None;
        self.unmarked = false;
        self.directory.remove(&applied_name(&name))?;
        let segment = Segment::begin(name, file, header, self.id)?;
        self.segments.insert(header.number, segment);
        self.next_segment += 1;
        self.offset = FIRST_RECORD;
        Ok(())
    }

    /// The first record of a log must not be acknowledged before its segment's absence would be noticed.
    fn note_begun(&mut self) -> Result<(), WalError> {
        if self.begun {
            return Ok(());
        }
        let mut file = lock(&self.checkpoint);
        let position = Position {
            begun: true,
            ..file.position
        };
        file.write(position)?;
        self.begun = true;
        Ok(())
    }

    pub(super) fn mark(&mut self, seq: Seq, marker: &[u8]) -> Result<(), WalError> {
        let newest = self.next - 1;
        let Some(live) = self.groups.get_mut(&seq) else {
            return Ok(());
        };
        if live.sequence != newest {
            live.marker = Some(marker.to_vec());
        }
        let sequence = live.sequence;
        self.append_marker(sequence, marker)
    }

    fn append_marker(&mut self, sequence: u64, marker: &[u8]) -> Result<(), WalError> {
        if self.unmarked {
            return Ok(());
        }
        match self.try_append_marker(sequence, marker) {
            Err(WalError::Io(error)) if is_full(error.kind()) => {
                self.unmarked = true;
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn try_append_marker(&mut self, sequence: u64, marker: &[u8]) -> Result<(), WalError> {
        let Some(segment) = self.segments.values().next_back() else {
            return Ok(());
        };
        let seal = segment.seal(self.id);
        let file = match &mut self.applied {
            Some(file) => file,
            None => self
                .applied
                .insert(self.directory.create(&applied_name(&segment.name))?),
        };
        Ok(entries::append(&mut **file, seal, sequence, marker)?)
    }

    pub(super) fn read(&self, live: &Live) -> Result<Vec<u8>, WalError> {
        let segment = self
            .segments
            .get(&live.segment)
            .ok_or_else(|| WalError::Broken(format!("segment {} is gone", live.segment)))?;
        let mut record = vec![0; live.length];
        if segment.file.read_at(live.offset, &mut record)? < record.len() {
            return Err(WalError::damaged(
                &segment.name,
                live.offset,
                "the file is cut short",
            ));
        }
        Ok(record)
    }

    /// Lets go of groups. Older ones that are left are written again at the end, so that the number can pass them.
    pub(super) fn release(&mut self, groups: &[Seq], now: i64) -> Result<(), WalError> {
        let released = groups.iter().filter_map(|seq| self.groups.remove(seq));
        let newest = released.map(|live| live.sequence).max().unwrap_or(0);
        let left = self.groups.iter().filter(|(_, live)| live.sequence < newest);
        let left: Vec<(Seq, Live)> = left.map(|(seq, live)| (*seq, live.clone())).collect();
        for (seq, live) in left {
            let record = self.read(&live)?;
            self.write(seq, &record, live.marker.clone(), now)?;
            if let Some(marker) = &live.marker {
                self.append_marker(self.next - 1, marker)?;
            }
        }
        Ok(())
    }

    /// Where recovery would have to begin.
    pub(super) fn position(&self) -> Position {
        let oldest = self.groups.values().min_by_key(|live| live.sequence);
        let (sequence, segment, offset) = match (oldest, self.segments.keys().next_back()) {
            (Some(live), _) => (live.sequence, live.segment, live.offset - (HEAD + GROUP) as u64),
            (None, Some(last)) => (self.next, *last, self.offset),
            (None, None) => (self.next, self.next_segment, FIRST_RECORD),
        };
        Position {
            sequence,
            segment,
            offset,
            begun: !self.segments.is_empty(),
        }
    }

    /// Segments below the checkpoint number are not needed any more.
    pub(super) fn retire(&mut self, first_needed: u64, now: i64) -> Result<(), WalError> {
        let needed = self.segments.split_off(&first_needed);
        let retired = std::mem::replace(&mut self.segments, needed);
        for segment in retired.into_values() {
            self.directory.remove(&applied_name(&segment.name))?;
            self.pool.add(Retired::of(&segment.name, &segment.header, now));
        }
        self.pool.trim(&*self.directory, now)
    }

    /// Moves on to a segment that does not exist yet, so that none is in use. No group may be needed any more.
    pub(super) fn seal(&mut self, now: i64) -> Result<(), WalError> {
        let position = Position {
            sequence: self.next,
            segment: self.next_segment,
            offset: FIRST_RECORD,
            begun: false,
        };
        lock(&self.checkpoint).write(position)?;
        self.begun = false;
        self.applied = None;
        self.offset = FIRST_RECORD;
        self.retire(position.segment, now)
    }
}

/// A thread that panicked with the lock held has failed by itself.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

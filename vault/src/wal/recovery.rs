//! Recovery: reads the log from the checkpoint number on, and tells a torn tail from damage.

use std::collections::{BTreeMap, HashMap};

use super::{
    WalError,
    checkpoint::Position,
    entries,
    pool::Retired,
    record::{Found, LogId, Seal},
    segment::{FIRST_RECORD, Segment},
};
use crate::{fs::Directory, store::Seq};

/// Where a group's record is.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) sequence: u64,
    /// The number of the segment.
    pub(super) segment: u64,
    /// Where the group's bytes begin and how many there are.
    pub(super) offset: u64,
    pub(super) length: usize,
    /// The marker, if recovery found one, or if it was written later than right after the record.
    pub(super) marker: Option<Vec<u8>>,
}

/// What the log has.
pub(super) struct Recovered {
    /// Segments that are needed, by number.
    pub(super) segments: BTreeMap<u64, Segment>,
    pub(super) groups: BTreeMap<Seq, Live>,
    /// The sequence of the next record.
    pub(super) next: u64,
    /// Where it will begin in the last segment.
    pub(super) offset: u64,
    pub(super) retired: Vec<Retired>,
}

/// The segment files of a directory.
#[derive(Default)]
pub(super) struct Files {
    pub(super) segments: BTreeMap<u64, Segment>,
    pub(super) unused: Vec<Retired>,
    /// Files with a header that is not as it was written.
    pub(super) doubtful: Vec<String>,
}

/// Reads the log, and makes durable what it has read.
pub(super) fn recover(
    directory: &dyn Directory,
    id: LogId,
    from: Position,
    now: i64,
) -> Result<Recovered, WalError> {
    let mut files = list(directory, id)?;
    let live = files.segments.split_off(&from.segment);
    let first_live = live.values().next().map(|segment| segment.header.started);
    let mut recovered = Recovered {
        retired: files.unused,
        segments: live,
        groups: BTreeMap::new(),
        next: from.sequence,
        offset: from.offset,
    };
    // A segment ended when the next one was begun.
    let mut ended = first_live.unwrap_or(now);
    for segment in files.segments.values().rev() {
        recovered
            .retired
            .push(Retired::of(&segment.name, &segment.header, ended));
        ended = segment.header.started;
    }
    recovered.check_complete(from)?;
    recovered.read_records(id, from)?;
    recovered.read_markers(directory, id)?;
    recovered.check_end(directory, id, &files.doubtful)?;
    recovered.make_durable(from)?;
    directory.sync().map_err(WalError::Sync)?;
    Ok(recovered)
}

/// Opens all segment files and removes what a crash has left over.
pub(super) fn list(directory: &dyn Directory, id: LogId) -> Result<Files, WalError> {
    let mut files = Files::default();
    for name in directory.names()? {
        if name.ends_with(".tmp") {
            directory.remove(&name)?;
        }
        if !name.ends_with(".wal") {
            continue;
        }
        let Some(file) = directory.open(&name)? else {
            continue;
        };
        let size = file.len()?;
        let opened = Segment::open(&name, file, id)?;
        if opened.is_doubtful {
            files.doubtful.push(name.clone());
        }
        let Some(segment) = opened.segment else {
            files.unused.push(Retired {
                name,
                size,
                number: 0,
                ended: 0,
            });
            continue;
        };
        if let Some(other) = files.segments.insert(segment.header.number, segment) {
            return Err(WalError::damaged(
                &name,
                0,
                format!("{} is the same segment", other.name),
            ));
        }
    }
    Ok(files)
}

/// The applied markers' file of a segment.
pub(super) fn applied_name(segment: &str) -> String {
    format!("{}.applied", segment.trim_end_matches(".wal"))
}

impl Recovered {
    /// Segments must follow each other from the checkpoint number on.
    fn check_complete(&self, from: Position) -> Result<(), WalError> {
        let missing = |number: u64| {
            let reason = format!("segment {number}, which it needs, is missing");
            Err(WalError::damaged(super::checkpoint::NAME, 0, reason))
        };
        if from.begun && !self.segments.contains_key(&from.segment) {
            return missing(from.segment);
        }
        for (number, expected) in self.segments.keys().zip(from.segment..) {
            if *number != expected {
                return missing(expected);
            }
        }
        Ok(())
    }

    fn read_records(&mut self, id: LogId, from: Position) -> Result<(), WalError> {
        let mut follows = self.segments.values().skip(1).map(|segment| segment.header.first);
        for segment in self.segments.values() {
            let is_first = segment.header.number == from.segment;
            let start = if is_first { from.offset } else { FIRST_RECORD };
            let (bytes, seal) = (segment.read_all()?, segment.seal(id));
            if start as usize > bytes.len() || (is_first && segment.header.first > from.sequence) {
                return Err(WalError::damaged(
                    &segment.name,
                    start,
                    "it does not fit the checkpoint number",
                ));
            }
            let mut at = start as usize;
            while let Some(record) = seal
                .read(&bytes, at)
                .filter(|record| record.sequence == self.next)
            {
                at = record.end();
                self.next += 1;
                note(&mut self.groups, segment, &bytes, &record)?;
            }
            let invalid = |reason: &str| Err(WalError::damaged(&segment.name, at as u64, reason));
            match follows.next() {
                Some(first) if first != self.next => {
                    return invalid("a record is not as it was written, the next segment follows");
                }
                None if seal.find_later(&bytes, at, self.next).is_some() => {
                    return invalid("a record is not as it was written, a valid one follows");
                }
                Some(_) => {}
                None => self.offset = at as u64,
            }
        }
        Ok(())
    }

    /// Reads applied markers. They are not synced, so nothing that is missing or invalid among them is damage; but one of a
    /// record that is not there says that the record was durable once.
    fn read_markers(&mut self, directory: &dyn Directory, id: LogId) -> Result<(), WalError> {
        let mut markers: HashMap<u64, Vec<u8>> = HashMap::new();
        for segment in self.segments.values() {
            for (sequence, marker) in markers_of(directory, &segment.name, segment.seal(id))? {
                if sequence >= self.next {
                    let reason = "a record is not as it was written, its group was appended";
                    return Err(WalError::damaged(&segment.name, self.offset, reason));
                }
                markers.insert(sequence, marker);
            }
        }
        for live in self.groups.values_mut() {
            live.marker = markers.remove(&live.sequence);
        }
        Ok(())
    }

    /// A file with a doubtful header may be the next segment. Then nothing was acknowledged of it, or it is damaged: its first
    /// record may have reached the disk without the header, but neither a second one nor a marker.
    fn check_end(&self, directory: &dyn Directory, id: LogId, doubtful: &[String]) -> Result<(), WalError> {
        let Some(last) = self.segments.keys().next_back() else {
            return Ok(());
        };
        let seal = Seal::new(id, last + 1);
        for name in doubtful {
            let Some(file) = directory.open(name)? else {
                continue;
            };
            let bytes = entries::read_all(&*file)?;
            let is_in_use = seal.find_later(&bytes, 0, self.next + 1).is_some()
                || !markers_of(directory, name, seal)?.is_empty();
            if is_in_use {
                return Err(WalError::damaged(name, 0, "the header is not as it was written"));
            }
        }
        Ok(())
    }

    /// What was read may be in the system's cache only, and look written because a sync has failed before: it is written
    /// again, so that whatever rests on it, rests on the disk. Earlier segments were synced before the last one was begun.
    fn make_durable(&mut self, from: Position) -> Result<(), WalError> {
        let Some(last) = self.segments.values_mut().next_back() else {
            return Ok(());
        };
        let start = if last.header.number == from.segment {
            from.offset
        } else {
            FIRST_RECORD
        };
        let bytes = last.read_all()?;
        last.write_again(&bytes, start, self.offset)
    }
}

/// The valid markers of a segment, each with the sequence of its record.
pub(super) fn markers_of(
    directory: &dyn Directory,
    segment: &str,
    seal: Seal,
) -> Result<Vec<(u64, Vec<u8>)>, WalError> {
    let Some(file) = directory.open(&applied_name(segment))? else {
        return Ok(Vec::new());
    };
    let bytes = entries::read_all(&*file)?;
    let found = entries::read(seal, &bytes).into_iter();
    Ok(found
        .map(|entry| (entry.sequence, bytes[entry.payload].to_vec()))
        .collect())
}

fn note(
    groups: &mut BTreeMap<Seq, Live>,
    segment: &Segment,
    bytes: &[u8],
    record: &Found,
) -> Result<(), WalError> {
    let offset = record.payload.start as u64;
    let (group, content) = group_of(&bytes[record.payload.clone()])
        .ok_or_else(|| WalError::damaged(&segment.name, offset, "a record has no group"))?;
    let live = Live {
        sequence: record.sequence,
        segment: segment.header.number,
        offset: offset + GROUP as u64,
        length: content.len(),
        marker: None,
    };
    groups.insert(group, live);
    Ok(())
}

/// Bytes of a group's number.
pub(super) const GROUP: usize = 8;

/// A record's group and its content.
pub(super) fn group_of(payload: &[u8]) -> Option<(Seq, &[u8])> {
    let (group, content) = payload.split_first_chunk::<GROUP>()?;
    Some((Seq::from_le_bytes(*group), content))
}

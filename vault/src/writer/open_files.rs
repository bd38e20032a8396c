//! Daily files that are open for appending.
//!
//! A path is looked up anew for each group and before each append, because an editor or a sync tool may have put another
//! file there; the descriptor is kept as long as the path still leads to it. A file with bytes that are not yet synced
//! keeps its descriptor until a checkpoint takes it, even when it is no longer at its path: it may have been moved,
//! not deleted.
//!
//! The number of open files is bounded. Those that have rested longest make room; what is not synced of them waits for a
//! checkpoint, so that groups of many tenants cost one sync each and not one a file. Of those that wait there are at most
//! [`WAITING`] times as many as open ones; half of that makes a checkpoint due ([`OpenFiles::crowded`]).

use std::{io, sync::Arc};

use hashbrown::HashMap;

use crate::{
    entry::DailyFile,
    fs::{FileId, VaultFile, VaultRoot},
};

/// Whose file, and which.
pub(crate) type FileKey = (Arc<str>, DailyFile);

/// The open files.
pub(crate) struct OpenFiles {
    open: HashMap<FileKey, OpenFile>,
    /// Not synced, and no longer used: others needed the room, or the path leads elsewhere.
    waiting: Vec<Box<dyn VaultFile>>,
    capacity: usize,
    turn: u64,
}

pub(crate) struct OpenFile {
    pub(crate) file: Box<dyn VaultFile>,
    dirty: bool,
    last_used: u64,
    /// Up to where the system was asked to write to the disk.
    written_back: u64,
    /// The hour of the last heading, while the file has this length.
    pub(crate) last_heading: Option<(u64, u8)>,
}

/// Bytes of one file that may gather in memory before the system is asked to write them. A checkpoint that finds all of them
/// there has a disk busy for so long that those who wait for the journal notice.
const WRITEBACK_BYTES: u64 = 1 << 20;
/// So far back the system is asked once more, and what is on the disk by then leaves its cache. Otherwise each page of a bulk
/// load would be a new one, which on a virtual machine costs many times the copying, and other people's pages would have to go.
const CACHED_BYTES: u64 = 16 << 20;

/// Files that wait for a checkpoint, for each that may be open.
const WAITING: usize = 4;
/// Descriptors for each file that may be open: its own, those that wait, and as many that a running checkpoint has taken.
pub(crate) const DESCRIPTORS: usize = 1 + 2 * WAITING;

impl OpenFiles {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            open: HashMap::new(),
            waiting: Vec::new(),
            capacity,
            turn: 0,
        }
    }

    /// Opens the file that is at the path now; `None` if there is none.
    pub(crate) fn current(
        &mut self,
        root: &dyn VaultRoot,
        key: &FileKey,
    ) -> io::Result<Option<&mut OpenFile>> {
        let standing = root.stat(key.1)?;
        if self.open.get(key).map(|open| open.file.id()) != standing {
            self.retire(key)?;
        }
        if standing.is_some() && !self.open.contains_key(key) {
            let Some(file) = root.open(key.1)? else {
                return Ok(None);
            };
            self.insert(key, file)?;
        }
        self.turn += 1;
        let turn = self.turn;
        let mut open = self.open.get_mut(key);
        if let Some(open) = &mut open {
            open.last_used = turn;
        }
        Ok(open)
    }

    /// The file that [`Self::current`] found for this group, and its length now.
    pub(crate) fn standing(
        &mut self,
        root: &dyn VaultRoot,
        key: &FileKey,
    ) -> io::Result<Option<(FileId, u64)>> {
        // Those that were opened for other files of the group may have taken its room.
        let open = match self.open.get(key) {
            Some(open) => open,
            None => match self.current(root, key)? {
                Some(open) => open,
                None => return Ok(None),
            },
        };
        Ok(Some((open.file.id(), open.file.len()?)))
    }

    /// The file that [`Self::standing`] has told of, without another look at its path.
    pub(crate) fn opened(&mut self, key: &FileKey) -> Option<&mut OpenFile> {
        self.open.get_mut(key)
    }

    /// Creates the file with `bytes`; `None` if there is another one by now.
    pub(crate) fn create(
        &mut self,
        root: &dyn VaultRoot,
        key: &FileKey,
        bytes: &[u8],
    ) -> io::Result<Option<&mut OpenFile>> {
        let Some(file) = root.create(key.1, bytes)? else {
            return Ok(None);
        };
        self.retire(key)?;
        self.insert(key, file)?;
        Ok(self.open.get_mut(key).map(OpenFile::touched))
    }

    /// Takes the files with bytes that are not yet synced, to sync and close them.
    pub(crate) fn take_dirty(&mut self) -> Vec<Box<dyn VaultFile>> {
        let dirty = self
            .open
            .extract_if(|_, open| open.dirty)
            .map(|(_, open)| open.file);
        let mut taken: Vec<_> = dirty.collect();
        taken.append(&mut self.waiting);
        taken
    }

    /// Whether so many files wait that a checkpoint should take them.
    pub(crate) fn crowded(&self) -> bool {
        self.waiting.len() >= self.capacity * WAITING / 2
    }

    fn insert(&mut self, key: &FileKey, file: Box<dyn VaultFile>) -> io::Result<()> {
        if self.open.len() >= self.capacity {
            self.evict()?;
        }
        self.turn += 1;
        self.open.insert(
            key.clone(),
            OpenFile {
                file,
                dirty: false,
                last_used: self.turn,
                written_back: 0,
                last_heading: None,
            },
        );
        Ok(())
    }

    /// Closes the eighth of the files that has rested longest, so that finding them is paid once for many.
    fn evict(&mut self) -> io::Result<()> {
        let mut turns: Vec<u64> = self.open.values().map(|open| open.last_used).collect();
        let (_, border, _) = turns.select_nth_unstable(self.capacity / 8);
        let border = *border;
        let rested = self.open.extract_if(|_, open| open.last_used <= border);
        let dirty: Vec<_> = rested.filter(|(_, open)| open.dirty).collect();
        dirty.into_iter().try_for_each(|(_, open)| self.wait(open.file))
    }

    /// The path leads elsewhere now.
    fn retire(&mut self, key: &FileKey) -> io::Result<()> {
        match self.open.remove(key) {
            Some(open) if open.dirty => self.wait(open.file),
            _ => Ok(()),
        }
    }

    /// Keeps a file for the next checkpoint. Where too many are kept, all are synced here.
    fn wait(&mut self, file: Box<dyn VaultFile>) -> io::Result<()> {
        if self.waiting.len() >= self.capacity * WAITING {
            for file in self.waiting.drain(..) {
                file.sync().map_err(sync_failed)?;
            }
        }
        self.waiting.push(file);
        Ok(())
    }
}

impl OpenFile {
    /// It has bytes now that are not yet synced.
    pub(crate) fn touched(&mut self) -> &mut Self {
        self.dirty = true;
        self
    }

    /// Our bytes `from..to` were appended.
    pub(crate) fn appended(&mut self, from: u64, to: u64) {
        if self.written_back == 0 || self.written_back > from {
            self.written_back = from;
        }
        let waiting = to.saturating_sub(self.written_back);
        if waiting >= WRITEBACK_BYTES {
            let from = self.written_back.saturating_sub(CACHED_BYTES);
            self.file.begin_writeback(from, to - from);
            self.written_back = to;
        }
    }
}

/// Marks a failed sync, which leaves unknown what is on the disk. The writer decides by this type.
#[derive(Debug, thiserror::Error)]
#[error("sync failed: {0}")]
pub(crate) struct SyncFailed(io::Error);

pub(crate) fn sync_failed(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), SyncFailed(error))
}

pub(crate) fn is_sync_failure(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<SyncFailed>())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{ops::Range, sync::Mutex};

    use super::*;
    use crate::fs::Appended;

    const MIB: u64 = 1 << 20;

    /// A file that notes what the system was asked to write.
    struct Noting(Arc<Mutex<Vec<Range<u64>>>>);

    impl VaultFile for Noting {
        fn id(&self) -> FileId {
            FileId { dev: 1, ino: 1 }
        }

        fn len(&self) -> io::Result<u64> {
            unreachable!("not used")
        }

        fn append(&mut self, _: &[u8]) -> io::Result<Appended> {
            unreachable!("not used")
        }

        fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
            unreachable!("not used")
        }

        fn write_at(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
            unreachable!("not used")
        }

        fn begin_writeback(&self, offset: u64, length: u64) {
            self.0.lock().unwrap().push(offset..offset + length);
        }

        fn sync(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is asked for when bytes are appended from `start` on, in steps.
    fn asked(start: u64, steps: &[u64]) -> Vec<Range<u64>> {
        let notes = Arc::default();
        let mut open = OpenFile {
            file: Box::new(Noting(Arc::clone(&notes))),
            dirty: true,
            last_used: 0,
            written_back: 0,
            last_heading: None,
        };
        let mut end = start;
        for step in steps {
            open.appended(end, end + step);
            end += step;
        }
        let notes = notes.lock().unwrap();
        notes.clone()
    }

    #[test]
    fn little_is_left_to_the_system() {
        assert!(asked(7 * MIB, &[1000; 1000]).is_empty());
    }

    #[test]
    fn each_mebibyte_begins_to_be_written_as_it_comes() {
        let asked = asked(100 * MIB, &[MIB / 2; 10]);
        let ends: Vec<_> = asked.iter().map(|range| range.end).collect();
        assert_eq!(ends, [101, 102, 103, 104, 105].map(|end| end * MIB));
    }

    #[test]
    fn what_was_on_its_way_is_asked_for_again_and_then_left_alone() {
        let asked = asked(100 * MIB, &[MIB; 40]);
        let of = |mebibyte: u64| {
            let holds = |range: &&Range<u64>| range.start <= mebibyte * MIB && mebibyte * MIB < range.end;
            asked.iter().filter(holds).count() as u64
        };
        assert_eq!(of(110), 1 + CACHED_BYTES / MIB);
        assert_eq!(of(139), 1);
    }

    #[test]
    fn the_beginning_of_a_file_is_no_bound() {
        assert_eq!(asked(0, &[2 * MIB]).first(), Some(&(0..2 * MIB)));
        assert_eq!(asked(MIB, &[2 * MIB]).first(), Some(&(0..3 * MIB)));
    }
}

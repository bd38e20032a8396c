//! What must be in the file, judged by what the user saved and what was answered.
//!
//! An event may be missing only if a save of the user's took it: it had no answer yet when the user's program loaded the
//! file, so it was not in what was saved, and it had been handed over when the save ended. Whether it is there is settled
//! at the first look after its answer; from then on it must stay, or stay away. The sender waits for each answer, so what
//! is handed over and not answered when a save ends is one batch.
//!
//! What this cannot see, and who sees it: a save whose end falls between the writer's last look at the path and its answer
//! takes the batch, and must be forgiven; one that falls before that look must not cost it, since the writer then appends
//! to the present file too. From outside the two look alike, so a writer that did not look again would be forgiven the one
//! batch of each save. Whether it looks again is therefore judged where the moment can be chosen, on the simulated disk: an
//! editor replaces the file before each single operation of a group
//! (`a_file_that_is_replaced_between_our_look_and_our_write_gets_the_entries_too`), and obstacles are put in the way and
//! taken away again (`an_obstacle_in_the_files_place_is_told_and_nothing_is_lost`), both in `src/writer/tests/users.rs`.
//! Nothing else is forgiven: what was handed over after a save and answered before the next load, and what any look has seen
//! after its answer, must be there at every look from then on; and the last look comes after a restart, with nothing in
//! flight.

use std::{collections::HashSet, fs, path::Path, path::PathBuf, thread, time::Duration};

use openclone_vault::{EventId, ids_in};

use super::{BATCH, ledger::Ledger};

const HEADER_END: &str = "cssclasses: [openclone]\n---\n\n";

pub(crate) struct Watch<'a> {
    ledger: &'a Ledger,
    file: PathBuf,
    /// What the user wrote last; the file begins with it.
    pub(crate) saved: Vec<u8>,
    /// Answered, as far as the last look knows.
    answered: HashSet<EventId>,
    answers: usize,
    /// Handed over and not answered at the last look.
    pending: HashSet<EventId>,
    sent: usize,
    /// Must be there until the user takes it.
    must: HashSet<EventId>,
    /// Taken by the user, on purpose or by a save: must not come back.
    removed: HashSet<EventId>,
    /// Written, perhaps, while a save was under way: there or not, as the next look tells.
    unsettled: HashSet<EventId>,
    taken_by_saves: u32,
    glued: u32,
    looks: u32,
}

/// The file at one moment.
pub(crate) struct Look {
    pub(crate) bytes: Vec<u8>,
    /// How many had been answered before.
    answers: usize,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(ledger: &'a Ledger, file: PathBuf) -> Self {
        Self {
            ledger,
            file,
            saved: Vec::new(),
            answered: HashSet::new(),
            answers: 0,
            pending: HashSet::new(),
            sent: 0,
            must: HashSet::new(),
            removed: HashSet::new(),
            unsettled: HashSet::new(),
            taken_by_saves: 0,
            glued: 0,
            looks: 0,
        }
    }

    /// Loads the file as it is, and checks all that must hold.
    pub(crate) fn look(&mut self) -> Look {
        let look = self.load(&self.file);
        self.looks += 1;
        let mut present = HashSet::new();
        for (id, _) in ids_in(&look.bytes) {
            assert!(present.insert(id), "{id} is there twice");
            assert!(!self.removed.contains(&id), "{id} came back");
        }
        for id in self.ledger.answered_between(self.answers, look.answers) {
            let end_checkpoint = !self.unsettled.remove(&id);
            self.answered.insert(id);
            if self.removed.contains(&id) {
                continue;
            }
            if present.contains(&id) {
                self.must.insert(id);
            } else {
                assert!(!end_checkpoint, "{id} was answered and is lost");
                self.removed.insert(id);
                self.taken_by_saves += 1;
            }
        }
        self.answers = look.answers;
        let lost: Vec<_> = self.must.difference(&present).collect();
        assert!(lost.is_empty(), "{lost:?} were answered and are lost");
        look
    }

    /// Waits until a file is what the user saved and whole entries of ours; a write may be halfway through.
    pub(crate) fn load(&self, file: &Path) -> Look {
        for _ in 0..500 {
            let answers = self.ledger.answers();
            let bytes = fs::read(file).unwrap_or_default();
            if self.is_saved_and_ours(&bytes) {
                return Look { bytes, answers };
            }
            thread::sleep(Duration::from_millis(2));
        }
        let (saved, found) = (self.saved.escape_ascii(), fs::read(file).unwrap_or_default());
        panic!(
            "a user's byte was altered:\n{saved}\nbecame\n{}",
            found.escape_ascii()
        );
    }

    pub(crate) fn is_saved_and_ours(&self, loaded: &[u8]) -> bool {
        let Some(mut rest) = loaded.strip_prefix(self.saved.as_slice()) else {
            return false;
        };
        if self.saved.is_empty() && rest.starts_with(b"---\n") {
            let Some(end) = memchr::memmem::find(rest, HEADER_END.as_bytes()) else {
                return false;
            };
            rest = &rest[end + HEADER_END.len()..];
        } else if !self.saved.ends_with(b"\n") {
            // There is none if it was taken away between the writer's look and its write.
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        let mut end = 0;
        for (id, range) in ids_in(rest) {
            if range.start != end || !self.ledger.is_entry(id, &rest[range.clone()]) {
                return false;
            }
            end = range.end;
        }
        end == rest.len()
    }

    /// The user has saved `bytes` over what was seen at `look`.
    pub(crate) fn has_saved(&mut self, look: &Look, bytes: Vec<u8>) {
        let kept: HashSet<EventId> = ids_in(&bytes).map(|(id, _)| id).collect();
        for (id, _) in ids_in(&look.bytes) {
            if !kept.contains(&id) && self.answered.contains(&id) {
                self.must.remove(&id);
                self.removed.insert(id);
            }
        }
        self.may_have_taken(look.answers);
        self.saved = bytes;
    }

    /// What had no answer when there were `answers` may be gone, as far as it has been handed over by now.
    pub(crate) fn may_have_taken(&mut self, answers: usize) {
        let in_flight = self.ledger.in_flight();
        assert!(in_flight < BATCH as usize, "{in_flight} in flight");
        let sent = self.ledger.sent_from(self.sent);
        self.sent += sent.len();
        self.pending.extend(sent);
        self.pending.retain(|id| !self.answered.contains(id));
        let since = self.ledger.answered_between(self.answers, answers);
        let unsure = self.pending.iter().filter(|id| !since.contains(id));
        self.unsettled.extend(unsure);
    }

    /// The user wrote at the end: what stands before is as it was, and the user's from now on.
    pub(crate) fn has_appended(&mut self, note: &[u8]) {
        let found = fs::read(&self.file).unwrap();
        let start = memchr::memmem::find(&found, note).unwrap();
        assert!(self.is_saved_and_ours(&found[..start]));
        self.saved = found[..start + note.len()].to_vec();
    }

    /// Counts how often an entry had to be left on the line of what stood before it.
    pub(crate) fn count_glued(&mut self) {
        let found = fs::read(&self.file).unwrap_or_default();
        let rest = found.strip_prefix(self.saved.as_slice()).unwrap_or_default();
        self.glued += u32::from(!self.saved.ends_with(b"\n") && rest.starts_with(b"- **"));
    }

    pub(crate) fn finish(&self, edits: u32) {
        let answered = self.answers;
        assert!(answered as u32 > edits / 4, "only {answered} events");
        let taken = self.taken_by_saves;
        assert!(taken as usize <= answered / 2, "{taken} of {answered}");
        #[allow(clippy::print_stdout)]
        {
            println!(
                "{edits} edits, {} looks, {answered} events answered: {} there, {} removed by the user, {taken} of them by \
                 a save that was under way; {} times on another line",
                self.looks,
                answered - self.removed.len(),
                self.removed.len(),
                self.glued
            );
        }
    }
}

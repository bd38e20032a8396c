//! What must be in the file, judged by what the user saved and what was answered.
//!
//! An event may be missing only if a save of the user's took it: it had no answer yet when the user's program loaded the
//! file, so it was not in what was saved, and it had been handed over when the save ended. Whether it is there is settled
//! at the first look after its answer; from then on it must stay, or stay away. The sender waits for each answer, so what
//! is handed over and not answered when a save ends is one batch.

use std::{collections::HashSet, fs, path::Path, path::PathBuf, thread, time::Duration};

use openclone_vault::{EventId, ids_in};

use super::{BATCH, ledger::Ledger};

const HEADER_END: &str = "trust: untrusted-capture\n---\n\n";

pub(crate) struct Watch<'a> {
    ledger: &'a Ledger,
    file: PathBuf,
    /// What the user wrote last; the file begins with it.
    pub(crate) saved: Vec<u8>,
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
    /// What had been answered before.
    pub(crate) answered: HashSet<EventId>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(ledger: &'a Ledger, file: PathBuf) -> Self {
        Self {
            ledger,
            file,
            saved: Vec::new(),
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
        for id in &look.answered {
            let settled = !self.unsettled.remove(id);
            if present.contains(id) || self.removed.contains(id) {
                continue;
            }
            assert!(!settled, "{id} was answered and is lost");
            self.removed.insert(*id);
            self.taken_by_saves += 1;
        }
        look
    }

    /// Waits until a file is what the user saved and whole entries of ours; a write may be halfway through.
    pub(crate) fn load(&self, file: &Path) -> Look {
        for _ in 0..500 {
            let answered = self.ledger.all_answered();
            let bytes = fs::read(file).unwrap_or_default();
            if self.is_saved_and_ours(&bytes) {
                return Look { bytes, answered };
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
        let loaded = ids_in(&look.bytes).map(|(id, _)| id);
        let dismissed = loaded.filter(|id| !kept.contains(id) && look.answered.contains(id));
        self.removed.extend(dismissed);
        self.may_have_taken(&look.answered);
        self.saved = bytes;
    }

    /// What was handed over since `answered` may be gone, even if it has no answer yet.
    pub(crate) fn may_have_taken(&mut self, answered: &HashSet<EventId>) {
        let (sent, answered_now) = self.ledger.sent_and_answered();
        let in_flight = sent.difference(&answered_now).count();
        assert!(in_flight < BATCH as usize, "{in_flight} in flight");
        self.unsettled.extend(sent.difference(answered));
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
        let answered = self.ledger.all_answered().len();
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

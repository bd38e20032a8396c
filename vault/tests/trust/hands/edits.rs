//! A user with an editor and a sync tool.

use std::{
    collections::HashSet,
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
    thread,
    time::Duration,
};

use openclone_vault::{EventId, ids_in};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::ledger::Ledger;
use crate::bench::{Bench, FILE};

const HEADER_END: &str = "trust: untrusted-capture\n---\n\n";

/// The only one who writes to the file besides the writer.
pub(crate) struct User<'a> {
    ledger: &'a Ledger,
    file: PathBuf,
    folder: PathBuf,
    elsewhere: PathBuf,
    rng: StdRng,
    /// What the user wrote last; the file begins with it.
    saved: Vec<u8>,
    /// Answered before it was last looked, and not removed since: must be there.
    expected: HashSet<EventId>,
    /// Removed on purpose: must not come back.
    removed: HashSet<EventId>,
    /// Answered while a save was under way: may be there or not.
    forgiven: HashSet<EventId>,
    looks: u32,
    notes: u32,
}

impl<'a> User<'a> {
    pub(crate) fn new(bench: &Bench, ledger: &'a Ledger) -> Self {
        let elsewhere = bench.path("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::create_dir_all(bench.vault_path("Journal")).unwrap();
        Self {
            ledger,
            file: bench.vault_path(FILE),
            folder: bench.vault_path("Journal"),
            elsewhere,
            rng: StdRng::seed_from_u64(11),
            saved: Vec::new(),
            expected: HashSet::new(),
            removed: HashSet::new(),
            forgiven: HashSet::new(),
            looks: 0,
            notes: 0,
        }
    }

    /// Loads the file as it is, and checks all that must hold.
    pub(crate) fn look(&mut self) -> Vec<u8> {
        let answered = self.ledger.all_answered();
        let loaded = self.load();
        self.looks += 1;
        let mut present = HashSet::new();
        for (id, _) in ids_in(&loaded) {
            assert!(present.insert(id), "{id} is there twice");
            assert!(!self.removed.contains(&id), "{id} came back");
        }
        for id in answered {
            let excused = self.removed.contains(&id) || self.forgiven.contains(&id);
            assert!(excused || present.contains(&id), "{id} was answered and is lost");
        }
        self.expected = present;
        loaded
    }

    /// Waits until the file is what the user saved and whole entries of ours; a write may be halfway through.
    fn load(&self) -> Vec<u8> {
        for _ in 0..500 {
            let loaded = fs::read(&self.file).unwrap_or_default();
            if self.is_saved_and_ours(&loaded) {
                return loaded;
            }
            thread::sleep(Duration::from_millis(2));
        }
        let (saved, found) = (
            self.saved.escape_ascii(),
            fs::read(&self.file).unwrap_or_default(),
        );
        panic!(
            "a user's byte was altered:\n{saved}\nbecame\n{}",
            found.escape_ascii()
        );
    }

    fn is_saved_and_ours(&self, loaded: &[u8]) -> bool {
        let Some(mut rest) = loaded.strip_prefix(self.saved.as_slice()) else {
            return false;
        };
        if self.saved.is_empty() && rest.starts_with(b"---\n") {
            let Some(end) = memchr::memmem::find(rest, HEADER_END.as_bytes()) else {
                return false;
            };
            rest = &rest[end + HEADER_END.len()..];
        } else if self.saved.last().is_some_and(|last| *last != b'\n') {
            // None if the newline was taken away between the writer's look and its write.
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

    /// One edit of the file's content or place.
    pub(crate) fn edit(&mut self) {
        let answered_before = self.ledger.all_answered();
        let loaded = self.look();
        match self.rng.random_range(0..10) {
            0 => return self.append_a_note(),
            1 => return self.delete(&answered_before, &loaded),
            2 => return self.move_away(&answered_before, &loaded),
            _ => {}
        }
        let changed = self.change(&loaded);
        let kept: HashSet<EventId> = ids_in(&changed).map(|(id, _)| id).collect();
        self.dismiss(&answered_before, &loaded, &kept);
        if self.rng.random_bool(0.3) {
            thread::sleep(Duration::from_millis(2));
        }
        self.save(&changed);
        self.forgive(&answered_before);
        if !changed.ends_with(b"\n") {
            // What is written in the very moment in which the newline goes comes to stand on the same line, behind the id.
            self.forgiven.extend(ids_in(&changed).last().map(|(id, _)| id));
        }
        self.saved = changed;
    }

    /// What the user does to the text.
    fn change(&mut self, loaded: &[u8]) -> Vec<u8> {
        self.notes += 1;
        let note = format!("my note {} ^with a caret\n", self.notes);
        let text = String::from_utf8(loaded.to_vec()).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let changed = match self.rng.random_range(0..7) {
            0 => text.trim_end_matches(['\n', '\r']).to_owned(),
            1 => text.replace("\r\n", "\n").replace('\n', "\r\n"),
            2 => format!("\u{feff}{}", text.trim_start_matches('\u{feff}')),
            3 | 4 => {
                // Where an entry begins, not inside of one.
                let starts = lines
                    .iter()
                    .enumerate()
                    .filter(|(_, line)| line.starts_with("- **"));
                let places: Vec<usize> = starts.map(|(at, _)| at).collect();
                let at = match places.len() {
                    0 => lines.len(),
                    count => places[self.rng.random_range(0..count)],
                };
                [&lines[..at], &[note.as_str()], &lines[at..]].concat().concat()
            }
            5 => self.without_some(&text),
            _ => format!("{text}\n{note}"),
        };
        changed.into_bytes()
    }

    fn without_some(&mut self, text: &str) -> String {
        let mut kept = String::new();
        let mut from = 0;
        for (_, range) in ids_in(text.as_bytes()) {
            kept.push_str(&text[from..range.start]);
            if self.rng.random_bool(0.5) {
                kept.push_str(&text[range.clone()]);
            }
            from = range.end;
        }
        kept.push_str(&text[from..]);
        kept
    }

    /// As editors and sync tools save: a new file over the old one, or over its content.
    ///
    /// Over the content only where it is longer than what may be appended between the truncation and the writing: else
    /// the program itself would leave the end of an entry behind.
    fn save(&mut self, bytes: &[u8]) {
        if bytes.len() < 8192 || self.rng.random_bool(0.5) {
            let temporary = self.folder.join(".saving");
            fs::write(&temporary, bytes).unwrap();
            let mode = if self.rng.random_bool(0.1) { 0o444 } else { 0o644 };
            fs::set_permissions(&temporary, fs::Permissions::from_mode(mode)).unwrap();
            fs::rename(&temporary, &self.file).unwrap();
            fs::set_permissions(&self.file, fs::Permissions::from_mode(0o644)).unwrap();
        } else {
            fs::write(&self.file, bytes).unwrap();
        }
    }

    fn append_a_note(&mut self) {
        self.notes += 1;
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.file)
            .unwrap();
        // A line of its own, whatever is before it.
        let note = format!("\nappended {}\n", self.notes);
        file.write_all(note.as_bytes()).unwrap();
        // Entries may stand before the note: all up to it is the user's from now on.
        let found = fs::read(&self.file).unwrap();
        let end = memchr::memmem::find(&found, note.as_bytes()).unwrap() + note.len();
        assert!(self.is_saved_and_ours(&found[..end - note.len()]));
        self.saved = found[..end].to_vec();
    }

    fn delete(&mut self, answered: &HashSet<EventId>, loaded: &[u8]) {
        self.dismiss(answered, loaded, &HashSet::new());
        let _ = fs::remove_file(&self.file);
        self.forgive(answered);
        self.saved.clear();
    }

    fn move_away(&mut self, answered: &HashSet<EventId>, loaded: &[u8]) {
        self.dismiss(answered, loaded, &HashSet::new());
        let _ = fs::rename(&self.file, self.elsewhere.join("moved.md"));
        self.forgive(answered);
        self.saved.clear();
    }

    /// Something else stands where the folder or the file should be, for a while.
    pub(crate) fn obstruct(&mut self) {
        let outside = self.elsewhere.join("outside");
        let _ = fs::create_dir(&outside);
        let aside = self.elsewhere.join("aside");
        let place = if self.rng.random_bool(0.5) {
            &self.folder
        } else {
            &self.file
        };
        if fs::rename(place, &aside).is_err() {
            return;
        }
        // A new folder or file of the writer's own may have come up already; then there is no obstacle.
        let placed = match self.rng.random_range(0..3) {
            0 => symlink(&outside, place),
            1 => rustix::fs::mkfifoat(rustix::fs::CWD, place, rustix::fs::Mode::RWXU).map_err(Into::into),
            _ if *place == self.file => fs::create_dir(place),
            _ => symlink(outside.join("nothing"), place),
        };
        if placed.is_ok() {
            thread::sleep(Duration::from_millis(50));
            if place.symlink_metadata().unwrap().is_dir() {
                fs::remove_dir(place).unwrap();
            } else {
                fs::remove_file(place).unwrap();
            }
        }
        assert_eq!(
            fs::read_dir(&outside).unwrap().count(),
            0,
            "something was written outside"
        );
        let answered = self.ledger.all_answered();
        // Whatever came up meanwhile is replaced by what was there, as a sync tool does.
        while fs::rename(&aside, place).is_err() {
            let _ = fs::remove_dir_all(place);
        }
        self.forgive(&answered);
        let unsure: Vec<EventId> = answered.iter().copied().collect();
        let there = fs::read(&self.file).unwrap_or_default();
        let present: HashSet<EventId> = ids_in(&there).map(|(id, _)| id).collect();
        let gone = |id: &EventId| !present.contains(id) && !self.removed.contains(id);
        self.forgiven.extend(unsure.into_iter().filter(gone));
    }

    /// What the user removes from what was loaded, and had been answered before, is gone for good.
    fn dismiss(&mut self, answered: &HashSet<EventId>, loaded: &[u8], kept: &HashSet<EventId>) {
        for (id, _) in ids_in(loaded) {
            if kept.contains(&id) {
                continue;
            }
            if answered.contains(&id) {
                self.removed.insert(id);
            } else {
                self.forgiven.insert(id);
            }
        }
    }

    /// What was sent since `before`, even if it has no answer yet, may have been overwritten by the save that has just
    /// ended.
    fn forgive(&mut self, before: &HashSet<EventId>) {
        let sent = self.ledger.all_sent();
        self.forgiven.extend(sent.difference(before));
    }

    pub(crate) fn finish(&self, edits: u32) {
        let answered = self.ledger.all_answered().len();
        assert!(answered as u32 > edits / 4, "only {answered} events");
        assert!(
            self.forgiven.len() < answered / 2,
            "{} of {answered}",
            self.forgiven.len()
        );
        #[allow(clippy::print_stdout)]
        {
            let (there, removed) = (self.expected.len(), self.removed.len());
            println!(
                "{edits} edits, {} looks, {answered} events answered: {there} there, {removed} removed by the user, {} \
                 answered during a save",
                self.looks,
                self.forgiven.len()
            );
        }
    }
}

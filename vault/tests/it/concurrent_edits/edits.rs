//! A user with an editor and a sync tool.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use openclone_vault::ids_in;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{
    ledger::Ledger,
    watch::{Look, Watch},
};
use crate::temp_vault::{FILE, TempVault};

/// The only one who writes to the file besides the writer.
pub(crate) struct User<'a> {
    pub(crate) watch: Watch<'a>,
    ledger: &'a Ledger,
    file: PathBuf,
    folder: PathBuf,
    home: PathBuf,
    elsewhere: PathBuf,
    rng: StdRng,
    notes: u32,
}

impl<'a> User<'a> {
    pub(crate) fn new(bench: &TempVault, ledger: &'a Ledger) -> Self {
        let elsewhere = bench.path("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::create_dir_all(bench.vault_path("Journal")).unwrap();
        let file = bench.vault_path(FILE);
        Self {
            watch: Watch::new(ledger, file.clone()),
            ledger,
            file,
            folder: bench.vault_path("Journal"),
            home: bench.home.path().to_owned(),
            elsewhere,
            rng: StdRng::seed_from_u64(11),
            notes: 0,
        }
    }

    /// One edit of the file's content or place.
    pub(crate) fn edit(&mut self) {
        let look = self.watch.look();
        self.watch.count_glued();
        match self.rng.random_range(0..10) {
            0 => return self.append_a_note(),
            1 => return self.delete(&look),
            2 => return self.move_away(&look),
            _ => {}
        }
        let changed = self.change(&look.bytes);
        if self.rng.random_bool(0.3) {
            thread::sleep(Duration::from_millis(2));
        }
        self.save(&look.bytes, &changed);
        self.watch.has_saved(&look, changed);
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

    /// As editors and sync tools save: a new file over the old one, or over its content, or by cutting its end off.
    ///
    /// Over the content only where it is longer than what may be appended between the truncation and the writing: else
    /// the program itself would leave the end of an entry behind.
    fn save(&mut self, loaded: &[u8], bytes: &[u8]) {
        if loaded.starts_with(bytes) && bytes.len() < loaded.len() && self.rng.random_bool(0.7) {
            let file = OpenOptions::new().write(true).open(&self.file).unwrap();
            file.set_len(bytes.len() as u64).unwrap();
        } else if bytes.len() < 8192 || self.rng.random_bool(0.5) {
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
        self.watch.has_appended(note.as_bytes());
    }

    fn delete(&mut self, look: &Look) {
        let _ = fs::remove_file(&self.file);
        self.watch.has_saved(look, Vec::new());
    }

    fn move_away(&mut self, look: &Look) {
        let moved = self.elsewhere.join("moved.md");
        if fs::rename(&self.file, &moved).is_ok() {
            self.watch.load(&moved);
        }
        self.watch.has_saved(look, Vec::new());
    }

    /// Something else stands where the folder or the file should be, for a while.
    pub(crate) fn obstruct(&mut self) {
        let outside = self.elsewhere.join("outside");
        let _ = fs::create_dir(&outside);
        let aside = self.elsewhere.join("aside");
        let place = if self.rng.random_bool(0.5) {
            self.folder.clone()
        } else {
            self.file.clone()
        };
        self.watch.look();
        let answers = self.ledger.answers();
        if fs::rename(&place, &aside).is_err() {
            return;
        }
        // A new folder or file of the writer's own may have come up already; then there is no obstacle.
        if self.put_an_obstacle(&place, &outside) {
            thread::sleep(Duration::from_millis(50));
            if place.symlink_metadata().unwrap().is_dir() {
                fs::remove_dir(&place).unwrap();
            } else {
                fs::remove_file(&place).unwrap();
            }
        }
        // Whatever came up meanwhile is replaced by what was there, as a sync tool does.
        while fs::rename(&aside, &place).is_err() {
            let _ = fs::remove_dir_all(&place);
        }
        self.watch.may_have_taken(answers);
        assert_eq!(names(&outside), [""; 0], "something was written outside");
    }

    fn put_an_obstacle(&mut self, place: &Path, outside: &Path) -> bool {
        let placed = match self.rng.random_range(0..3) {
            0 => symlink(outside, place),
            1 => rustix::fs::mkfifoat(rustix::fs::CWD, place, rustix::fs::Mode::RWXU).map_err(Into::into),
            _ if *place == self.file => fs::create_dir(place),
            _ => symlink(outside.join("nothing"), place),
        };
        placed.is_ok()
    }

    /// Nothing is where nothing should be.
    pub(crate) fn finish(&self, edits: u32) {
        self.watch.finish(edits);
        let known = |directory: &Path, names_of_it: &[&str]| {
            let strange: Vec<String> = names(directory)
                .into_iter()
                .filter(|name| !names_of_it.contains(&name.as_str()))
                .collect();
            assert!(strange.is_empty(), "{strange:?} in {}", directory.display());
        };
        known(&self.home, &["db", "elsewhere", "vault", "wal", "wal.id"]);
        known(&self.home.join("vault"), &[".openclone", "Journal"]);
        known(&self.folder, &["2026-02-26.md"]);
        known(&self.elsewhere, &["moved.md", "outside"]);
        known(&self.elsewhere.join("outside"), &[]);
    }
}

fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

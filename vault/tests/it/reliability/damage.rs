//! What a home looked like at one moment, and what a loss of power makes of it.
//!
//! Daily files are put back in place, so that they stay the files that the journal knows.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use rand::{Rng, rngs::StdRng};
use tempfile::TempDir;

use super::{
    events::FILES,
    watched::{LogFiles, read_log},
};

const PAGE: usize = 4096;
/// What a disk writes at once.
const SECTOR: usize = 512;

/// Lengths of daily files up to which they are durable.
pub(crate) type Durable = BTreeMap<PathBuf, usize>;

/// A home at one moment.
pub(crate) struct Snapshot {
    db: TempDir,
    files: BTreeMap<PathBuf, Vec<u8>>,
    log: LogFiles,
    /// What of the log is durable.
    durable_log: LogFiles,
}

impl Snapshot {
    /// Of the home in which nothing writes at this moment.
    pub(crate) fn take(home: &Path, durable_log: LogFiles) -> Self {
        Self {
            db: copy_at_rest(&home.join("db")),
            files: read(home),
            log: read_log(&home.join("wal")),
            durable_log,
        }
    }

    /// How long the daily files are.
    pub(crate) fn lengths(&self) -> Durable {
        self.files
            .iter()
            .map(|(path, bytes)| (path.clone(), bytes.len()))
            .collect()
    }

    pub(crate) fn db(&self) -> &Path {
        self.db.path()
    }

    pub(crate) fn log(&self) -> &LogFiles {
        &self.log
    }

    /// Puts the home back as it was, but for what a loss of power takes: each sector of the log that is not durable is the old
    /// or the new one, markers are cut anywhere or gone, and pages of daily files are zero or missing.
    pub(crate) fn put_back_torn(&self, home: &Path, durable: &Durable, rng: &mut StdRng) {
        self.put_back(home, |path, bytes| match durable.get(path) {
            None if rng.random_bool(0.3) => None,
            known => Some(torn(bytes, known.copied().unwrap_or(0), rng)),
        });
        for (name, bytes) in &self.log {
            let path = home.join("wal").join(name);
            if name.ends_with(".applied") {
                match rng.random_range(0..3) {
                    0 => fs::remove_file(path).unwrap(),
                    1 => fs::write(path, torn(bytes, 0, rng)).unwrap(),
                    _ => {}
                }
                continue;
            }
            // A segment is synced full of zeros before it is used.
            let zeros = vec![0; bytes.len()];
            let old = self.durable_log.get(name).unwrap_or(&zeros);
            fs::write(path, mixed(old, bytes, rng)).unwrap();
        }
    }

    /// Puts the home back as it was, but for everything in daily files that is not durable.
    pub(crate) fn put_back_bare(&self, home: &Path, durable: &Durable) {
        self.put_back(home, |path, bytes| Some(bytes[..*durable.get(path)?].to_vec()));
    }

    fn put_back(&self, home: &Path, mut left: impl FnMut(&Path, &[u8]) -> Option<Vec<u8>>) {
        for name in ["db", "wal"] {
            fs::remove_dir_all(home.join(name)).unwrap();
            fs::create_dir(home.join(name)).unwrap();
        }
        copy(self.db.path(), &home.join("db"));
        for (name, bytes) in &self.log {
            fs::write(home.join("wal").join(name), bytes).unwrap();
        }
        for path in read(home).keys() {
            match self.files.get(path).and_then(|bytes| left(path, bytes)) {
                Some(bytes) => {
                    let mut file = OpenOptions::new().write(true).truncate(true).open(path).unwrap();
                    file.write_all(&bytes).unwrap();
                }
                None => fs::remove_file(path).unwrap(),
            }
        }
    }
}

/// Each sector the old or the new one. A file that was put in place whole, or that has become longer, is the new one.
fn mixed(old: &[u8], new: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let mut mixed = new.to_vec();
    if old.len() != new.len() {
        return mixed;
    }
    for (sector, old) in mixed.chunks_mut(SECTOR).zip(old.chunks(SECTOR)) {
        if sector != old && rng.random() {
            sector.copy_from_slice(old);
        }
    }
    mixed
}

/// The daily files of a home.
fn read(home: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = FILES
        .iter()
        .map(|(folder, day)| home.join(format!("vault/{folder}/2026-02-{day:02}.md")));
    paths
        .filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes)))
        .collect()
}

fn torn(bytes: &[u8], durable: usize, rng: &mut StdRng) -> Vec<u8> {
    let mut torn = bytes.to_vec();
    let mut at = durable;
    while at < torn.len() {
        let end = (at / PAGE + 1).saturating_mul(PAGE).min(torn.len());
        if rng.random_bool(0.4) {
            torn[at..end].fill(0);
        }
        at = end;
    }
    if rng.random() {
        torn.truncate(rng.random_range(durable..=bytes.len()));
    }
    torn
}

/// A copy of a database whose own threads may still merge or delete files: taken again until nothing changed meanwhile.
fn copy_at_rest(db: &Path) -> TempDir {
    let listing = || -> BTreeMap<_, _> {
        let entries = fs::read_dir(db).unwrap().map(Result::unwrap);
        entries
            .filter_map(|entry| Some((entry.file_name(), entry.metadata().ok()?.len())))
            .collect()
    };
    for _ in 0..1000 {
        let copied = tempfile::tempdir().unwrap();
        let before = listing();
        let whole = before
            .keys()
            .all(|name| fs::copy(db.join(name), copied.path().join(name)).is_ok());
        if whole && listing() == before {
            return copied;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the database in {} never comes to rest", db.display());
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

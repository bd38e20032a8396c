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

use super::{events::FILES, watched::last_log};

const PAGE: usize = 4096;

/// Lengths of daily files up to which they are durable.
pub(crate) type Durable = BTreeMap<PathBuf, usize>;

/// A home at one moment.
pub(crate) struct Snapshot {
    db: TempDir,
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Bytes of the last log that are durable.
    log: u64,
}

impl Snapshot {
    /// Of the home in which nothing writes at this moment.
    pub(crate) fn take(home: &Path, log: u64) -> Self {
        let db = tempfile::tempdir().unwrap();
        copy(&home.join("db"), db.path());
        Self {
            db,
            files: read(home),
            log,
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

    /// Puts the home back as it was, but for what a loss of power takes: the log ends anywhere after its durable part,
    /// and pages of daily files are zero or missing.
    pub(crate) fn put_back_torn(&self, home: &Path, durable: &Durable, rng: &mut StdRng) {
        self.put_back(home, |path, bytes| match durable.get(path) {
            None if rng.random_bool(0.3) => None,
            known => Some(torn(bytes, known.copied().unwrap_or(0), rng)),
        });
        let Some(log) = last_log(&home.join("db")) else {
            return;
        };
        let length = fs::metadata(&log).unwrap().len();
        let cut = rng.random_range(self.log.min(length)..=length);
        OpenOptions::new()
            .write(true)
            .open(log)
            .unwrap()
            .set_len(cut)
            .unwrap();
    }

    /// Puts the home back as it was, but for everything in daily files that is not durable.
    pub(crate) fn put_back_bare(&self, home: &Path, durable: &Durable) {
        self.put_back(home, |path, bytes| Some(bytes[..*durable.get(path)?].to_vec()));
    }

    fn put_back(&self, home: &Path, mut left: impl FnMut(&Path, &[u8]) -> Option<Vec<u8>>) {
        let db = home.join("db");
        fs::remove_dir_all(&db).unwrap();
        fs::create_dir(&db).unwrap();
        copy(self.db.path(), &db);
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

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

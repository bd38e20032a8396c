//! The filter that one run keeps for the next, on a real database: what it may and may not make the next run believe.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, mpsc},
};

use super::bench::{batch, options};
use crate::{
    fs::sim::SimDisk,
    store::{Store as _, rocks::RocksStore},
    writer::Vault,
};

const EVENTS: u32 = 400;

struct Place {
    home: tempfile::TempDir,
    disk: SimDisk,
}

impl Place {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            disk: SimDisk::new(1),
        }
    }

    /// The file in which a filter is kept.
    fn file(&self) -> PathBuf {
        self.home.path().join("filter")
    }

    fn open(&self) -> Vault {
        let store = RocksStore::open(self.home.path()).unwrap();
        let (fs, boot) = (Arc::new(self.disk.process()), self.disk.boot_id());
        Vault::open_on(options(), fs, Arc::new(store), boot).unwrap()
    }

    /// One run, which takes so many new events of these.
    fn run(&self, events: std::ops::Range<u32>) -> u32 {
        let vault = self.open();
        assert!(!self.file().exists(), "it stands while the service runs");
        let (reply, answers) = mpsc::channel();
        for event in events {
            let reply = reply.clone();
            vault.append(batch(&[event]), move |told| reply.send(told).unwrap());
        }
        drop(reply);
        let stored = answers.iter().map(|told| told.unwrap().stored).sum();
        vault.close().unwrap();
        stored
    }
}

#[test]
fn each_run_leaves_it_to_the_next_and_none_forgets_an_event() {
    let place = Place::new();
    for run in 0..4 {
        assert_eq!(place.run(0..EVENTS + run), if run == 0 { EVENTS } else { 1 });
        assert!(place.file().exists(), "run {run} has kept nothing");
    }
}

#[test]
fn one_of_an_earlier_moment_is_not_believed() {
    let place = Place::new();
    place.run(0..EVENTS);
    let early = fs::read(place.file()).unwrap();
    assert_eq!(place.run(EVENTS..EVENTS * 2), EVENTS);
    fs::write(place.file(), early).unwrap();
    assert_eq!(place.run(0..EVENTS * 2), 0, "events were doubled");
}

#[test]
fn one_that_has_changed_is_not_believed() {
    let place = Place::new();
    place.run(0..EVENTS);
    let whole = fs::read(place.file()).unwrap();
    // Each has bits that some id has set: without them that id would be new.
    let set: Vec<_> = (32 + 3 * 8..whole.len() - 32)
        .filter(|at| whole[*at] != 0)
        .collect();
    for nth in [0, 1, 50, 999] {
        let mut bytes = whole.clone();
        bytes[set[nth % set.len()]] = 0;
        fs::write(place.file(), bytes).unwrap();
        assert_eq!(place.run(0..EVENTS), 0, "events were doubled");
    }
}

#[test]
fn without_an_end_in_order_there_is_none() {
    let place = Place::new();
    place.run(0..EVENTS);
    let store = RocksStore::open(place.home.path()).unwrap();
    assert!(store.take_kept().unwrap().is_some());
    drop(store);
    assert!(!place.file().exists());
    assert_eq!(place.run(0..EVENTS), 0);
}

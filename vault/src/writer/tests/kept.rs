//! The filter that one run keeps for the next, on a real database: what it may and may not make the next run believe.

use std::{
    cell::Cell,
    fs,
    path::PathBuf,
    sync::{Arc, mpsc},
};

use super::bench::{batch, id_of, options};
use crate::{
    fs::sim::SimDisk,
    index::filter::Filter,
    store::{Store as _, rocks::RocksStore},
    writer::{
        Vault,
        filling::{fill_filter, take_kept},
    },
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

/// Where the next run's filter would come from.
#[derive(Debug, PartialEq)]
enum Source {
    File,
    Ids,
}

impl Place {
    /// What the next run, in a copy of this home, would fill its filter from. None of these events may be new to it.
    fn filled(&self, events: u32) -> Source {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.home.path()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let store = RocksStore::open(copy.path()).unwrap();
        let filter = Filter::without_layers();
        let source = Cell::new(Source::File);
        let ids_are_read = || {
            source.set(Source::Ids);
            true
        };
        fill_filter(&store, &filter, take_kept(&store), &ids_are_read);
        assert!(filter.is_complete());
        assert!((0..events).all(|event| filter.may_contain(&id_of(event))));
        source.into_inner()
    }
}

#[test]
fn each_run_leaves_it_to_the_next_and_none_forgets_an_event() {
    let place = Place::new();
    for run in 0..4 {
        assert_eq!(place.run(0..EVENTS + run), if run == 0 { EVENTS } else { 1 });
        assert_eq!(place.filled(EVENTS + run), Source::File, "run {run}");
    }
}

#[test]
fn one_of_an_earlier_moment_is_not_believed() {
    let place = Place::new();
    place.run(0..EVENTS);
    let early = fs::read(place.file()).unwrap();
    assert_eq!(place.run(EVENTS..EVENTS * 2), EVENTS);
    fs::write(place.file(), early).unwrap();
    assert_eq!(place.filled(EVENTS * 2), Source::Ids);
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
        assert_eq!(place.filled(EVENTS), Source::Ids);
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

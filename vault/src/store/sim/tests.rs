//! What the ids' twin keeps and what it loses.
#![allow(clippy::unwrap_used)]

use std::io::ErrorKind;

use super::*;
use crate::fs::sim::{Area, SimDisk};

fn open(disk: &SimDisk) -> SimStore {
    SimStore::open(&disk.process()).unwrap()
}

fn id(byte: u8) -> EventId {
    EventId([byte; 16])
}

fn visited(store: &SimStore, limit: usize) -> Vec<EventId> {
    let mut found = Vec::new();
    let mut visit = |id: EventId| {
        found.push(id);
        found.len() < limit
    };
    store.visit_ids(&mut visit).unwrap();
    found
}

#[test]
fn it_answers_what_it_was_told() {
    let disk = SimDisk::new(0);
    for reopened in [false, true] {
        let store = open(&disk);
        if !reopened {
            store.persist_ids(&[id(2), id(5)]).unwrap();
            store.persist_ids(&[id(1), id(2)]).unwrap();
        }
        assert_eq!(visited(&store, 9), [id(1), id(2), id(5)]);
        assert_eq!(visited(&store, 2), [id(1), id(2)]);
        assert!(store.contains(&id(5)).unwrap() && !store.contains(&id(6)).unwrap());
        assert_eq!(store.estimated_ids(), 3);
        disk.kill();
    }
}

#[test]
fn a_failed_sync_stops_everything_until_reopened() {
    let disk = SimDisk::new(0);
    let store = open(&disk);
    store.persist_ids(&[id(1)]).unwrap();
    disk.fail_nth_sync(Area::Log, 1, ErrorKind::Other);
    let error = store.persist_ids(&[id(2)]).unwrap_err();
    assert!(error.kind == ErrorKind::Other && !error.is_sync_failure);
    assert!(store.contains(&id(1)).is_err() && store.persist_ids(&[id(3)]).is_err());
    store.reopen().unwrap();
    assert_eq!(visited(&store, 9), [id(1), id(2)], "it was in the page cache");
    for seed in 0..50 {
        disk.power_loss(seed);
        assert_eq!(
            visited(&open(&disk), 9),
            [id(1), id(2)],
            "reopening made durable what it found"
        );
    }
}

#[test]
fn a_full_disk_is_told_and_passes_by_itself() {
    let disk = SimDisk::new(0);
    let store = open(&disk);
    store.persist_ids(&[id(1)]).unwrap();
    {
        let room = 60;
        disk.capacity(Area::Log, Some(room));
        let ids: Vec<EventId> = (2..9).map(id).collect();
        assert_eq!(
            store.persist_ids(&ids).unwrap_err().kind,
            ErrorKind::StorageFull,
            "room for {room} bytes"
        );
        disk.capacity(Area::Log, None);
        assert_eq!(visited(&store, 9), [id(1)]);
        disk.power_loss(room);
        assert_eq!(visited(&open(&disk), 9), [id(1)]);
        let store = open(&disk);
        assert_eq!(visited(&store, 9), [id(1)]);
    }
}

#[test]
fn a_power_loss_at_any_operation_keeps_what_was_durable() {
    let mut points = 0;
    for seed in 0..4 {
        for last in 1..40 {
            let disk = SimDisk::new(seed);
            disk.die_at(last);
            let mut durable = 0;
            let mut run = || -> Result<(), StoreError> {
                let store = SimStore::open(&disk.process())?;
                for number in 1..=5 {
                    store.persist_ids(&[id(number)])?;
                    durable = number;
                }
                Ok(())
            };
            points += u32::from(run().is_err());
            disk.power_loss(seed * 1000 + last);
            let left = visited(&open(&disk), 9);
            assert!(
                left.iter()
                    .copied()
                    .eq((1..=left.len()).map(|n| id(n.to_le_bytes()[0])))
            );
            assert!(
                left.len() >= usize::from(durable),
                "at {last}: {} of {durable}",
                left.len()
            );
        }
    }
    assert!(points > 20, "{points} crash points");
}

#[test]
fn it_dies_with_its_process() {
    let disk = SimDisk::new(0);
    let store = open(&disk);
    disk.kill();
    assert!(store.persist_ids(&[id(1)]).is_err() && store.reopen().is_err());
    assert_eq!(visited(&open(&disk), 9).len(), 0);
}

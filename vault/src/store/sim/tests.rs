//! What the store's twin keeps and what it loses.
#![allow(clippy::unwrap_used)]

use std::{collections::HashSet, io::ErrorKind};

use super::*;
use crate::fs::sim::{Area, SimDisk};

type Groups = Vec<(Seq, Vec<u8>, Option<Vec<u8>>)>;

fn open(disk: &SimDisk) -> SimStore {
    SimStore::open(&disk.process()).unwrap()
}

fn groups(store: &SimStore) -> Groups {
    let numbers = store.groups().unwrap();
    let found = numbers
        .into_iter()
        .map(|seq| (seq, store.group(seq).unwrap().unwrap()));
    found
        .map(|(seq, group)| (seq, group.record, group.marker))
        .collect()
}

fn id(byte: u8) -> EventId {
    EventId([byte; 16])
}

fn visited(store: &SimStore, limit: usize) -> Vec<[u8; 16]> {
    let mut found = Vec::new();
    let mut visit = |id: EventId| {
        found.push(id.0);
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
            store.write_group(1, b"one").unwrap();
            store.write_group(2, b"two").unwrap();
            store.write_group(3, b"three").unwrap();
            store.mark_applied(2, b"marker").unwrap();
            store.forget_groups(&[1, 7]).unwrap();
            store.set_note("clean", b"yes").unwrap();
        }
        let expected = vec![
            (2, b"two".to_vec(), Some(b"marker".to_vec())),
            (3, b"three".to_vec(), None),
        ];
        assert_eq!(groups(&store), expected);
        assert_eq!(visited(&store, 9), [id(1).0, id(2).0, id(5).0]);
        assert_eq!(visited(&store, 2), [id(1).0, id(2).0]);
        assert!(store.contains(&id(5)).unwrap() && !store.contains(&id(6)).unwrap());
        assert_eq!(store.estimated_ids(), 3);
        assert_eq!(
            (store.note("clean").unwrap(), store.note("no").unwrap()),
            (Some(b"yes".to_vec()), None)
        );
        disk.kill();
    }
}

#[test]
fn what_is_durable_survives_and_what_is_not_may_go() {
    let survivors = |seed: u64| {
        let disk = SimDisk::new(seed);
        let store = open(&disk);
        store.persist_ids(&[id(1)]).unwrap();
        store.set_note("a", b"b").unwrap();
        store.write_group(1, &[7; 10_000]).unwrap();
        store.mark_applied(1, b"1").unwrap();
        store.write_group(2, b"two").unwrap();
        store.mark_applied(2, b"2").unwrap();
        store.forget_groups(&[1]).unwrap();
        disk.power_loss(seed);
        let store = open(&disk);
        assert!(store.contains(&id(1)).unwrap() && store.note("a").unwrap().is_some());
        let left: Vec<_> = groups(&store)
            .into_iter()
            .map(|(seq, _, marker)| (seq, marker.is_some()))
            .collect();
        left
    };
    let outcomes: HashSet<_> = (0..100).map(survivors).collect();
    let (both, marked) = (vec![(1, true), (2, false)], vec![(1, true), (2, true)]);
    assert_eq!(outcomes, HashSet::from([both, marked, vec![(2, true)]]));
}

#[test]
fn a_damaged_record_ends_the_log() {
    let disk = SimDisk::new(0);
    let store = open(&disk);
    store.write_group(1, b"one").unwrap();
    let good = disk.log().read().unwrap().len();
    store.write_group(2, b"two").unwrap();
    store.write_group(3, b"three").unwrap();
    let mut log = disk.log().read().unwrap();
    log[good + 12 + 9] ^= 1;
    disk.kill();
    disk.log().replace(&log).unwrap();
    let reopened = open(&disk);
    assert_eq!(groups(&reopened), [(1, b"one".to_vec(), None)]);
    reopened.write_group(2, b"again").unwrap();
    disk.kill();
    assert_eq!(groups(&open(&disk)).len(), 2, "the damage is gone from the log");
}

#[test]
fn a_failed_sync_stops_everything_until_reopened() {
    let disk = SimDisk::new(0);
    let store = open(&disk);
    store.write_group(1, b"one").unwrap();
    disk.fail_nth_sync(Area::Log, 1, ErrorKind::Other);
    assert_eq!(
        store.write_group(2, &[2; 20_000]).unwrap_err().kind,
        ErrorKind::Other
    );
    let refused = store.write_group(3, b"three").unwrap_err();
    assert!(refused.message.contains("must be reopened"), "{refused}");
    assert!(store.contains(&id(1)).is_err() && store.groups().is_err());
    store.reopen().unwrap();
    assert_eq!(groups(&store).len(), 2, "it was in the page cache");
    store.write_group(3, b"three").unwrap();
    for seed in 0..50 {
        disk.power_loss(seed);
        assert_eq!(
            groups(&open(&disk)).len(),
            3,
            "reopening made durable what it found"
        );
    }
}

#[test]
fn a_full_disk_passes_by_itself() {
    let disk = SimDisk::new(0);
    let store = open(&disk);
    store.write_group(1, b"one").unwrap();
    let used = disk.log().read().unwrap().len() as u64;
    disk.capacity(Area::Log, Some(used + 20));
    assert_eq!(
        store.write_group(2, &[0; 100]).unwrap_err().kind,
        ErrorKind::StorageFull
    );
    disk.capacity(Area::Log, None);
    store.write_group(2, b"two").unwrap();
    disk.power_loss(3);
    let left: Vec<_> = groups(&open(&disk))
        .into_iter()
        .map(|(_, group, _)| group)
        .collect();
    assert_eq!(left, [b"one".to_vec(), b"two".to_vec()]);
}

#[test]
fn dying_at_any_operation_loses_no_durable_group() {
    let mut points = 0;
    for seed in 0..4 {
        for last in 1..60 {
            let disk = SimDisk::new(seed);
            disk.die_at(last);
            let mut durable = 0;
            let mut run = || -> Result<(), StoreError> {
                let store = SimStore::open(&disk.process())?;
                for seq in 1..=5 {
                    store.write_group(seq, &[1; 3000])?;
                    durable = seq;
                    store.mark_applied(seq, b"applied")?;
                }
                Ok(())
            };
            points += u32::from(run().is_err());
            match last % 2 {
                0 => disk.kill(),
                _ => disk.power_loss(seed * 1000 + last),
            }
            let left = groups(&open(&disk));
            assert!(
                left.iter().map(|group| group.0).eq(1..=left.len() as u64),
                "a prefix"
            );
            assert!(
                left.len() as u64 >= durable,
                "at {last}: {} of {durable}",
                left.len()
            );
        }
    }
    assert!(points > 40, "{points} crash points");
}

#[test]
fn a_store_dies_with_its_process() {
    let disk = SimDisk::new(0);
    let store = open(&disk);
    disk.kill();
    assert!(store.write_group(1, b"one").is_err() && store.reopen().is_err());
    assert!(groups(&open(&disk)).is_empty());
}

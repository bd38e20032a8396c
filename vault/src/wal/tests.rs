//! The log on a simulated disk: crashes, power losses, failing syncs, full disks, damage, recycling.

mod crash;
mod damage;
mod disks;
mod lying;
mod recycling;

use std::{sync::Arc, time::Duration};

use super::{Wal, WalError, WalOptions};
use crate::{fs::sim::SimDisk, store::Seq};

pub(super) const SEGMENT: u64 = 16 << 10;

pub(super) fn options() -> WalOptions {
    WalOptions {
        dir: "/home/wal".into(),
        keep_for: Duration::from_secs(3600),
        keep_bytes: 4 * SEGMENT,
        segment_bytes: SEGMENT,
    }
}

pub(super) fn open(disk: &SimDisk) -> Result<Wal, WalError> {
    Wal::open_at(Arc::new(disk.process()), options(), || 1_000_000)
}

/// A record that tells which group it is of.
pub(super) fn record(seq: Seq) -> Vec<u8> {
    let length = [3, 100, 700, 3000, 41][usize::try_from(seq % 5).unwrap()];
    let byte = |n: u64| (seq * 31 + n).to_le_bytes()[0];
    (0..length).map(byte).collect()
}

pub(super) fn marker(seq: Seq) -> Vec<u8> {
    format!("marker of {seq}").into_bytes()
}

/// The groups of a log, each checked against what was written.
pub(super) fn groups(wal: &Wal) -> Vec<Seq> {
    let all = wal.groups().unwrap();
    for seq in &all {
        let group = wal.group(*seq).unwrap().unwrap();
        assert_eq!(group.record, record(*seq), "group {seq}");
        assert!(
            group.marker.is_none_or(|found| found == marker(*seq)),
            "marker of {seq}"
        );
    }
    all
}

/// Writes and marks groups.
pub(super) fn write(wal: &Wal, seqs: impl IntoIterator<Item = Seq>) {
    for seq in seqs {
        wal.write_group(seq, &record(seq)).unwrap();
        wal.mark_applied(seq, &marker(seq)).unwrap();
    }
}

/// The segment files, by name.
pub(super) fn segments(disk: &SimDisk) -> Vec<String> {
    let names = disk.list("/home/wal").into_iter();
    names.filter(|name| name.ends_with(".wal")).collect()
}

#[test]
fn groups_and_markers_come_back_after_each_reopening() {
    let disk = SimDisk::new(0);
    for round in 0..4 {
        let wal = open(&disk).unwrap();
        assert_eq!(groups(&wal), (1..=round * 10).collect::<Vec<_>>());
        write(&wal, round * 10 + 1..=round * 10 + 10);
        wal.reopen().unwrap();
        assert_eq!(groups(&wal), (1..=round * 10 + 10).collect::<Vec<_>>());
        assert_eq!(
            wal.group(round * 10 + 3).unwrap().unwrap().marker,
            Some(marker(round * 10 + 3))
        );
        disk.kill();
    }
}

#[test]
fn released_groups_are_gone_and_others_stay() {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    write(&wal, 1..=30);
    let released: Vec<Seq> = (1..=25).filter(|seq| ![2, 11].contains(seq)).collect();
    wal.forget_groups(&released).unwrap();
    let left = [2, 11, 26, 27, 28, 29, 30];
    assert_eq!(groups(&wal), left);
    for seed in 0..20 {
        disk.power_loss(seed);
        assert_eq!(groups(&open(&disk).unwrap()), left, "seed {seed}");
    }
    let wal = open(&disk).unwrap();
    wal.forget_groups(&left).unwrap();
    disk.kill();
    assert!(groups(&open(&disk).unwrap()).is_empty());
}

#[test]
fn the_last_record_of_a_group_counts_with_its_own_marker() {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    wal.write_group(1, b"old").unwrap();
    wal.mark_applied(1, b"old marker").unwrap();
    wal.write_group(1, b"new").unwrap();
    disk.kill();
    let wal = open(&disk).unwrap();
    let group = wal.group(1).unwrap().unwrap();
    assert_eq!((group.record, group.marker), (b"new".to_vec(), None));
}

/// Group numbers begin anew after each orderly end: a marker of an earlier group with the same number proves nothing.
#[test]
fn a_marker_of_an_earlier_group_with_the_same_number_does_not_count() {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    write(&wal, [1]);
    wal.forget_groups(&[1]).unwrap();
    disk.kill();
    let wal = open(&disk).unwrap();
    wal.write_group(1, &record(1)).unwrap();
    disk.kill();
    assert_eq!(open(&disk).unwrap().group(1).unwrap().unwrap().marker, None);
}

#[test]
fn notes_are_kept_through_power_losses() {
    let disk = SimDisk::new(0);
    for round in 0..5_u8 {
        let wal = open(&disk).unwrap();
        let expected = (round > 0).then(|| vec![round - 1; 700]);
        assert_eq!(wal.note("long").unwrap(), expected);
        wal.set_note("long", &[round; 700]).unwrap();
        wal.set_note(&format!("vault/tenant{round}"), b"id\n/path")
            .unwrap();
        assert_eq!(
            wal.note("vault/tenant0").unwrap().as_deref(),
            Some(&b"id\n/path"[..])
        );
        disk.power_loss(u64::from(round));
    }
    assert_eq!(open(&disk).unwrap().note("nothing").unwrap(), None);
}

#[test]
fn a_record_larger_than_a_segment_gets_one_of_its_own() {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    let large = vec![7; 5 * usize::try_from(SEGMENT).unwrap()];
    wal.write_group(1, b"small").unwrap();
    wal.write_group(2, &large).unwrap();
    wal.write_group(3, b"small").unwrap();
    disk.power_loss(1);
    let wal = open(&disk).unwrap();
    assert_eq!(wal.groups().unwrap(), [1, 2, 3]);
    assert_eq!(wal.group(2).unwrap().unwrap().record, large);
}

#[test]
fn a_sync_of_a_record_changes_no_size() {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    wal.write_group(1, b"first").unwrap();
    let size = || disk.read("/home/wal/00000001.wal").unwrap().len();
    let before = size();
    wal.write_group(2, b"second").unwrap();
    assert_eq!((before as u64, size()), (SEGMENT, before));
}

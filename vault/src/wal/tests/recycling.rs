//! Segments that are kept, recycled and erased.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::civil::date;

use super::{SEGMENT, groups, open, options, record, segments, write};
use crate::{
    entry::DailyFile,
    event_id::EventId,
    fs::sim::SimDisk,
    store::Seq,
    wal::{Wal, WalOptions},
    writer::record::{Group, GroupFile},
};

/// Writes and releases groups, so that segments go round.
fn turn(wal: &Wal, rounds: u64) {
    for round in 0..rounds {
        let seqs: Vec<Seq> = (round * 10..round * 10 + 10).collect();
        write(wal, seqs.iter().copied());
        wal.forget_groups(&seqs).unwrap();
    }
}

#[test]
fn segments_are_kept_up_to_the_bound_and_then_recycled() {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    turn(&wal, 100);
    let count = segments(&disk).len();
    turn(&wal, 200);
    assert_eq!(segments(&disk).len(), count, "more files than before");
    assert!(count <= 8, "{count} segments");
    let (retired, used) = wal.size().unwrap();
    assert!(
        (4 * SEGMENT..=6 * SEGMENT).contains(&retired),
        "{retired} bytes retired"
    );
    assert!(used <= 2 * SEGMENT, "{used} bytes used");
}

#[test]
fn nothing_is_kept_where_that_is_asked_for() {
    let disk = SimDisk::new(0);
    let nothing = WalOptions {
        keep_bytes: 0,
        ..options()
    };
    let wal = Wal::open_at(Arc::new(disk.process()), nothing, || 1).unwrap();
    turn(&wal, 100);
    assert!(segments(&disk).len() <= 3, "{:?}", segments(&disk));
}

#[test]
fn segments_are_recycled_when_their_time_is_over() {
    static NOW: AtomicI64 = AtomicI64::new(1_000_000);
    let disk = SimDisk::new(0);
    let many = WalOptions {
        keep_bytes: 1 << 30,
        ..options()
    };
    let wal = Wal::open_at(Arc::new(disk.process()), many, || NOW.load(Ordering::Relaxed)).unwrap();
    turn(&wal, 30);
    let count = segments(&disk).len();
    turn(&wal, 30);
    assert!(segments(&disk).len() > count, "they are kept");
    NOW.fetch_add(3601, Ordering::Relaxed);
    let count = segments(&disk).len();
    turn(&wal, 30);
    assert!(segments(&disk).len() <= count, "they are recycled");
}

/// Records of a segment's earlier life stand behind those of the present one, whole and with valid neighbours.
#[test]
fn records_of_an_earlier_life_never_count() {
    for seed in 0..60 {
        let disk = SimDisk::new(seed);
        let wal = open(&disk).unwrap();
        turn(&wal, 40);
        write(&wal, 5001..=5001 + seed % 7);
        let expected = groups(&wal);
        match seed % 2 {
            0 => disk.kill(),
            _ => disk.power_loss(seed),
        }
        let wal = open(&disk).unwrap();
        assert_eq!(groups(&wal), expected, "seed {seed}");
        let file = disk.read("/home/wal/00000001.wal").unwrap();
        assert!(file[1100..].iter().any(|byte| *byte != 0));
    }
}

#[test]
fn a_torn_record_over_an_earlier_life_is_a_torn_tail() {
    for seed in 0..200 {
        let disk = SimDisk::new(seed);
        let wal = open(&disk).unwrap();
        turn(&wal, 40);
        write(&wal, [1]);
        // The process ends within the next record, then the power goes.
        disk.die_at(disk.ops() + 1 + seed % 4);
        let _ = wal.write_group(2, &record(3));
        disk.power_loss(seed);
        let wal = open(&disk).unwrap();
        assert!(wal.groups().unwrap().contains(&1), "seed {seed}");
    }
}

fn id(number: u8) -> EventId {
    EventId([number; 16])
}

fn group(numbers: &[u8]) -> Vec<u8> {
    let texts: Vec<String> = numbers
        .iter()
        .map(|number| format!("- **12:00:00** secret {number} ^oc-{}\n", id(*number)))
        .collect();
    let mut end = 0;
    let ends = texts.iter().map(|text| {
        end += u32::try_from(text.len()).unwrap();
        end
    });
    let file = GroupFile {
        tenant: "default".into(),
        path: DailyFile {
            folder: "Audio",
            date: date(2026, 2, 26),
        },
        before: None,
        header: b"---\n".to_vec(),
        ids: numbers.iter().map(|number| id(*number)).collect(),
        ends: ends.collect(),
        bytes: texts.concat().into_bytes(),
    };
    Group { files: vec![file] }.encode()
}

/// Whether the text of an event stands anywhere in the log's directory.
fn is_there(disk: &SimDisk, number: u8) -> bool {
    let text = format!("secret {number} ^oc");
    disk.list("/home/wal").iter().any(|name| {
        let bytes = disk.read(format!("/home/wal/{name}")).unwrap();
        memchr::memmem::find(&bytes, text.as_bytes()).is_some()
    })
}

#[test]
fn forgotten_events_leave_every_segment() {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    wal.write_group(1, &group(&[1, 2])).unwrap();
    wal.forget_groups(&[1]).unwrap();
    turn(&wal, 3);
    wal.write_group(1, &group(&[3])).unwrap();
    assert!(
        wal.erase(&HashSet::from([id(2)])).is_err(),
        "a group is still needed"
    );
    wal.forget_groups(&[1]).unwrap();
    assert!(is_there(&disk, 2) && is_there(&disk, 3));
    assert!(wal.erase(&HashSet::from([id(2), id(9)])).unwrap() > 0);
    assert!(!is_there(&disk, 2));
    // Also one that stands in the segment that was in use.
    wal.erase(&HashSet::from([id(3)])).unwrap();
    assert!(!is_there(&disk, 3));
    write(&wal, [7]);
    disk.power_loss(1);
    let wal = open(&disk).unwrap();
    assert_eq!(groups(&wal), [7]);
    turn(&wal, 30);
}

#[test]
fn an_event_behind_the_end_of_a_recycled_segment_is_erased_as_well() {
    let disk = SimDisk::new(0);
    let nothing = WalOptions {
        keep_bytes: 0,
        ..options()
    };
    let wal = Wal::open_at(Arc::new(disk.process()), nothing, || 1).unwrap();
    // Near the end of the first segment.
    wal.write_group(1, &[1; 12_000]).unwrap();
    wal.write_group(2, &group(&[5])).unwrap();
    wal.forget_groups(&[1, 2]).unwrap();
    wal.write_group(3, &[1; 12_000]).unwrap();
    wal.forget_groups(&[3]).unwrap();
    // The first file is used again, its end is not written over.
    wal.write_group(4, b"small").unwrap();
    wal.write_group(5, &[1; 12_000]).unwrap();
    wal.forget_groups(&[4, 5]).unwrap();
    assert!(is_there(&disk, 5));
    assert!(wal.erase(&HashSet::from([id(5)])).unwrap() > 0);
    assert!(!is_there(&disk, 5));
}

use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;

const WANTED: Wanted = Wanted {
    events: 10,
    bytes: 1_000_000,
};

fn open(directory: &Path, max_bytes: u64) -> (Spool, Found) {
    let dead_letter = directory.join("dead");
    fs::create_dir_all(directory.join("spool")).unwrap();
    fs::create_dir_all(&dead_letter).unwrap();
    Spool::open(
        &directory.join("spool"),
        &dead_letter,
        Bytes::from_static(b"header"),
        max_bytes,
    )
    .unwrap()
}

fn event(number: u64) -> Vec<u8> {
    format!("event {number}").into_bytes()
}

/// All that can be taken.
fn drain(spool: &mut Spool) -> Vec<Bytes> {
    let mut events = Vec::new();
    while let Some(unit) = spool.take(WANTED).unwrap() {
        assert_eq!(unit.header, "header");
        events.extend(unit.events);
    }
    events
}

fn segments(directory: &Path) -> usize {
    fs::read_dir(directory.join("spool")).unwrap().count()
}

#[test]
fn events_come_out_as_they_went_in_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(directory.path(), 1 << 20);
    for number in 0..25 {
        spool.append(&event(number)).unwrap();
    }
    let first = spool.take(WANTED).unwrap().unwrap();
    assert_eq!((first.first, first.events.len()), (0, 10));
    assert_eq!(drain(&mut spool).len(), 15);
    spool.append(&event(25)).unwrap();
    assert_eq!(drain(&mut spool), [event(25)]);
    drop(spool);
    let (mut spool, found) = open(directory.path(), 1 << 20);
    assert!(found.damaged.is_empty());
    assert_eq!((spool.queued, spool.appended), (26, 26));
    let expected: Vec<_> = (0..26).map(event).collect();
    assert_eq!(drain(&mut spool), expected);
}

#[test]
fn a_segment_goes_when_all_of_it_is_settled() {
    let directory = tempfile::tempdir().unwrap();
    // Segments of 64 bytes.
    let (mut spool, _) = open(directory.path(), 256);
    for number in 0..8 {
        assert!(spool.has_room(event(number).len()));
        spool.append(&event(number)).unwrap();
    }
    assert!(!spool.has_room(100));
    let before = (segments(directory.path()), spool.bytes);
    while let Some(unit) = spool.take(Wanted { events: 1, ..WANTED }).unwrap() {
        spool.resolve(unit.segment, 1);
    }
    assert_eq!(spool.queued, 0);
    assert!(segments(directory.path()) < before.0 && spool.bytes < before.1);
    spool.clear_if_done();
    assert_eq!((segments(directory.path()), spool.bytes), (0, 0));
}

#[test]
fn the_oldest_that_is_not_being_sent_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(directory.path(), 400);
    for number in 0..20 {
        spool.append(&event(number)).unwrap();
    }
    let unit = spool.take(Wanted { events: 1, ..WANTED }).unwrap().unwrap();
    assert_eq!(unit.events, [event(0)]);
    let dropped = spool.drop_oldest();
    assert!(dropped > 0);
    let left = drain(&mut spool);
    assert_eq!(left.len() as u64 + dropped + 1, 20);
    assert_eq!(*left.last().unwrap(), event(19));
    assert_eq!(spool.queued, 20 - dropped);
}

#[test]
fn a_second_damaged_segment_does_not_replace_the_first() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("spool")).unwrap();
    let mut bytes = segment_bytes(3);
    bytes[30] ^= 1;
    let mut copies = Vec::new();
    for _ in 0..3 {
        fs::write(segment::path(&directory.path().join("spool"), 1), &bytes).unwrap();
        copies.extend(open(directory.path(), 1 << 20).1.damaged);
    }
    copies.dedup();
    assert_eq!(copies.len(), 3);
}

/// What a spool with these bytes as its only segment gives, and whether it reported of damage.
fn reopened(bytes: &[u8]) -> (Vec<Bytes>, bool) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("spool")).unwrap();
    fs::write(segment::path(&directory.path().join("spool"), 1), bytes).unwrap();
    let (mut spool, found) = open(directory.path(), 1 << 20);
    for copy in &found.damaged {
        assert_eq!(fs::read(copy).unwrap(), bytes);
    }
    (drain(&mut spool), !found.damaged.is_empty())
}

fn segment_bytes(events: u64) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(directory.path(), 1 << 20);
    for number in 0..events {
        spool.append(&event(number)).unwrap();
    }
    fs::read(segment::path(&directory.path().join("spool"), 1)).unwrap()
}

#[test]
fn cut_off_at_any_byte_it_gives_all_whole_events_and_is_no_damage() {
    let bytes = segment_bytes(6);
    let start = segment::MAGIC.len() + 8 + "header".len();
    for length in 0..bytes.len() {
        let (events, is_damaged) = reopened(&bytes[..length]);
        let whole = length.saturating_sub(start) / (8 + event(0).len());
        let expected: Vec<_> = (0..whole as u64).map(event).collect();
        assert_eq!(events, expected, "cut at {length}");
        assert!(!is_damaged, "cut at {length}");
    }
}

#[test]
fn zeros_at_the_end_are_no_damage() {
    let mut bytes = segment_bytes(3);
    bytes.extend([0; 4096]);
    let (events, is_damaged) = reopened(&bytes);
    assert_eq!(events, [event(0), event(1), event(2)]);
    assert!(!is_damaged);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_turned_bit_never_gives_an_event_that_was_not_written(at in 0_usize..150, bit in 0_u8..8) {
        let mut bytes = segment_bytes(8);
        prop_assume!(at < bytes.len());
        bytes[at] ^= 1 << bit;
        let (events, is_damaged) = reopened(&bytes);
        let start = segment::MAGIC.len() + 8 + "header".len();
        let frame = 8 + event(0).len();
        let whole = at.saturating_sub(start) / frame;
        let expected: Vec<_> = (0..whole as u64).map(event).collect();
        prop_assert_eq!(events, if at < start { Vec::new() } else { expected });
        // All but the last frame have whole ones behind them.
        prop_assert_eq!(is_damaged, at < start + 7 * frame);
    }

    #[test]
    fn whatever_is_in_a_file_reading_it_ends(bytes in proptest::collection::vec(any::<u8>(), 0..300), magic: bool) {
        let bytes = if magic { [segment::MAGIC.as_slice(), &bytes].concat() } else { bytes };
        reopened(&bytes);
    }
}

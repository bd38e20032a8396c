//! Cut files, flipped bits, and directories that are not the right ones: refused with the way out, or harmless.

use super::{groups, marker, open, record, segments, write};
use crate::{
    fs::sim::SimDisk,
    store::Seq,
    wal::{WalError, salvage, tests::options},
};

const DIR: &str = "/home/wal";
const WAY_OUT: &str = "openclone reindex";

/// A log with groups 4 to 40 in more than one segment, all of them marked, and the process ended.
fn scene() -> SimDisk {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    write(&wal, 1..=40);
    wal.set_note("vault/default", b"id\n/vault").unwrap();
    wal.forget_groups(&[1, 2, 3]).unwrap();
    disk.kill();
    disk
}

fn all() -> Vec<Seq> {
    (4..=40).collect()
}

/// Opens a log of which one file is other than it was: refused, or as it was.
fn judge(what: &str, name: &str, bytes: &[u8]) -> bool {
    let disk = scene();
    disk.user_rewrite(format!("{DIR}/{name}"), bytes).unwrap();
    match open(&disk) {
        Ok(wal) => {
            assert_eq!(groups(&wal), all(), "{what}");
            assert_eq!(
                wal.note("vault/default").unwrap().unwrap(),
                b"id\n/vault",
                "{what}"
            );
            write(&wal, 100..110);
            disk.power_loss(1);
            assert_eq!(groups(&open(&disk).unwrap()).len(), all().len() + 10, "{what}");
            false
        }
        Err(error) => {
            assert!(error.to_string().contains(WAY_OUT), "{what}: {error}");
            true
        }
    }
}

fn read(name: &str) -> Vec<u8> {
    // The content of a log has its random id, so each scene is read by itself.
    scene().read(format!("{DIR}/{name}")).unwrap()
}

/// As [`judge`], changing one file of one scene.
fn changed(what: &str, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> bool {
    let disk = scene();
    let path = format!("{DIR}/{name}");
    let mut bytes = disk.read(&path).unwrap();
    change(&mut bytes);
    disk.user_rewrite(&path, &bytes).unwrap();
    match open(&disk) {
        Ok(wal) => {
            assert_eq!(groups(&wal), all(), "{what}");
            assert_eq!(
                wal.note("vault/default").unwrap().unwrap(),
                b"id\n/vault",
                "{what}"
            );
            write(&wal, 100..110);
            disk.power_loss(1);
            assert_eq!(groups(&open(&disk).unwrap()).len(), all().len() + 10, "{what}");
            false
        }
        Err(error) => {
            assert!(error.to_string().contains(WAY_OUT), "{what}: {error}");
            true
        }
    }
}

/// Positions worth a look: all of the used part, some of the rest.
fn positions(name: &str) -> Vec<usize> {
    let bytes = read(name);
    let used = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    (0..used).chain((used..bytes.len()).step_by(509)).collect()
}

#[test]
fn a_flipped_bit_in_a_segment_is_refused_or_harmless() {
    let names = segments(&scene());
    assert!(names.len() >= 2, "{names:?}");
    let (mut refused, mut tried) = (0, 0);
    for name in names {
        for position in positions(&name).into_iter().step_by(7) {
            let bit = position % 8;
            let what = format!("{name}, byte {position}, bit {bit}");
            refused += u32::from(changed(&what, &name, |bytes| bytes[position] ^= 1 << bit));
            tried += 1;
        }
    }
    assert!(refused > tried / 2, "{refused} of {tried} refused");
}

#[test]
fn a_flipped_bit_in_a_header_or_head_is_refused() {
    let names = segments(&scene());
    for name in &names {
        for bit in 0..60 * 8 {
            let what = format!("{name}, bit {bit}");
            assert!(
                changed(&what, name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8)),
                "{what}"
            );
        }
    }
    // The first record of the last segment.
    let last = names.last().unwrap();
    for bit in 1024 * 8..(1024 + 16) * 8 {
        let what = format!("{last}, bit {bit}");
        assert!(
            changed(&what, last, |bytes| bytes[bit / 8] ^= 1 << (bit % 8)),
            "{what}"
        );
    }
}

#[test]
fn a_flipped_bit_in_the_checkpoint_number_markers_or_notes_is_refused_or_harmless() {
    for name in ["checkpoint", "00000001.applied", "00000002.applied", "notes"] {
        for position in positions(name) {
            let bit = position % 8;
            let what = format!("{name}, byte {position}, bit {bit}");
            changed_or_older(&what, name, |bytes| bytes[position] ^= 1 << bit);
        }
    }
}

/// The older of the two slots may count again: then released groups come back, and are found done by replay.
fn changed_or_older(what: &str, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let disk = scene();
    let path = format!("{DIR}/{name}");
    let mut bytes = disk.read(&path).unwrap();
    change(&mut bytes);
    disk.user_rewrite(&path, &bytes).unwrap();
    match open(&disk) {
        Ok(wal) => {
            let found = groups(&wal);
            assert!(all().iter().all(|seq| found.contains(seq)), "{what}: {found:?}");
            assert_eq!(
                wal.note("vault/default").unwrap().unwrap(),
                b"id\n/vault",
                "{what}"
            );
        }
        Err(error) => assert!(error.to_string().contains(WAY_OUT), "{what}: {error}"),
    }
}

#[test]
fn a_log_cut_at_any_byte_is_refused_or_harmless() {
    for name in segments(&scene()) {
        let length = read(&name).len();
        for cut in (0..length).step_by(61).chain([length - 1]) {
            let what = format!("{name} cut at {cut}");
            assert!(changed(&what, &name, |bytes| bytes.truncate(cut)), "{what}");
        }
    }
    for name in ["checkpoint", "notes"] {
        for cut in (0..read(name).len()).step_by(97) {
            changed_or_older(&format!("{name} cut at {cut}"), name, |bytes| bytes.truncate(cut));
        }
    }
}

/// What a power loss leaves of a log that is being written: everything up to some byte of one record.
#[test]
fn a_record_that_ends_at_any_byte_is_a_torn_tail() {
    let disk = SimDisk::new(0);
    let wal = open(&disk).unwrap();
    write(&wal, 1..=3);
    wal.write_group(8, &record(8)).unwrap();
    drop(wal);
    disk.kill();
    let path = format!("{DIR}/00000001.wal");
    let whole = disk.read(&path).unwrap();
    let start = memchr::memmem::find(&whole, &record(8)).unwrap() - 24;
    let end = start + 24 + record(8).len();
    for cut in start..end {
        let mut bytes = whole.clone();
        bytes[cut..].fill(0);
        disk.user_rewrite(&path, &bytes).unwrap();
        let wal = open(&disk).unwrap();
        assert_eq!(groups(&wal), [1, 2, 3], "cut at {cut}");
        drop(wal);
        disk.kill();
    }
}

#[test]
fn a_missing_segment_is_refused() {
    for name in segments(&scene()) {
        let disk = scene();
        disk.user_delete(format!("{DIR}/{name}")).unwrap();
        let outcome = open(&disk);
        assert!(
            outcome.is_err() || name == *segments(&scene()).last().unwrap(),
            "{name}"
        );
    }
    let disk = SimDisk::new(0);
    write(&open(&disk).unwrap(), [1]);
    disk.kill();
    disk.user_delete(format!("{DIR}/00000001.wal")).unwrap();
    assert!(matches!(open(&disk), Err(WalError::Damaged { .. })));
}

#[test]
fn a_log_that_is_not_mounted_is_refused() {
    let disk = scene();
    disk.user_rename(DIR, "/elsewhere").unwrap();
    let error = open(&disk).unwrap_err();
    assert!(error.to_string().contains("mount its disk"), "{error}");
    disk.user_mkdir(DIR).unwrap();
    let error = open(&disk).unwrap_err();
    assert!(matches!(error, WalError::Missing { .. }), "{error}");
    assert!(
        disk.list(DIR).is_empty(),
        "nothing is written to an empty mount point"
    );
    disk.user_delete(DIR).unwrap();
    disk.user_rename("/elsewhere", DIR).unwrap();
    assert_eq!(groups(&open(&disk).unwrap()), all());
}

#[test]
fn the_log_of_another_home_is_refused() {
    let (disk, other) = (scene(), scene());
    for name in other.list(DIR) {
        let bytes = other.read(format!("{DIR}/{name}")).unwrap();
        disk.user_replace(format!("{DIR}/{name}"), &bytes).unwrap();
    }
    assert!(matches!(open(&disk), Err(WalError::Foreign { .. })));
    disk.user_delete("/home/wal.id").unwrap();
    assert!(
        matches!(open(&disk), Err(WalError::Foreign { .. })),
        "a home without an id adopts no log"
    );
}

#[test]
fn a_segment_of_another_log_is_refused() {
    let (disk, other) = (scene(), scene());
    let name = segments(&disk).last().unwrap().clone();
    let bytes = other.read(format!("{DIR}/{name}")).unwrap();
    disk.user_replace(format!("{DIR}/{name}"), &bytes).unwrap();
    assert!(matches!(open(&disk), Err(WalError::Damaged { .. })));
}

#[test]
fn the_same_segment_under_two_names_is_refused() {
    let disk = scene();
    let bytes = disk.read(format!("{DIR}/00000002.wal")).unwrap();
    disk.user_replace(format!("{DIR}/00000077.wal"), &bytes).unwrap();
    assert!(matches!(open(&disk), Err(WalError::Damaged { .. })));
}

#[test]
fn what_is_whole_in_a_damaged_log_is_salvaged() {
    let disk = scene();
    let path = format!("{DIR}/00000001.wal");
    let mut bytes = disk.read(&path).unwrap();
    let at = memchr::memmem::find(&bytes, &record(8)).unwrap();
    bytes[at + 2] ^= 4;
    disk.user_rewrite(&path, &bytes).unwrap();
    assert!(open(&disk).is_err());
    let salvaged = salvage(&disk.process(), &options()).unwrap();
    let records: Vec<_> = salvaged
        .groups
        .iter()
        .map(|(_, group)| group.record.clone())
        .collect();
    let expected: Vec<_> = all().into_iter().filter(|seq| *seq != 8).map(record).collect();
    assert_eq!(records, expected);
    assert_eq!(salvaged.groups[0].1.marker, Some(marker(4)));
    assert_eq!(salvaged.lost, 1);
}

#[test]
fn a_file_of_another_kind_is_refused() {
    assert!(judge(
        "text",
        "00000001.wal",
        b"not a segment at all, but long enough to have a header: 0123456789"
    ));
    assert!(judge("empty", "checkpoint", b""));
}

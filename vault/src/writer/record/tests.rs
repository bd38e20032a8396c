use super::*;
use crate::fs::{MountIdentity, UniqueMount};

fn group() -> Group {
    let path = DailyFile {
        folder: "Audio",
        date: jiff::civil::date(2026, 2, 26),
    };
    let file = GroupFile {
        tenant: "default".into(),
        path,
        before: Some((FileId { dev: 1, ino: 2 }, 3)),
        header: b"---\n".to_vec(),
        ids: vec![EventId([1; 16]), EventId([2; 16])],
        ends: vec![2, 5],
        bytes: b"a\nbb\n".to_vec(),
    };
    let other = GroupFile {
        before: None,
        tenant: "other".into(),
        ..file.clone()
    };
    Group {
        files: vec![file, other],
    }
}

#[test]
fn records_come_back_as_they_were() {
    assert_eq!(Group::decode(&group().encode()).unwrap(), group());
}

#[test]
fn markers_come_back_as_they_were() {
    let mount = MountIdentity {
        device: 1,
        file_system: 4,
        disk_sequence: 5,
        mount: Some(UniqueMount { namespace: 6, id: 7 }),
    };
    let other = MountIdentity { mount: None, ..mount };
    let places = [Some(mount), None, Some(other), Some(mount)].map(|mount| Place {
        file: FileId { dev: 1, ino: 2 },
        offset: 3,
        mount,
    });
    let places = places.to_vec();
    let marker = Marker {
        boot: [7; 16],
        places,
    };
    assert_eq!(Marker::decode(&marker.encode()).unwrap(), marker);
}

#[test]
fn damaged_records_are_refused_and_never_panic() {
    let record = group().encode();
    for length in 0..record.len() {
        assert!(Group::decode(&record[..length]).is_err(), "cut at {length}");
    }
    for position in 0..record.len() {
        let mut damaged = record.clone();
        damaged[position] ^= 0xff;
        let _ = Group::decode(&damaged);
    }
}

#[test]
fn entries_pair_ids_with_their_bytes() {
    let group = group();
    let entries: Vec<_> = group.files[0].entries().collect();
    assert_eq!(
        entries,
        [(EventId([1; 16]), &b"a\n"[..]), (EventId([2; 16]), &b"bb\n"[..])]
    );
}

//! Deaths: of the machine and of the process.

use std::collections::HashSet;

use super::{FILE, PATH, open};
use crate::fs::{VaultFs, sim::SimDisk};

#[test]
fn what_was_synced_with_its_names_survives() {
    for seed in 0..100 {
        let disk = SimDisk::new(seed);
        let root = open(&disk);
        let mut file = root.create(FILE, &[b'a'; 9000]).unwrap().unwrap();
        file.sync().unwrap();
        root.sync_folder("Audio").unwrap();
        file.append(&[b'b'; 9000]).unwrap();
        disk.power_loss(seed);
        let left = disk.read(PATH).expect("its name was synced");
        assert!(
            left.len() >= 9000 && left[..9000].iter().all(|byte| *byte == b'a'),
            "seed {seed}"
        );
    }
}

#[test]
fn names_need_a_sync_of_their_own() {
    let left_after = |seed: u64| {
        let disk = SimDisk::new(0);
        let file = open(&disk).create(FILE, b"synced").unwrap().unwrap();
        file.sync().unwrap();
        disk.power_loss(seed);
        (disk.list("/vault"), disk.read(PATH))
    };
    let outcomes: HashSet<_> = (0..100).map(left_after).collect();
    let folder = vec!["Audio".to_owned()];
    let possible = [
        (vec![], None),
        (folder.clone(), None),
        (folder, Some(b"synced".to_vec())),
    ];
    assert_eq!(outcomes, HashSet::from(possible));
}

#[test]
fn an_unsynced_file_may_be_there_empty_zeroed_or_whole() {
    let left_after = |seed: u64| {
        let disk = SimDisk::new(0);
        let root = open(&disk);
        root.create(FILE, b"unsynced").unwrap().unwrap();
        root.sync_folder("Audio").unwrap();
        disk.power_loss(seed);
        disk.read(PATH).expect("its name was synced")
    };
    let outcomes: HashSet<_> = (0..100).map(left_after).collect();
    assert_eq!(
        outcomes,
        HashSet::from([vec![], vec![0; 8], b"unsynced".to_vec()])
    );
}

#[test]
fn the_same_seed_loses_the_same() {
    let run = |seed: u64| {
        let disk = SimDisk::new(seed);
        let mut file = open(&disk).create(FILE, b"x").unwrap().unwrap();
        for byte in 0..40 {
            file.append(&[byte + 1; 1000]).unwrap();
        }
        disk.power_loss(seed);
        disk.read(PATH)
    };
    for seed in 0..20 {
        assert_eq!(run(seed), run(seed));
    }
}

#[test]
fn a_kill_keeps_the_page_cache_and_ends_the_handles() {
    let disk = SimDisk::new(0);
    let (process, boot) = (disk.process(), disk.boot_id());
    let root = process.create_root("/vault".as_ref()).unwrap();
    let mut file = root.create(FILE, b"cached").unwrap().unwrap();
    disk.kill();
    assert_eq!(
        (disk.read(PATH).unwrap(), disk.boot_id()),
        (b"cached".to_vec(), boot)
    );
    assert!(file.append(b"!").is_err() && file.len().is_err() && file.sync().is_err());
    assert!(root.stat(FILE).is_err() && root.space().is_err());
    assert!(
        process.open_root("/vault".as_ref()).is_err(),
        "a zombie cannot come back"
    );
    assert!(open(&disk).open(FILE).unwrap().is_some());
    disk.power_loss(0);
    assert_ne!(disk.boot_id(), boot);
}

#[test]
fn dying_at_each_operation_leaves_a_new_file_absent_or_complete() {
    let mut seen = HashSet::new();
    for last in 1..20 {
        let disk = SimDisk::new(last);
        disk.die_at(last);
        let attempt = || -> std::io::Result<()> {
            let root = disk.create_root("/vault".as_ref())?;
            root.create(FILE, b"complete")?;
            root.write_marker("marker")?;
            root.sync_folder("Audio")
        };
        let finished = attempt().is_ok();
        assert_eq!(finished, disk.ops() < last, "operation {last}");
        assert_eq!(disk.is_dead(), !finished);
        assert!(
            finished || disk.open_root("/vault".as_ref()).is_err(),
            "dead until noticed"
        );
        disk.kill();
        let (file, marker) = (disk.read(PATH), disk.read("/vault/.openclone"));
        assert!(file.is_none() || file.as_deref() == Some(b"complete".as_slice()));
        assert!(marker.is_none() || marker.as_deref() == Some(b"marker".as_slice()));
        seen.insert((file.is_some(), marker.is_some(), finished));
    }
    let expected = [
        (false, false, false),
        (true, false, false),
        (true, true, false),
        (true, true, true),
    ];
    assert_eq!(seen, HashSet::from(expected));
}

#[test]
fn an_append_may_be_cut_by_death() {
    let lengths = (0..200).map(|seed| {
        let disk = SimDisk::new(seed);
        let mut file = open(&disk).create(FILE, b"").unwrap().unwrap();
        disk.die_at(disk.ops() + 1);
        assert!(file.append(b"0123456789").is_err());
        disk.kill();
        disk.read(PATH).unwrap().len()
    });
    let lengths: HashSet<_> = lengths.collect();
    assert!(
        lengths.contains(&0) && lengths.contains(&10) && lengths.len() > 5,
        "{lengths:?}"
    );
}

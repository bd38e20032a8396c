//! What goes wrong while the process lives, and what users do meanwhile.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
};

use super::{FILE, PATH, open};
use crate::fs::sim::{Area, Op, OpKind, SimDisk};

#[test]
fn a_full_disk_writes_what_fits() {
    let disk = SimDisk::new(0);
    let root = open(&disk);
    let mut file = root.create(FILE, b"0123").unwrap().unwrap();
    disk.capacity(Area::Vaults, Some(10));
    assert_eq!(root.space().unwrap().free, 6);
    assert_eq!(file.append(b"abcdefgh").unwrap().written, 6);
    assert_eq!(file.append(b"g").unwrap_err().kind(), ErrorKind::StorageFull);
    file.write_at(0, b"4321").unwrap();
    disk.log().append(b"the log has room of its own").unwrap();
    disk.user_delete(PATH).unwrap();
    let error = root.create(FILE, b"longer than all there is").err().unwrap();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert!(disk.read(PATH).is_none(), "nothing has appeared");
    assert!(
        root.create(FILE, b"shorter").unwrap().is_some(),
        "what did not appear takes no room"
    );
}

#[test]
fn a_read_only_disk_can_be_read() {
    let disk = SimDisk::new(0);
    let root = open(&disk);
    let mut file = root.create(FILE, b"x").unwrap().unwrap();
    disk.read_only(Area::Vaults, true);
    assert!(root.space().unwrap().read_only && root.stat(FILE).unwrap().is_some());
    assert!(root.open_named(&FILE.into()).unwrap().is_some());
    let errors = [
        root.open(FILE).err(),
        file.append(b"y").err(),
        root.write_marker("m").err(),
    ];
    for error in errors {
        assert_eq!(error.unwrap().kind(), ErrorKind::ReadOnlyFilesystem);
    }
    disk.log().append(b"x").unwrap();
    disk.read_only(Area::Everywhere, true);
    assert!(disk.log().append(b"x").is_err());
    disk.read_only(Area::Everywhere, false);
    file.append(b"y").unwrap();
}

#[test]
fn a_failing_disk_fails_everything_of_its_area() {
    let disk = SimDisk::new(0);
    let root = open(&disk);
    let mut file = root.create(FILE, b"x").unwrap().unwrap();
    disk.eio(Area::Vaults, true);
    assert!(
        file.append(b"y").is_err() && file.sync().is_err() && file.len().is_err() && root.stat(FILE).is_err()
    );
    disk.log().append(b"x").unwrap();
    disk.eio(Area::Vaults, false);
    assert_eq!(file.len().unwrap(), 1);
}

#[test]
fn the_appointed_sync_fails_and_its_pages_stay_lost() {
    let disk = SimDisk::new(0);
    let root = open(&disk);
    let mut file = root.create(FILE, b"bytes").unwrap().unwrap();
    disk.fail_nth_sync(Area::Vaults, 2, ErrorKind::Other);
    disk.log().sync().unwrap();
    root.sync_folder("Video").unwrap();
    assert_eq!(file.sync().unwrap_err().kind(), ErrorKind::Other);
    file.sync().unwrap();
    assert_eq!(disk.read(PATH).unwrap(), b"bytes");
    assert_eq!(
        disk.read_durable(PATH).unwrap(),
        [0; 5],
        "the second sync had nothing to write"
    );
    file.write_at(0, b"bytes").unwrap();
    file.sync().unwrap();
    assert_eq!(disk.read_durable(PATH).unwrap(), b"bytes");
}

#[test]
fn a_user_can_step_in_before_any_operation() {
    let disk = SimDisk::new(0);
    let root = open(&disk);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    disk.on_op(Some(move |disk: &SimDisk, op: &Op| {
        log.lock().unwrap().push(op.kind);
        if op.kind == OpKind::Link {
            disk.user_replace(&op.path, b"the user was first").unwrap();
        }
    }));
    assert!(root.create(FILE, b"ours").unwrap().is_none());
    assert_eq!(
        *seen.lock().unwrap(),
        [OpKind::Mkdir, OpKind::Write, OpKind::Link]
    );
    assert_eq!(disk.read(PATH).unwrap(), b"the user was first");
    disk.on_op(None::<fn(&SimDisk, &Op)>);
    root.open(FILE).unwrap().unwrap().append(b"!").unwrap();
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[test]
fn a_hook_may_kill_the_process() {
    let disk = SimDisk::new(0);
    let root = open(&disk);
    let mut file = root.create(FILE, b"x").unwrap().unwrap();
    disk.on_op(Some(|disk: &SimDisk, _: &Op| disk.kill()));
    assert!(file.append(b"y").is_err());
    assert_eq!(disk.read(PATH).unwrap(), b"x");
}

#[test]
fn user_edits_keep_or_change_the_inode_and_last() {
    let disk = SimDisk::new(0);
    let root = open(&disk);
    let ours = root.create(FILE, b"one two").unwrap().unwrap().id();
    root.sync_folder("Audio").unwrap();
    disk.user_insert(PATH, 3, b" and").unwrap();
    disk.user_append(PATH, b".").unwrap();
    assert_eq!(root.stat(FILE).unwrap(), Some(ours));
    for seed in 0..20 {
        disk.power_loss(seed);
        assert_eq!(disk.read(PATH).unwrap(), b"one and two.");
    }
    disk.user_rewrite(PATH, b"new").unwrap();
    let root = open(&disk);
    assert_eq!(root.stat(FILE).unwrap(), Some(ours));
    disk.user_replace(PATH, b"newer").unwrap();
    assert_ne!(root.stat(FILE).unwrap(), Some(ours));
    disk.user_fifo(PATH).unwrap();
    assert!(root.open(FILE).err().unwrap().to_string().ends_with("is a FIFO"));
    disk.user_replace(PATH, b"x").unwrap();
    disk.user_chmod(PATH, 0o400).unwrap();
    assert_eq!(root.open(FILE).err().unwrap().kind(), ErrorKind::PermissionDenied);
}

#[test]
fn an_unmounted_vault_takes_nothing() {
    let disk = SimDisk::new(0);
    let root = open(&disk);
    root.write_marker("here").unwrap();
    disk.user_rename("/vault", "/elsewhere").unwrap();
    assert_eq!(root.read_marker().unwrap().unwrap(), "here");
    disk.user_mkdir("/vault").unwrap();
    assert_eq!(open(&disk).read_marker().unwrap(), None);
    disk.user_delete("/elsewhere").unwrap();
    assert_eq!(root.create(FILE, b"x").err().unwrap().kind(), ErrorKind::NotFound);
}

//! The vault's disk goes away with its dirty pages and comes back in the same boot, at the same mount id.
//!
//! A loop device stands for the disk. Its image is copied while the entries are in the page cache only: the copy is what a
//! disk has that was unplugged at that moment. Needs root, loop devices and ext4; says so where they are missing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use openclone_vault::{
    CheckpointPolicy, Options, Vault, VaultDirs, WalOptions,
    fs::{RealFs, VaultFs as _},
    ids_in,
};

use crate::temp_vault::{FILE, batch, id, send};

/// Mounts until the kernel gives the same mount id again.
const ATTEMPTS: usize = 50;

/// A mounted loop device.
struct Disk {
    device: String,
    mount_point: PathBuf,
}

impl Disk {
    /// `None` where that cannot be done.
    fn attach(image: &Path, mount_point: &Path) -> Option<Self> {
        let device = run("losetup", &["--find", "--show", image.to_str().unwrap()])?;
        let disk = Self {
            device: device.trim().to_owned(),
            mount_point: mount_point.to_owned(),
        };
        run(
            "mount",
            &["-t", "ext4", &disk.device, mount_point.to_str().unwrap()],
        )?;
        Some(disk)
    }

    /// The plain id, which the kernel gives again.
    fn mount_id(&self) -> String {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let point = self.mount_point.to_str().unwrap();
        let line = mounts.lines().find(|line| line.split(' ').nth(4) == Some(point));
        line.unwrap().split(' ').next().unwrap().to_owned()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &[self.mount_point.to_str().unwrap()]);
        run("losetup", &["--detach", &self.device]);
    }
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let told = String::from_utf8(output.stdout).unwrap();
    output.status.success().then_some(told)
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn options(home: &Path, mount_point: &Path) -> Options {
    Options {
        db: home.join("db"),
        wal: WalOptions::small(home.join("wal")),
        dirs: VaultDirs {
            default: mount_point.join("vault"),
            tenants: home.join("tenants"),
        },
        min_free: 0,
        checkpoint: CheckpointPolicy::default(),
        open_files: 16,
    }
}

fn counts(mount_point: &Path) -> BTreeMap<String, usize> {
    let file = fs::read(mount_point.join("vault").join(FILE)).unwrap_or_default();
    let mut counts = BTreeMap::new();
    for (id, _) in ids_in(&file) {
        *counts.entry(id.to_string()).or_default() += 1;
    }
    counts
}

#[test]
fn acknowledged_events_come_back_when_the_disk_lost_its_dirty_pages_within_one_boot() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let (image, unplugged, mount_point) = (path("disk"), path("unplugged"), path("mounted"));
    let (home, copied) = (path("home"), path("copied"));
    fs::create_dir(&mount_point).unwrap();
    fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    let made = run("mkfs.ext4", &["-q", "-F", image.to_str().unwrap()]);
    let Some(disk) = made.and_then(|_| Disk::attach(&image, &mount_point)) else {
        eprintln!("SKIPPED: a disk that is unplugged needs root, loop devices and mkfs.ext4");
        return;
    };
    let first_mount = disk.mount_id();

    let vault = Vault::open(options(&home, &mount_point)).unwrap();
    send(&vault, batch("before", [0])).unwrap();
    vault.close().unwrap();
    drop(vault);
    let vault = Vault::open(options(&home, &mount_point)).unwrap();
    for event in 1..=4 {
        send(&vault, batch("lost", [event])).unwrap();
    }
    // What a disk and a home have that lose power, or a disk that is unplugged, at this moment.
    fs::copy(&image, &unplugged).unwrap();
    copy_directory(&home, &copied);
    assert_eq!(counts(&mount_point).len(), 5);
    vault.close().unwrap();
    drop((vault, disk));

    let disk = (0..ATTEMPTS)
        .filter_map(|_| Disk::attach(&unplugged, &mount_point))
        .find(|disk| disk.mount_id() == first_mount);
    let disk = disk.expect("the kernel gives a mount id again");
    assert_eq!(counts(&mount_point).len(), 1, "the dirty pages were lost");
    let vault = Vault::open(options(&copied, &mount_point)).unwrap();
    let found = counts(&mount_point);
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(found.values().all(|count| *count == 1), "{found:?}");
    assert!(found.contains_key(&id("lost", 4).to_string()));
    let told = send(&vault, batch("lost", 1..=4)).unwrap();
    assert_eq!((told.stored, told.skipped), (0, 4));
    vault.close().unwrap();
    drop((vault, disk));
}

#[test]
fn an_entry_that_a_user_deleted_stays_deleted_while_the_disk_stays_mounted() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let (home, copied, mounted) = (path("home"), path("copied"), path("mounted"));
    fs::create_dir(&mounted).unwrap();
    if RealFs::new().open_root(&mounted).unwrap().mount().is_none() {
        eprintln!(
            "SKIPPED: {} is on a file system without an identity",
            mounted.display()
        );
        return;
    }
    let vault = Vault::open(options(&home, &mounted)).unwrap();
    for event in 1..=4 {
        send(&vault, batch("kept", [event])).unwrap();
    }
    // What a process leaves that is killed at this moment.
    copy_directory(&home, &copied);
    vault.close().unwrap();
    drop(vault);
    let file = mounted.join("vault").join(FILE);
    let mut text = fs::read(&file).unwrap();
    let deleted = ids_in(&text)
        .find(|(found, _)| *found == id("kept", 4))
        .unwrap()
        .1;
    text.drain(deleted);
    fs::write(&file, &text).unwrap();

    let vault = Vault::open(options(&copied, &mounted)).unwrap();
    assert_eq!(fs::read(&file).unwrap(), text);
    let told = send(&vault, batch("kept", 1..=4)).unwrap();
    assert_eq!((told.stored, told.skipped), (0, 4));
    vault.close().unwrap();
}

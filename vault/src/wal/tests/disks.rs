//! The log on the operating system's file system.

use std::{fs, path::Path, process::Command, sync::Arc, time::Duration};

use super::{groups, write};
use crate::{
    fs::RealFs,
    store::Seq,
    wal::{Wal, WalError, WalOptions},
};

fn options(home: &Path) -> WalOptions {
    WalOptions {
        segment_bytes: 64 << 10,
        keep_for: Duration::from_secs(3600),
        ..WalOptions::new(home.join("wal"))
    }
}

fn open(home: &Path) -> Result<Wal, WalError> {
    Wal::open(Arc::new(RealFs::new()), options(home))
}

#[test]
fn groups_come_back_on_a_real_disk() {
    let home = tempfile::tempdir().unwrap();
    let mut expected: Vec<Seq> = Vec::new();
    for round in 0..4 {
        let wal = open(home.path()).unwrap();
        assert_eq!(groups(&wal), expected);
        write(&wal, round * 100..round * 100 + 100);
        let released: Vec<Seq> = (round * 100..round * 100 + 90).collect();
        wal.forget_groups(&released).unwrap();
        expected.extend(round * 100 + 90..round * 100 + 100);
        wal.reopen().unwrap();
        assert_eq!(groups(&wal), expected);
    }
}

#[test]
fn only_the_owner_may_look_into_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    write(&open(home.path()).unwrap(), [1]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.path().join("wal")), 0o700);
    for entry in fs::read_dir(home.path().join("wal")).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_second_opening_is_refused_as_busy() {
    let home = tempfile::tempdir().unwrap();
    let _wal = open(home.path()).unwrap();
    let error = open(home.path()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ResourceBusy, "{error}");
}

#[test]
fn a_symbolic_link_to_another_disk_is_followed_and_its_absence_refused() {
    let home = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(other.path().join("log"), home.path().join("wal")).unwrap();
    fs::create_dir(other.path().join("log")).unwrap();
    write(&open(home.path()).unwrap(), [1]);
    assert!(other.path().join("log/checkpoint").exists());
    fs::rename(other.path().join("log"), other.path().join("away")).unwrap();
    assert!(matches!(open(home.path()), Err(WalError::Missing { .. })));
}

/// A file system of its own on a loop device; needs root.
struct Loop {
    device: String,
    at: std::path::PathBuf,
}

impl Loop {
    fn mount(image: &Path, at: &Path) -> Option<Self> {
        let shown = Command::new("losetup")
            .args(["--find", "--show"])
            .arg(image)
            .output()
            .ok()?;
        let device = String::from_utf8(shown.stdout).ok()?.trim().to_owned();
        if !shown.status.success() || device.is_empty() {
            return None;
        }
        let at = at.to_owned();
        let mounted = Self { device, at };
        run("mount", &[&mounted.device, mounted.at.to_str()?]).then_some(mounted)
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        run("umount", &["-l", self.at.to_str().unwrap_or_default()]);
        run("losetup", &["-d", &self.device]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// The log's directory is a disk of its own: while it is not mounted nothing starts, and afterwards nothing is missing.
#[test]
#[allow(clippy::print_stderr)]
fn a_log_on_a_disk_of_its_own_is_missed_while_it_is_not_mounted() {
    let home = tempfile::tempdir().unwrap();
    let image = home.path().join("image");
    fs::File::create(&image).unwrap().set_len(32 << 20).unwrap();
    fs::create_dir(home.path().join("wal")).unwrap();
    let made = run("mkfs.ext4", &["-q", image.to_str().unwrap()]);
    let Some(mounted) = made
        .then(|| Loop::mount(&image, &home.path().join("wal")))
        .flatten()
    else {
        eprintln!("SKIPPED: loop devices cannot be mounted here (needs root and mkfs.ext4)");
        return;
    };
    let wal = open(home.path()).unwrap();
    write(&wal, 1..=20);
    drop(wal);
    drop(mounted);
    let error = open(home.path()).unwrap_err();
    assert!(matches!(error, WalError::Missing { .. }), "{error}");
    assert_eq!(fs::read_dir(home.path().join("wal")).unwrap().count(), 0);
    let _mounted = Loop::mount(&image, &home.path().join("wal")).unwrap();
    assert_eq!(groups(&open(home.path()).unwrap()), (1..=20).collect::<Vec<_>>());
}

/// One disk at two places, with a home at each: the log is locked by what it is, not by its path.
#[test]
#[allow(clippy::print_stderr)]
fn a_log_that_is_mounted_twice_is_used_by_one_process() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let image = home.path().join("image");
    fs::File::create(&image).unwrap().set_len(32 << 20).unwrap();
    for home in [&home, &other] {
        fs::create_dir(home.path().join("wal")).unwrap();
    }
    let made = run("mkfs.ext4", &["-q", image.to_str().unwrap()]);
    let Some(_mounted) = made
        .then(|| Loop::mount(&image, &home.path().join("wal")))
        .flatten()
    else {
        eprintln!("SKIPPED: loop devices cannot be mounted here (needs root and mkfs.ext4)");
        return;
    };
    let (from, to) = (home.path().join("wal"), other.path().join("wal"));
    assert!(run(
        "mount",
        &["--bind", from.to_str().unwrap(), to.to_str().unwrap()]
    ));
    let wal = open(home.path()).unwrap();
    write(&wal, [1]);
    let first = open(other.path()).unwrap_err();
    fs::copy(home.path().join("wal.id"), other.path().join("wal.id")).unwrap();
    let busy = open(other.path()).unwrap_err();
    drop(wal);
    let opened = open(other.path()).map(|wal| groups(&wal));
    assert!(run("umount", &[to.to_str().unwrap()]));
    assert_eq!(first.kind(), std::io::ErrorKind::ResourceBusy, "{first}");
    assert_eq!(busy.kind(), std::io::ErrorKind::ResourceBusy, "{busy}");
    assert_eq!(opened.unwrap(), [1]);
}

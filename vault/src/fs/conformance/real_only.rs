//! What only an operating system has.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::fs::{CWD, Mode, mkfifoat};

use super::bench::{Bench, FILE, Real};
use crate::{entry::DailyFile, fs::VaultFs};

const PATH: &str = "Audio/2026-02-26.md";

#[test]
fn a_fifo_is_refused_without_waiting() {
    for bench in [Real::confined(), Real::portable()] {
        let root = bench.open();
        bench.mkdir("Audio");
        mkfifoat(CWD, bench.below(PATH), Mode::RWXU).unwrap();
        mkfifoat(CWD, bench.below(".openclone"), Mode::RWXU).unwrap();
        let (sender, errors) = mpsc::channel();
        thread::spawn(move || {
            let outcomes = [
                root.stat(FILE).err(),
                root.open(FILE).err(),
                root.open_named(&FILE.into()).err(),
                root.read_marker().err(),
            ];
            sender.send(outcomes).unwrap();
        });
        for error in errors.recv_timeout(Duration::from_secs(20)).expect("no waiting") {
            let error = error.expect("refused");
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().ends_with("is a FIFO"), "{error}");
        }
    }
}

#[test]
fn a_socket_is_refused() {
    for bench in [Real::confined(), Real::portable()] {
        let root = bench.open();
        bench.mkdir("Audio");
        let _socket = std::os::unix::net::UnixListener::bind(bench.below(PATH)).unwrap();
        for error in [root.stat(FILE).err(), root.open(FILE).err()] {
            let error = error.expect("refused").to_string();
            assert!(
                error.ends_with("2026-02-26.md is a socket or a device"),
                "{error}"
            );
        }
    }
}

#[test]
fn one_of_two_racing_creators_wins() {
    for bench in [Real::confined(), Real::portable()] {
        bench.open();
        for day in 1..=28 {
            let path = DailyFile {
                folder: "Audio",
                date: jiff::civil::date(2026, 2, day),
            };
            let racer = |text: &'static [u8]| {
                let root = bench.fs().open_root(&bench.path()).unwrap();
                move || root.create(path, text).unwrap().is_some()
            };
            let (left, right) = (racer(b"left"), racer(b"right"));
            let (left, right) = thread::scope(|scope| {
                let left = scope.spawn(left);
                (right(), left.join().unwrap())
            });
            assert!(left != right, "exactly one made it");
        }
        assert_eq!(bench.list("Audio").len(), 28, "no temporary is left");
    }
}

#[test]
fn what_is_written_goes_to_the_directory_that_was_opened() {
    let bench = Real::confined();
    let root = bench.open();
    let moved = bench.path().with_file_name("moved");
    std::fs::rename(bench.path(), &moved).unwrap();
    root.create(FILE, b"x").unwrap().unwrap();
    assert_eq!(std::fs::read(moved.join(PATH)).unwrap(), b"x");
    assert!(!bench.path().exists());
}

#[test]
#[ignore = "mounts a tmpfs, which needs root"]
fn a_full_disk_leaves_nothing_behind() {
    let bench = Real::confined();
    bench.open();
    let mount = TinyMount::at(bench.path());
    for fs in [crate::fs::RealFs::new(), crate::fs::RealFs::portable()] {
        let root = fs.open_root(&bench.path()).unwrap();
        let error = root.create(FILE, &vec![b'x'; 1 << 20]).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        assert!(bench.list("Audio").is_empty(), "no temporary is left");
        let mut file = root.create(FILE, b"0123").unwrap().unwrap();
        let appended = file.append(&vec![b'y'; 1 << 20]).unwrap();
        assert!(appended.offset == 4 && appended.written > 0 && appended.written < 1 << 20);
        assert_eq!(file.append(b"z").unwrap_err().kind(), ErrorKind::StorageFull);
        assert!(root.space().unwrap().free < 4096);
        bench.delete(PATH);
    }
    mount.remount_read_only();
    let root = bench.fs().open_root(&bench.path()).unwrap();
    assert!(root.space().unwrap().read_only);
    for error in [root.create(FILE, b"x").err(), root.write_marker("x").err()] {
        assert_eq!(error.expect("refused").kind(), ErrorKind::ReadOnlyFilesystem);
    }
}

/// A tmpfs of 256 KiB.
struct TinyMount(PathBuf);

impl TinyMount {
    fn at(path: PathBuf) -> Self {
        assert!(run("mount", &["-t", "tmpfs", "-o", "size=256k", "tmpfs"], &path));
        Self(path)
    }

    fn remount_read_only(&self) {
        assert!(run("mount", &["-o", "remount,ro"], &self.0));
    }
}

impl Drop for TinyMount {
    fn drop(&mut self) {
        run("umount", &["-l"], &self.0);
    }
}

fn run(program: &str, arguments: &[&str], path: &Path) -> bool {
    let output = Command::new(program).args(arguments).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}

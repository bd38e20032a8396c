//! File systems on loop devices that tests fill or make read-only; dropping the value unmounts them.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use openclone_test_support::scoreboard::env_number;

/// A mounted file system.
pub(crate) struct Disk {
    at: PathBuf,
}

impl Disk {
    /// An `ext2` (which cannot reserve) or `ext4` of so many MiB at `at`; `None` if this machine does not let us mount, unless the long form demands it.
    pub(crate) fn mount(kind: &str, image: &Path, at: &Path, mib: u64) -> Option<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(image)
            .unwrap();
        file.set_len(mib << 20).unwrap();
        fs::create_dir_all(at).unwrap();
        let (image, mounted_at) = (image.to_str().unwrap(), at.to_str().unwrap());
        let mounted = run(&format!("mkfs.{kind}"), &["-q", "-F", "-m0", image])
            && run("mount", &["-o", "loop", image, mounted_at]);
        if !mounted {
            assert!(
                env_number("OPENCLONE_LONG").is_none(),
                "the long form needs to mount loop devices"
            );
            println!("skipped: this machine does not let us mount a file system of our own");
            return None;
        }
        fs::remove_dir(at.join("lost+found")).unwrap();
        Some(Self { at: at.to_owned() })
    }

    /// Takes all space but `left` bytes.
    pub(crate) fn fill(&self, left: u64) {
        let mut ballast = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.ballast())
            .unwrap();
        let chunk = vec![b'x'; 1 << 16];
        while ballast.write_all(&chunk).is_ok() {}
        loop {
            match ballast.write(&[b'x'; 512]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length.saturating_sub(left)).unwrap();
        ballast.sync_all().unwrap();
    }

    /// Gives the space back.
    pub(crate) fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    pub(crate) fn read_only(&self, on: bool) {
        let mode = if on { "remount,ro" } else { "remount,rw" };
        assert!(run("mount", &["-o", mode, self.at.to_str().unwrap()]), "{mode}");
    }

    /// Out of the vault's folders.
    fn ballast(&self) -> PathBuf {
        self.at.join(".ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["-l", self.at.to_str().unwrap()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

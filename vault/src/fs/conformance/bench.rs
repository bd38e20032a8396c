//! A vault on some file system, and hands to meddle with it.

use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
};

use tempfile::TempDir;

use crate::{
    entry::DailyFile,
    fs::{RealFs, VaultFs, VaultRoot, sim::SimDisk},
};

pub(super) const FILE: DailyFile = DailyFile {
    folder: "Audio",
    date: jiff::civil::date(2026, 2, 26),
};

pub(super) trait Bench {
    fn fs(&self) -> &dyn VaultFs;
    /// Where the vault is; it does not exist yet.
    fn path(&self) -> PathBuf;
    fn read(&self, path: &str) -> Option<Vec<u8>>;
    /// All names in a directory of the vault, or `None` if it does not exist.
    fn list(&self, path: &str) -> Vec<String>;
    fn mode(&self, path: &str) -> u32;
    fn chmod(&self, path: &str, mode: u32);
    fn replace(&self, path: &str, bytes: &[u8]);
    fn mkdir(&self, path: &str);
    fn symlink(&self, path: &str, target: &str);
    fn rename(&self, from: &str, to: &str);
    fn delete(&self, path: &str);

    fn open(&self) -> Box<dyn VaultRoot> {
        self.fs().create_root(&self.path()).unwrap()
    }
}

pub(super) struct Real {
    fs: RealFs,
    directory: TempDir,
}

impl Real {
    pub(super) fn confined() -> Self {
        Self::with(RealFs::new())
    }

    pub(super) fn portable() -> Self {
        Self::with(RealFs::portable())
    }

    fn with(fs: RealFs) -> Self {
        let directory = TempDir::new().unwrap();
        Self { fs, directory }
    }

    pub(super) fn below(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }
}

impl Bench for Real {
    fn fs(&self) -> &dyn VaultFs {
        &self.fs
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("home/vault")
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        std::fs::read(self.below(path)).ok()
    }

    fn list(&self, path: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.below(path)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn mode(&self, path: &str) -> u32 {
        std::fs::metadata(self.below(path)).unwrap().permissions().mode() & 0o7777
    }

    fn chmod(&self, path: &str, mode: u32) {
        std::fs::set_permissions(self.below(path), PermissionsExt::from_mode(mode)).unwrap();
    }

    fn replace(&self, path: &str, bytes: &[u8]) {
        let temporary = self.directory.path().join("other");
        std::fs::write(&temporary, bytes).unwrap();
        std::fs::rename(temporary, self.below(path)).unwrap();
    }

    fn mkdir(&self, path: &str) {
        std::fs::create_dir(self.below(path)).unwrap();
    }

    fn symlink(&self, path: &str, target: &str) {
        symlink(target, self.below(path)).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.below(from), self.below(to)).unwrap();
    }

    fn delete(&self, path: &str) {
        std::fs::remove_file(self.below(path)).unwrap();
    }
}

pub(super) struct Simulated {
    pub(super) disk: SimDisk,
}

impl Simulated {
    pub(super) fn new() -> Self {
        let disk = SimDisk::new(1);
        Self { disk }
    }

    fn below(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }
}

impl Bench for Simulated {
    fn fs(&self) -> &dyn VaultFs {
        &self.disk
    }

    fn path(&self) -> PathBuf {
        "/home/vault".into()
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.disk.read(self.below(path))
    }

    fn list(&self, path: &str) -> Vec<String> {
        self.disk.list(self.below(path))
    }

    fn mode(&self, path: &str) -> u32 {
        self.disk.mode(self.below(path)).unwrap()
    }

    fn chmod(&self, path: &str, mode: u32) {
        self.disk.user_chmod(self.below(path), mode).unwrap();
    }

    fn replace(&self, path: &str, bytes: &[u8]) {
        self.disk.user_replace(self.below(path), bytes).unwrap();
    }

    fn mkdir(&self, path: &str) {
        self.disk.user_mkdir(self.below(path)).unwrap();
    }

    fn symlink(&self, path: &str, target: &str) {
        self.disk.user_symlink(self.below(path), target).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        self.disk.user_rename(self.below(from), self.below(to)).unwrap();
    }

    fn delete(&self, path: &str) {
        self.disk.user_delete(self.below(path)).unwrap();
    }
}

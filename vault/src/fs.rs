//! The file system of vaults, behind a trait, so that tests can put a simulated disk under the writer.

#[cfg(test)]
mod conformance;
mod mount;
mod named;
mod obstacle;
pub mod real;
pub mod sim;

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{entry::DailyFile, source_type::SourceType};

pub use mount::{MountIdentity, UniqueMount};
pub use named::NamedFile;
pub(crate) use obstacle::is_obstacle;
pub use real::RealFs;

/// Tells one file from another while both exist: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// Device number.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
}

/// What a file system has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes that we may still write.
    pub free: u64,
    /// Whether it is mounted read-only.
    pub read_only: bool,
}

/// Opens vaults.
pub trait VaultFs: Send + Sync + fmt::Debug {
    /// Opens the vault directory. It must exist.
    ///
    /// # Errors
    /// When it is missing, no directory, or not accessible.
    fn open_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>>;

    /// Makes the vault directory and its parents (mode 0700), durably, and opens it.
    ///
    /// # Errors
    /// When it cannot be made, or is something else than a directory.
    fn create_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>>;

    /// Opens a directory of the service's own files, such as its write-ahead log; `None` if there is none.
    ///
    /// # Errors
    /// When it is something else than a directory, or not accessible.
    fn open_directory(&self, path: &Path) -> io::Result<Option<Box<dyn Directory>>>;

    /// Makes such a directory and its parents (mode 0700), durably, and opens it.
    ///
    /// # Errors
    /// As [`Self::create_root`].
    fn create_directory(&self, path: &Path) -> io::Result<Box<dyn Directory>>;
}

/// An open directory of the service's own files. Names are plain file names; no symbolic link is followed.
pub trait Directory: Send {
    /// Locks the directory against other processes until this handle is dropped.
    ///
    /// # Errors
    /// `ResourceBusy` when another process holds it.
    fn lock(&self) -> io::Result<()>;

    /// The space left on its file system.
    ///
    /// # Errors
    /// When the file system cannot be asked.
    fn space(&self) -> io::Result<Space>;

    /// All names in it, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens a file for reading and writing; `None` if there is none.
    ///
    /// # Errors
    /// When something else than a regular file has the name, or it may not be used.
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn VaultFile>>>;

    /// Makes an empty file (mode 0600); its name is durable after [`Self::sync`].
    ///
    /// # Errors
    /// `AlreadyExists` when something has the name.
    fn create(&self, name: &str) -> io::Result<Box<dyn VaultFile>>;

    /// Renames a file, over another one if there is one; durable after [`Self::sync`].
    ///
    /// # Errors
    /// When there is no such file.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; durable after [`Self::sync`]. No file is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names durable.
    ///
    /// # Errors
    /// When the sync fails; which names are durable is then unknown.
    fn sync(&self) -> io::Result<()>;
}

/// An open vault directory. All paths are confined to it; no symbolic link is followed below it.
pub trait VaultRoot: Send {
    /// What its file system has left for us.
    ///
    /// # Errors
    /// When the file system cannot be asked.
    fn space(&self) -> io::Result<Space>;

    /// The identity of its file system; `None` if there is none that can be trusted.
    fn mount(&self) -> Option<MountIdentity>;

    /// The content of the vault's marker file (`.openclone`, at most 4 KiB); `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read_marker(&self) -> io::Result<Option<String>>;

    /// Writes the marker file, durably and in one step (temporary, sync, rename, directory sync).
    ///
    /// # Errors
    /// When it cannot be written, for instance because the file system is read-only.
    fn write_marker(&self, content: &str) -> io::Result<()>;

    /// The file at `path`; `None` if there is none.
    ///
    /// # Errors
    /// When something else than a regular file is there, or a symbolic link on the way.
    fn stat(&self, path: DailyFile) -> io::Result<Option<FileId>>;

    /// Opens the file at `path` for reading and appending; `None` if there is none. Never blocks on a FIFO.
    ///
    /// # Errors
    /// As [`Self::stat`]; or it may not be written.
    fn open(&self, path: DailyFile) -> io::Result<Option<Box<dyn VaultFile>>>;

    /// Makes the file at `path` (mode 0600) and its folder (mode 0700) if need be. It appears with all of `bytes` or
    /// not at all; `None` if another file got there first.
    ///
    /// # Errors
    /// When it cannot be made; then nothing has appeared at `path`.
    fn create(&self, path: DailyFile, bytes: &[u8]) -> io::Result<Option<Box<dyn VaultFile>>>;

    /// Makes the names in `folder`, and the folder's own, durable. A folder that is gone has none.
    ///
    /// # Errors
    /// When a sync fails; what is durable is then unknown.
    fn sync_folder(&self, folder: &'static str) -> io::Result<()>;

    /// All Markdown files of the vault, in order: daily files, what sync tools put beside them
    /// (`2026-02-26 (conflicted copy).md`), what users moved elsewhere, and their own notes. Hidden files and folders are
    /// left out, except the trash of Obsidian. [`Self::open_named`] fails if a name is no regular file.
    fn markdown_files(&self) -> Listing;

    /// Opens a file for reading only; `None` if there is none.
    ///
    /// # Errors
    /// As [`Self::stat`]; or it may not be read.
    fn open_named(&self, file: &NamedFile) -> io::Result<Option<Box<dyn VaultFile>>>;

    /// Puts a new file with `bytes` in the place of an existing one, durably and in one step, with its permissions.
    /// What others write to the old one meanwhile is lost with it.
    ///
    /// # Errors
    /// When there is none (`NotFound`), or it cannot be made; the old one is then still there, unless it was the
    /// last sync that failed.
    fn replace(&self, file: &NamedFile, bytes: &[u8]) -> io::Result<()>;
}

/// The Markdown files of a vault.
#[derive(Debug, Default)]
pub struct Listing {
    /// In order.
    pub files: Vec<NamedFile>,
    /// Folders that cannot be read, or one of ours that has something else than a directory in its place, each with the
    /// reason.
    pub unreadable: Vec<(PathBuf, io::Error)>,
    /// Symbolic links to folders, and outside of our folders to files. They are not followed.
    pub links: Vec<PathBuf>,
}

/// An open daily file.
#[allow(clippy::len_without_is_empty)] // nobody asks, and `len` can fail
pub trait VaultFile: Send {
    /// Which file it is.
    fn id(&self) -> FileId;

    /// Its length in bytes now.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn len(&self) -> io::Result<u64>;

    /// Appends with one write at the end of the file, wherever that is by then, and says where it went.
    ///
    /// # Errors
    /// When nothing was written. A short write is no error: see [`Appended::written`].
    fn append(&mut self, bytes: &[u8]) -> io::Result<Appended>;

    /// Reads up to `buffer.len()` bytes at `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Overwrites all of `bytes` at `offset`, inside the file.
    ///
    /// # Errors
    /// When not all of it could be written.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Lets the system begin to write `length` bytes from `offset` on to the disk, and does not wait for it: what a later sync
    /// has to write is then little. What is on the disk already leaves the system's cache. Promises nothing.
    fn begin_writeback(&self, offset: u64, length: u64) {
        let _ = (offset, length);
    }

    /// Makes content and length durable.
    ///
    /// # Errors
    /// When the sync fails; what is durable is then unknown.
    fn sync(&self) -> io::Result<()>;
}

/// Where an append went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the first byte written.
    pub offset: u64,
    /// How many bytes were written; fewer than asked when the disk filled up on the way.
    pub written: usize,
}

/// The vault's marker file.
const MARKER: &str = ".openclone";
/// Longest marker that is read, in bytes.
const MARKER_LIMIT: u64 = 4096;

/// The folders of a vault, each once, in order.
fn folders() -> Vec<&'static str> {
    let mut folders: Vec<_> = SourceType::ALL
        .iter()
        .map(|source_type| source_type.folder())
        .collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

//! The files of a plugin: what is checked, and what is copied when it is installed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// Levels of directories, at most.
const MAX_DEPTH: usize = 16;
/// Files, at most.
const MAX_FILES: usize = 10_000;
/// Directories of tools, which are made anew where the plugin is set up. Hidden ones are left out too.
pub(super) const TOOLS: [&str; 9] = [
    "node_modules",
    "target",
    "__pycache__",
    "venv",
    ".venv",
    ".git",
    ".mypy_cache",
    ".tox",
    ".gradle",
];
/// Where builds put what is installed, but not published.
const BUILT: &str = "dist";

/// The files of a plugin.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Regular files, relative to the plugin, in order.
    pub(super) files: Vec<PathBuf>,
    /// What is no part of a plugin, and why.
    pub(super) others: Vec<(PathBuf, &'static str)>,
    /// Regular files that are not published, but lie beside it: built, or in hidden directories; in order.
    pub(super) unpublished: Vec<PathBuf>,
}

/// The files that are installed: those of the plugin, and those that it was built to.
///
/// # Errors
/// As [`walk`].
pub(super) fn installable(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let tree = walk(dir)?;
    let is_built =
        |path: &PathBuf| path.components().any(|part| part.as_os_str() == BUILT) && !is_hidden(path);
    let built = tree.unpublished.into_iter().filter(is_built);
    Ok(tree.files.into_iter().chain(built).collect())
}

fn is_hidden(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
}

/// Finds the files under `dir`. Links are not followed.
///
/// # Errors
/// When a directory cannot be listed.
pub(super) fn walk(dir: &Path) -> io::Result<Tree> {
    let mut tree = Tree::default();
    tree.add(dir, Path::new(""), 1, true)?;
    tree.files.sort();
    tree.others.sort();
    tree.unpublished.sort();
    Ok(tree)
}

impl Tree {
    fn add(&mut self, dir: &Path, inside: &Path, depth: usize, is_published: bool) -> io::Result<()> {
        for entry in fs::read_dir(dir.join(inside))? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let path = inside.join(&name);
            let is_tools = TOOLS.iter().any(|tool| name == *tool);
            let is_beside = name == BUILT || name.as_encoded_bytes().starts_with(b".");
            let count = self.files.len() + self.others.len();
            match () {
                () if kind.is_dir() && is_tools => {}
                () if kind.is_dir() && depth >= MAX_DEPTH => {
                    self.others.push((path, "directories are nested too deeply"));
                }
                () if kind.is_dir() => self.add(dir, &path, depth + 1, is_published && !is_beside)?,
                () if count > MAX_FILES => return Ok(()),
                () if count == MAX_FILES => self.others.push((path, "there are more than 10,000 files")),
                () if kind.is_file() && is_published => self.files.push(path),
                () if kind.is_file() && self.unpublished.len() < MAX_FILES => self.unpublished.push(path),
                () if !is_published => {}
                () if kind.is_symlink() => self
                    .others
                    .push((path, "is a symbolic link; these are not followed")),
                () => self.others.push((path, "is neither a file nor a directory")),
            }
        }
        Ok(())
    }
}

/// Opens a regular file that is no link; never waits for a pipe.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(file)
}

/// The text of a file of at most `limit` bytes; none if it is larger or no text.
pub(super) fn text(path: &Path, limit: u64) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit || bytes.contains(&0) {
        return Ok(None);
    }
    Ok(String::from_utf8(bytes).ok())
}

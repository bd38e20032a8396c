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
const TOOLS: [&str; 5] = ["node_modules", "target", "__pycache__", "venv", "dist"];

/// The files of a plugin.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Regular files, relative to the plugin, in order.
    pub(super) files: Vec<PathBuf>,
    /// What is no part of a plugin, and why.
    pub(super) others: Vec<(PathBuf, &'static str)>,
}

/// Finds the files under `dir`. Links are not followed.
///
/// # Errors
/// When a directory cannot be listed.
pub(super) fn walk(dir: &Path) -> io::Result<Tree> {
    let mut tree = Tree::default();
    tree.add(dir, Path::new(""), 1)?;
    tree.files.sort();
    tree.others.sort();
    Ok(tree)
}

impl Tree {
    fn add(&mut self, dir: &Path, inside: &Path, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(dir.join(inside))? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let path = inside.join(&name);
            let is_tools =
                name.as_encoded_bytes().starts_with(b".") || TOOLS.iter().any(|tool| name == *tool);
            match () {
                () if kind.is_dir() && is_tools => {}
                () if kind.is_dir() && depth >= MAX_DEPTH => {
                    self.others.push((path, "directories are nested too deeply"));
                }
                () if kind.is_dir() => self.add(dir, &path, depth + 1)?,
                () if self.files.len() + self.others.len() > MAX_FILES => return Ok(()),
                () if self.files.len() == MAX_FILES => {
                    self.others.push((path, "there are more than 10,000 files"))
                }
                () if kind.is_file() => self.files.push(path),
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

//! Installs plugins into the home and removes them, both atomically.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::tree;
use crate::config::home::files::{adopt_parents_owner, make_private_dir};

/// Copies `files` of `dir` to `plugins/id`.
///
/// # Errors
/// When it is already installed, or cannot be written.
pub(super) fn install(dir: &Path, files: &[PathBuf], id: &str, plugins: &Path) -> anyhow::Result<PathBuf> {
    let target = plugins.join(id);
    if fs::symlink_metadata(&target).is_ok() {
        bail!("{id} is already installed; remove it first: openclone plugins remove {id}");
    }
    make_private_dir(plugins).with_context(|| format!("cannot create {}", plugins.display()))?;
    let temporary = hidden(plugins, "new", id);
    let copied = copy(dir, files, &temporary).and_then(|()| Ok(fs::rename(&temporary, &target)?));
    if copied.is_err() {
        // what is left is hidden, and therefore not a plugin
        let _ = fs::remove_dir_all(&temporary);
    }
    copied.with_context(|| format!("cannot install {id}"))?;
    Ok(target)
}

/// Removes `plugins/id`, even if its manifest is invalid; of a symbolic link only the link.
///
/// # Errors
/// When there is none, or it cannot be removed.
pub(super) fn remove(id: &str, plugins: &Path) -> anyhow::Result<()> {
    let mut parts = Path::new(id).components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == id);
    if !is_name || id.starts_with('.') {
        bail!("{id} is not a plugin id");
    }
    let target = plugins.join(id);
    let Ok(metadata) = fs::symlink_metadata(&target) else {
        bail!("{id} is not installed");
    };
    let gone = if metadata.is_dir() {
        let temporary = hidden(plugins, "old", id);
        fs::rename(&target, &temporary).and_then(|()| fs::remove_dir_all(&temporary))
    } else {
        fs::remove_file(&target)
    };
    gone.with_context(|| format!("cannot remove {}", target.display()))
}

fn hidden(plugins: &Path, what: &str, id: &str) -> PathBuf {
    plugins.join(format!(".{what}-{id}-{}", std::process::id()))
}

fn copy(dir: &Path, files: &[PathBuf], target: &Path) -> anyhow::Result<()> {
    make_private_dir(target)?;
    for path in files {
        copy_file(&dir.join(path), &target.join(path)).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Copies a file with mode 0600, or 0700 if it is executable.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        make_private_dir(parent)?;
    }
    let mut source = tree::open(from)?;
    let is_program = source.metadata()?.permissions().mode() & 0o100 != 0;
    let mode = if is_program { 0o700 } else { 0o600 };
    let mut copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(to)?;
    io::copy(&mut source, &mut copy)?;
    adopt_parents_owner(to)
}

//! Copies plugins into the home and takes them out. Both happen in one step for whoever looks at the directory.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::tree;

/// Copies `files` of `dir` to `plugins/id`.
///
/// # Errors
/// When it is there already, or cannot be written.
pub(super) fn install(dir: &Path, files: &[PathBuf], id: &str, plugins: &Path) -> anyhow::Result<PathBuf> {
    let target = plugins.join(id);
    if fs::symlink_metadata(&target).is_ok() {
        bail!("{id} is installed already; take it out first: openclone plugins remove {id}");
    }
    make_dir(plugins).with_context(|| format!("cannot make {}", plugins.display()))?;
    let temporary = hidden(plugins, "new", id);
    let copied = copy(dir, files, &temporary).and_then(|()| Ok(fs::rename(&temporary, &target)?));
    if copied.is_err() {
        // what is left is hidden, and so no plugin
        let _ = fs::remove_dir_all(&temporary);
    }
    copied.with_context(|| format!("cannot install {id}"))?;
    Ok(target)
}

/// Removes `plugins/id`, whether or not its manifest is any good; of a link only the link.
///
/// # Errors
/// When there is none, or it cannot be removed.
pub(super) fn remove(id: &str, plugins: &Path) -> anyhow::Result<()> {
    let mut parts = Path::new(id).components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == id);
    if !is_name || id.starts_with('.') {
        bail!("{id} is no plugin's id");
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
    make_dir(target)?;
    for path in files {
        copy_file(&dir.join(path), &target.join(path)).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Only the owner may read the copy; what could be executed still can.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        make_dir(parent)?;
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
    Ok(())
}

fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

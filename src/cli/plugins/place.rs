//! Puts plugins into the home and takes them out, both atomically.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::{conf, tree};
use crate::config::home::files::{adopt_parents_owner, make_private_dir, replace_private};

/// Files of an installed plugin that an upgrade keeps: the user's settings, and the device id of plugins without an SDK.
const KEPT: [&str; 2] = [conf::NAME, "device-id"];

/// Copies `files` of `dir` to `plugins/id`, switched off. An installed one is replaced, but for the files of [`KEPT`].
///
/// # Errors
/// When it cannot be written.
pub(super) fn place(dir: &Path, files: &[PathBuf], id: &str, plugins: &Path) -> anyhow::Result<PathBuf> {
    let target = plugins.join(id);
    if fs::canonicalize(&target).is_ok_and(|target| target == dir) {
        bail!(
            "{} is the installed plugin itself; give the directory of a newer version",
            dir.display()
        );
    }
    make_private_dir(plugins).with_context(|| format!("cannot create {}", plugins.display()))?;
    let temporary = hidden(plugins, "new", id);
    let placed = copy(dir, files, &temporary)
        .and_then(|()| keep(&target, &temporary))
        .and_then(|()| swap(&temporary, &target, &hidden(plugins, "old", id)));
    if placed.is_err() {
        // the remains are hidden, and therefore not a plugin
        let _ = fs::remove_dir_all(&temporary);
    }
    placed.with_context(|| format!("cannot install {id}"))?;
    Ok(target)
}

/// Removes `plugins/id`, even if its manifest is invalid; of a symbolic link only the link.
///
/// # Errors
/// When there is none, or it cannot be removed.
pub(super) fn remove(id: &str, plugins: &Path) -> anyhow::Result<()> {
    let target = plugins.join(checked(id)?);
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

/// `id`, if it can be the name of a plugin's directory.
///
/// # Errors
/// When it cannot.
pub(super) fn checked(id: &str) -> anyhow::Result<&str> {
    let mut parts = Path::new(id).components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == id);
    if !is_name || id.starts_with('.') {
        bail!("{id} is not a plugin id");
    }
    Ok(id)
}

fn hidden(plugins: &Path, what: &str, id: &str) -> PathBuf {
    plugins.join(format!(".{what}-{id}-{}", std::process::id()))
}

fn copy(dir: &Path, files: &[PathBuf], target: &Path) -> anyhow::Result<()> {
    make_private_dir(target)?;
    for path in files {
        copy_file(&dir.join(path), &target.join(path)).with_context(|| path.display().to_string())?;
    }
    // the author's working copy may be switched on
    let conf = target.join(conf::NAME);
    if let Some(text) = tree::text(&conf, u64::MAX >> 1).ok().flatten() {
        replace_private(&conf, conf::with_switch(&text, false).as_bytes())?;
    }
    Ok(())
}

fn keep(installed: &Path, new: &Path) -> anyhow::Result<()> {
    for name in KEPT {
        let (from, to) = (installed.join(name), new.join(name));
        if from.is_file() {
            fs::remove_file(&to).or_else(ignore_missing)?;
            copy_file(&from, &to).with_context(|| from.display().to_string())?;
        }
    }
    Ok(())
}

/// Puts `new` in the place of `target`; whoever looks sees one or the other, where the system can exchange them.
fn swap(new: &Path, target: &Path, old: &Path) -> anyhow::Result<()> {
    if fs::symlink_metadata(target).is_err() {
        return Ok(fs::rename(new, target)?);
    }
    if exchange(new, target).is_ok() {
        fs::rename(new, old)?;
    } else {
        fs::rename(target, old)?;
        fs::rename(new, target)?;
    }
    if fs::symlink_metadata(old)?.is_dir() {
        fs::remove_dir_all(old)?;
    } else {
        fs::remove_file(old)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
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

//! Lists all Markdown files of a vault.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, Dir, FileType, statat};

use super::root::RealRoot;
use crate::fs::{Listing, NamedFile, folders, obstacle::with_context};

/// Deeper folders are reported as unreadable.
const DEEPEST: usize = 64;

/// A name in a folder, and what has it.
struct Found {
    name: OsString,
    kind: FileType,
}

pub(super) fn of(root: &RealRoot) -> Listing {
    let mut listing = Listing::default();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        match list(root, &folder) {
            Ok(names) => {
                for found in names {
                    add(root, &folder, found, &mut listing, &mut folders);
                }
            }
            // It was there a moment ago.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => listing.unreadable.push((folder, error)),
        }
    }
    listing.files.sort();
    listing.links.sort();
    listing.unreadable.sort_by(|one, other| one.0.cmp(&other.0));
    listing
}

fn add(root: &RealRoot, folder: &Path, found: Found, listing: &mut Listing, folders: &mut Vec<PathBuf>) {
    let path = || folder.join(&found.name);
    let is_own = folder.as_os_str().is_empty() && is_own_folder(&found.name);
    match found.kind {
        FileType::Directory if NamedFile::is_searched(folder, &found.name) => {
            if folder.iter().count() < DEEPEST {
                folders.push(path());
            } else {
                let error = io::Error::other("it is nested too deeply");
                listing.unreadable.push((path(), error));
            }
        }
        FileType::Directory => {}
        // One of our folders must be a directory: opening it says what is wrong.
        _ if is_own => folders.push(path()),
        FileType::Symlink if leads_to_directory(root, &path()) => listing.links.push(path()),
        kind if NamedFile::is_listed(&found.name) => {
            let file = NamedFile::new(folder, &*found.name);
            // Between daily files anything else is reported; elsewhere users link to files as they like.
            let is_ours = file.as_ref().is_some_and(|file| file.own_folder().is_some());
            match kind {
                FileType::Symlink if !is_ours => listing.links.push(path()),
                _ => listing
                    .files
                    .extend(file.filter(|_| is_ours || kind == FileType::RegularFile)),
            }
        }
        _ => {}
    }
}

fn list(root: &RealRoot, folder: &Path) -> io::Result<Vec<Found>> {
    let directory = root.open_folder(folder)?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&directory)? {
        let entry =
            entry.map_err(|errno| with_context(&errno.into(), "list", root.show(folder.display())))?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let kind = match entry.file_type() {
            // Some file systems do not say.
            FileType::Unknown => statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode)),
            kind => kind,
        };
        names.push(Found {
            name: name.to_owned(),
            kind,
        });
    }
    Ok(names)
}

fn is_own_folder(name: &OsStr) -> bool {
    folders().into_iter().any(|own| name == own)
}

fn leads_to_directory(root: &RealRoot, path: &Path) -> bool {
    let stat = statat(root.fd(), path, AtFlags::empty());
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

//! Reads `<plugins>/<id>/plugin.json`: real directories, regular files, no symlinks, bounded in size and number.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use openclone_client::v1::{ManifestFault, RejectedManifest};
use rustix::fs::OFlags;

use super::manifest::{self, Manifest};

/// Bytes of a manifest, at most.
const MAX_BYTES: u64 = 64 << 10;
/// Plugins, at most.
const MAX_PLUGINS: usize = 1000;

/// All manifests under `dir`: those that are good, by id, and the others, by path.
pub(super) fn read(dir: &Path) -> (BTreeMap<String, Manifest>, Vec<RejectedManifest>) {
    let mut plugins = BTreeMap::new();
    let mut rejected = Vec::new();
    let names = match names(dir) {
        Ok(names) => names,
        Err(error) => {
            rejected.push(whole_file(
                String::new(),
                format!("cannot list the plugins: {error}"),
            ));
            return (plugins, rejected);
        }
    };
    for (index, name) in names.into_iter().enumerate() {
        if index >= MAX_PLUGINS {
            rejected.push(whole_file(
                name,
                format!("there are more than {MAX_PLUGINS} plugins"),
            ));
            break;
        }
        match read_one(dir, &name) {
            Ok(manifest) => _ = plugins.insert(manifest.id.clone(), manifest),
            Err(one) => rejected.push(one),
        }
    }
    (plugins, rejected)
}

/// Names of entries in order; hidden ones and plain files are none of ours.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !entry.file_type()?.is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read_one(dir: &Path, name: &str) -> Result<Manifest, RejectedManifest> {
    let is_dir = fs::symlink_metadata(dir.join(name)).is_ok_and(|metadata| metadata.is_dir());
    if !is_dir {
        return Err(whole_file(
            name.to_owned(),
            "it is not a directory; links are not followed".into(),
        ));
    }
    let path = format!("{name}/plugin.json");
    let text =
        read_file(&dir.join(name).join("plugin.json")).map_err(|reason| whole_file(path.clone(), reason))?;
    manifest::parse(name, &text).map_err(|faults| RejectedManifest { path, faults })
}

fn read_file(path: &Path) -> Result<String, String> {
    // neither a link nor a pipe may hold the start up
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(path);
    let file: File = opened.map_err(|error| match error.kind() {
        ErrorKind::NotFound => "there is no plugin.json".to_owned(),
        _ => format!("cannot open it: {error}"),
    })?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a regular file".into());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read it: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".into())
}

fn whole_file(path: String, reason: String) -> RejectedManifest {
    RejectedManifest {
        path,
        faults: vec![ManifestFault {
            path: String::new(),
            reason,
        }],
    }
}

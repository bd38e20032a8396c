//! Reads `<plugins>/<id>/plugin.json`: real directories, regular files, no symlinks, bounded in size and number.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    path::Path,
};

use openclone_client::v1::{ManifestFault, RejectedManifest};
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};

use super::manifest::{self, Manifest, Unfit, violation::plain};

/// The most bytes of a manifest.
const MAX_BYTES: u64 = 64 << 10;
/// The most plugins.
const MAX_PLUGINS: usize = 1000;

/// The content of the plugins directory.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Valid manifests by id.
    pub(super) plugins: BTreeMap<String, Manifest>,
    /// Invalid ones by path.
    pub(super) rejected: Vec<RejectedManifest>,
}

/// Reads all manifests under `dir`.
pub(super) fn read(dir: &Path) -> Found {
    let mut found = Found::default();
    let names = match names(dir) {
        Ok(names) => names,
        Err(error) => {
            let reason = format!("cannot list the plugins: {error}");
            found.rejected.push(whole_file(String::new(), reason));
            return found;
        }
    };
    let mut claims: HashMap<String, Vec<String>> = HashMap::new();
    for (index, name) in names.iter().enumerate() {
        if index >= MAX_PLUGINS {
            let reason = format!("there are more than {MAX_PLUGINS} plugins");
            found.rejected.push(whole_file(shown(name), reason));
            break;
        }
        match read_one(dir, name) {
            Ok(manifest) => {
                claim(&mut claims, Some(&manifest.id), name);
                found.plugins.insert(manifest.id.clone(), manifest);
            }
            Err((id, one)) => {
                claim(&mut claims, id.as_ref(), name);
                found.rejected.push(one);
            }
        }
    }
    claims.retain(|_, directories| directories.len() > 1);
    for (id, directories) in claims {
        found.reject_all(&id, &directories);
    }
    found.rejected.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Found {
    /// Rejects all plugins that share an id, since none of them is known to be the right one.
    fn reject_all(&mut self, id: &str, directories: &[String]) {
        self.plugins.remove(id);
        for directory in directories {
            let others: Vec<_> = directories
                .iter()
                .filter(|other| *other != directory)
                .map(|other| format!("{other}/plugin.json"))
                .collect();
            let violation = ManifestFault {
                path: "id".into(),
                reason: format!("is also the id of {}", others.join(", ")),
            };
            let path = format!("{directory}/plugin.json");
            match self.rejected.iter_mut().find(|one| one.path == path) {
                Some(one) => one.faults.push(violation),
                None => self.rejected.push(RejectedManifest {
                    path,
                    faults: vec![violation],
                }),
            }
        }
    }
}

fn claim(claims: &mut HashMap<String, Vec<String>>, id: Option<&String>, directory: &OsStr) {
    if let Some(id) = id {
        claims.entry(id.clone()).or_default().push(shown(directory));
    }
}

/// The names of entries in order, without hidden ones and regular files.
fn names(dir: &Path) -> io::Result<Vec<OsString>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(b".") && !entry.file_type()?.is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read_one(dir: &Path, name: &OsStr) -> Result<Manifest, (Option<String>, RejectedManifest)> {
    let plugin = dir.join(name);
    if !fs::symlink_metadata(&plugin).is_ok_and(|metadata| metadata.is_dir()) {
        let reason = "not a directory; symbolic links are not followed".into();
        return Err((None, whole_file(shown(name), reason)));
    }
    let path = format!("{}/plugin.json", shown(name));
    let Some(directory) = name.to_str() else {
        let reason = "the name of its directory is not UTF-8".into();
        return Err((None, whole_file(path, reason)));
    };
    let text = read_file(&plugin).map_err(|reason| (None, whole_file(path.clone(), reason)))?;
    manifest::parse(directory, &text).map_err(|Unfit { id, faults }| {
        let faults = faults.into_iter().map(ManifestFault::from).collect();
        (id, RejectedManifest { path, faults })
    })
}

/// Reads the manifest in the directory `plugin`, which must not be a symbolic link.
///
/// # Errors
/// A short description of the problem.
pub(crate) fn read_file(plugin: &Path) -> Result<String, String> {
    let cannot = |errno: Errno| format!("cannot open it: {}", io::Error::from(errno));
    let common = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let inside = openat(
        CWD,
        plugin,
        common | OFlags::DIRECTORY | OFlags::RDONLY,
        Mode::empty(),
    );
    // a pipe must not hold up the start
    let flags = common | OFlags::NONBLOCK | OFlags::RDONLY;
    let opened = openat(inside.map_err(cannot)?, "plugin.json", flags, Mode::empty());
    let file = File::from(opened.map_err(|errno| match errno {
        Errno::NOENT => "plugin.json is missing".to_owned(),
        Errno::LOOP => "a symbolic link, which is not followed".to_owned(),
        other => cannot(other),
    })?);
    if !file.metadata().map_err(|error| error.to_string())?.is_file() {
        return Err("not a regular file".into());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read it: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("larger than {MAX_BYTES} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8")?;
    // editors on Windows write a byte order mark
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

fn shown(name: &OsStr) -> String {
    plain(&name.to_string_lossy())
}

/// Rejects a file as a whole.
pub(super) fn whole_file(path: String, reason: String) -> RejectedManifest {
    RejectedManifest {
        path,
        faults: vec![ManifestFault {
            path: String::new(),
            reason,
        }],
    }
}

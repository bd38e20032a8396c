//! The program of a plugin: the command in its manifest, and what it is told by variables.

use std::{
    env,
    ffi::OsString,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use crate::{config::home::Home, registry::Manifest};

/// A program that can be started.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Absolute.
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<String>,
    /// The plugin's directory, in which it runs.
    pub(super) dir: PathBuf,
    /// The file with its key.
    pub(super) key: PathBuf,
    pub(super) endpoint: String,
}

impl Program {
    /// The program of the plugin in `dir`.
    ///
    /// # Errors
    /// When the manifest names none, or it cannot be found.
    pub(super) fn of(
        manifest: &Manifest,
        dir: &Path,
        key: PathBuf,
        endpoint: String,
    ) -> anyhow::Result<Self> {
        let Some((name, arguments)) = manifest.run.split_first() else {
            bail!(
                "the manifest of {} has no member \"run\"; start it as its README says",
                manifest.id
            );
        };
        let dir = std::path::absolute(dir)?;
        let path = find(name, &dir).with_context(|| {
            format!(
                "{name}, the program of {}, is not there; was its install.sh run?",
                manifest.id
            )
        })?;
        Ok(Self {
            path,
            arguments: arguments.to_vec(),
            dir,
            key,
            endpoint,
        })
    }

    /// Its variables, besides those of the user.
    pub(super) fn variables(&self) -> [(&'static str, OsString); 3] {
        [
            ("OPENCLONE_PLUGIN_DIR", self.dir.clone().into()),
            ("OPENCLONE_ENDPOINT", self.endpoint.clone().into()),
            ("OPENCLONE_API_KEY_FILE", self.key.clone().into()),
        ]
    }
}

/// The file with the key of an enabled plugin.
pub(super) fn key_path(home: &Home, id: &str) -> PathBuf {
    home.plugin_keys().join(id)
}

/// A name with a `/` is relative to the plugin; others are looked up in `PATH`, and in `~/.local/bin`, where install scripts
/// put programs.
fn find(name: &str, dir: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        let path = dir.join(name);
        return is_program(&path).then_some(path);
    }
    let paths = env::var_os("PATH").unwrap_or_default();
    let own = env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/bin"));
    env::split_paths(&paths)
        .chain(own)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

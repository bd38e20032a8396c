//! `openclone plugins enable` and `disable`.
//!
//! Enabling asks for consent where the plugin is very personal, makes a key that may write only the plugin's source types, sets
//! `openclone.enabled`, and starts the plugin with the user's session. Disabling undoes all of it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use openclone_core::SourceType;
use secrecy::ExposeSecret as _;

use super::{
    Failure, HomePaths, conf, consent,
    install::manifest_of,
    program::{self, Program},
    say, unit,
};
use crate::{
    auth::{KeysFile, NewKey, Scope, keys_file::KeyRecord, token},
    cli::connect::Target,
    config::home::{Home, files},
    registry::Manifest,
};

/// Switch a plugin on: consent, key, autostart.
#[derive(Debug, Args)]
pub(super) struct Enable {
    #[command(flatten)]
    paths: HomePaths,
    #[command(flatten)]
    target: Target,
    /// Id of the plugin
    #[arg(value_name = "ID")]
    id: String,
    /// Do not start it with the session; start it with: openclone plugins run ID
    #[arg(long)]
    no_start: bool,
}

/// Switch a plugin off: stop it, revoke its key, withdraw consent.
#[derive(Debug, Args)]
pub(super) struct Disable {
    #[command(flatten)]
    paths: HomePaths,
    /// Id of the plugin
    #[arg(value_name = "ID")]
    id: String,
}

impl Enable {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        let manifest = manifest_of(&home, &self.id)?;
        let state_home = consent::state_home()?;
        consent::describe(&manifest);
        if manifest.needs_consent() && !consent::is_given(&state_home, &manifest) {
            say(
                "It captures very personal data. Recording other people without their consent is illegal in many places.",
            );
            if !consent::ask("Type \"yes\" to agree:")? {
                return Err(Failure::Failed(anyhow::anyhow!(
                    "{} stays off: you did not agree",
                    self.id
                )));
            }
            consent::give(&state_home, &manifest)?;
        }
        let dir = home.plugins().join(&self.id);
        let key = key_file(&home, &manifest)?;
        conf::switch(&dir, true)
            .with_context(|| format!("cannot write {}", dir.join(conf::NAME).display()))?;
        say(&format!("enabled {}; its key is in {}", self.id, key.display()));
        if manifest.run.is_empty() {
            say("Start it as its README says.");
            return Ok(());
        }
        let endpoint = self.target.uri(&self.paths, &home)?;
        let program = Program::of(&manifest, &dir, key, endpoint)?;
        if self.no_start {
            say(&format!("Start it with: openclone plugins run {}", self.id));
        } else {
            unit::start(&manifest, &program)?;
        }
        Ok(())
    }
}

impl Disable {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        manifest_of(&home, &self.id)?;
        disable(&home, &self.id)?;
        say(&format!(
            "disabled {}; what it has queued stays on this device",
            self.id
        ));
        Ok(())
    }
}

/// Stops the plugin and takes back what `enable` gave it.
///
/// # Errors
/// When something of it cannot be changed.
pub(super) fn disable(home: &Home, id: &str) -> anyhow::Result<()> {
    unit::stop(id)?;
    let dir = home.plugins().join(id);
    conf::switch(&dir, false).with_context(|| format!("cannot write {}", dir.join(conf::NAME).display()))?;
    revoke(home, id)?;
    for path in [
        program::key_path(home, id),
        consent::path(&consent::state_home()?, id),
    ] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The file with the plugin's key; a new key is made unless that of the file still holds.
fn key_file(home: &Home, manifest: &Manifest) -> anyhow::Result<PathBuf> {
    let path = program::key_path(home, &manifest.id);
    let scopes = scopes(manifest)?;
    let kept = files::read_text(&path).ok().flatten().unwrap_or_default();
    if holds(home, kept.trim(), &scopes) {
        return Ok(path);
    }
    revoke(home, &manifest.id)?;
    files::make_private_dir(path.parent().unwrap_or(Path::new(".")))?;
    let key = NewKey::generate();
    KeysFile::change(&home.keys(), |file| {
        let hash = file.hash(key.secret.expose_secret().as_bytes());
        file.keys.push(KeyRecord {
            id: key.id.clone(),
            tenant: "default".to_owned(),
            label: label(&manifest.id),
            scopes: scopes.clone(),
            plugin: Some(manifest.id.clone()),
            requests_per_minute: None,
            events_per_second: None,
            created_at: Some(now()),
            expires_at: None,
            revoked_at: None,
            hash,
        });
        Ok(())
    })?;
    files::replace_private(&path, format!("{}\n", key.secret.expose_secret()).as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn scopes(manifest: &Manifest) -> anyhow::Result<Vec<Scope>> {
    let types: Vec<SourceType> = manifest
        .source_types
        .iter()
        .filter_map(|known| known.to_core())
        .collect();
    if types.is_empty() {
        bail!("{} has no source types", manifest.id);
    }
    Ok(types.into_iter().map(Scope::IngestOf).collect())
}

/// Whether `key` is in `keys.toml` with these scopes, neither revoked nor expired.
fn holds(home: &Home, key: &str, scopes: &[Scope]) -> bool {
    let Some(id) = token::id_of(key) else {
        return false;
    };
    let Ok(Some(file)) = KeysFile::read(&home.keys()) else {
        return false;
    };
    file.keys.iter().any(|known| {
        known.id == id && known.scopes == scopes && known.revoked_at.is_none() && known.expires_at.is_none()
    })
}

fn revoke(home: &Home, id: &str) -> anyhow::Result<()> {
    if !home.keys().exists() {
        return Ok(());
    }
    KeysFile::change(&home.keys(), |file| {
        for key in &mut file.keys {
            if key.label == label(id) && key.plugin.as_deref() == Some(id) {
                key.revoked_at.get_or_insert_with(now);
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn label(id: &str) -> String {
    format!("enable {id}")
}

/// The current time in whole seconds.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

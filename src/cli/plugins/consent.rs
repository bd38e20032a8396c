//! Consent to plugins of sensitivity HIGH and CRITICAL: a typed "yes", kept where the SDKs look for it.
//!
//! `$XDG_STATE_HOME/openclone/consent/<id>.json`. It is void when the sensitivity rises or the major version changes.

use std::{
    env, fs,
    io::{self, BufRead as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use openclone_client::v1::{Sensitivity, SourceType};
use serde::{Deserialize, Serialize};

use super::say;
use crate::{
    config::home::files,
    registry::{
        Manifest,
        manifest::{fields::level, greatest},
    },
};

/// What was agreed to.
#[derive(Debug, Deserialize, Serialize)]
struct Consent {
    sensitivity: String,
    version: String,
    given: i64,
}

/// The directory that all plugins of a user share.
pub(super) fn state_home() -> anyhow::Result<PathBuf> {
    if let Some(dir) = env::var_os("XDG_STATE_HOME").filter(|dir| !dir.is_empty()) {
        return Ok(PathBuf::from(dir).join("openclone"));
    }
    let home = env::var_os("HOME")
        .filter(|home| !home.is_empty())
        .context("neither XDG_STATE_HOME nor HOME is set")?;
    let below = if cfg!(target_os = "macos") {
        "Library/Application Support/openclone"
    } else {
        ".local/state/openclone"
    };
    Ok(PathBuf::from(home).join(below))
}

/// The file of the consent to plugin `id`.
pub(super) fn path(state_home: &Path, id: &str) -> PathBuf {
    state_home.join("consent").join(format!("{id}.json"))
}

/// Whether the user has agreed to this plugin as it is.
pub(super) fn is_given(state_home: &Path, manifest: &Manifest) -> bool {
    if !manifest.needs_consent() {
        return true;
    }
    let text = fs::read_to_string(path(state_home, &manifest.id)).unwrap_or_default();
    let Ok(consent) = serde_json::from_str::<Consent>(&text) else {
        return false;
    };
    let given = level(&consent.sensitivity).unwrap_or_default();
    given as i32 >= sensitivity(manifest) as i32 && major(&consent.version) == major(&manifest.version)
}

/// Describes what the plugin captures.
pub(super) fn describe(manifest: &Manifest) {
    let types: Vec<_> = manifest
        .source_types
        .iter()
        .copied()
        .map(SourceType::json_name)
        .collect();
    say(&format!(
        "{} {} ({})",
        manifest.name, manifest.version, manifest.id
    ));
    say(&format!("  captures     {}", types.join(", ")));
    say(&format!("  sensitivity  {}", sensitivity(manifest).json_name()));
    if !manifest.requires_permissions.is_empty() {
        say(&format!(
            "  permissions  {}",
            manifest.requires_permissions.join(", ")
        ));
    }
}

/// Asks for a typed "yes"; false for anything else.
pub(super) fn ask(question: &str) -> io::Result<bool> {
    let mut out = io::stdout();
    write!(out, "{question} ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    if line.is_empty() {
        writeln!(out)?;
    }
    Ok(line.trim() == "yes")
}

/// Keeps the consent.
pub(super) fn give(state_home: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let path = path(state_home, &manifest.id);
    let consent = Consent {
        sensitivity: sensitivity(manifest).json_name().to_owned(),
        version: manifest.version.clone(),
        given: jiff::Timestamp::now().as_second(),
    };
    let write = || {
        files::make_private_dir(path.parent().unwrap_or(state_home))?;
        files::replace_private(
            &path,
            format!("{}\n", serde_json::to_string(&consent)?).as_bytes(),
        )
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The declared sensitivity, and at least that of the source types.
fn sensitivity(manifest: &Manifest) -> Sensitivity {
    let least = greatest(&manifest.source_types);
    if least as i32 > manifest.sensitivity as i32 {
        least
    } else {
        manifest.sensitivity
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

//! `openclone plugins install` and `remove`.
//!
//! An installed plugin is upgraded in place: its `openclone.conf` stays, and so do consent, key and device id, which are kept
//! elsewhere. `install.sh` is shown and run only after a typed "yes", and never by root.

use std::{
    fs,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Failure, HomePaths, conf, consent, enable, lint, place, say, source, tree};
use crate::{
    config::home::Home,
    registry::{Manifest, directory::read_file, manifest},
};

const SCRIPT: &str = "install.sh";
/// Bytes of an install script that is shown, at most.
const MAX_SCRIPT: u64 = 256 << 10;

/// Install or upgrade a plugin.
#[derive(Debug, Args)]
pub(super) struct Install {
    #[command(flatten)]
    paths: HomePaths,
    /// Id in the catalogue, with or without "openclone-", or a path (which contains a "/")
    #[arg(value_name = "PLUGIN")]
    plugin: String,
    /// Directory of plugins that ids are looked for in [default: the checkout, then /usr/share/openclone/plugins]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Run install.sh without asking
    #[arg(long)]
    yes: bool,
}

/// Disable and remove a plugin.
#[derive(Debug, Args)]
pub(super) struct Remove {
    #[command(flatten)]
    paths: HomePaths,
    /// Id of the plugin
    #[arg(value_name = "ID")]
    id: String,
}

impl Install {
    pub(super) fn run(self) -> Result<(), Failure> {
        let plugins = self.paths.home()?.plugins();
        let dir = source::find(&self.plugin, self.from.as_deref())?;
        let report = lint::check(&dir)?;
        report.print(&dir);
        let Some(manifest) = report.manifest.as_ref().filter(|_| report.is_clean()) else {
            return Err(Failure::Failed(anyhow::anyhow!(
                "{}: not installed; fix the problems above first",
                dir.display()
            )));
        };
        let dir = fs::canonicalize(&dir).with_context(|| format!("cannot read {}", dir.display()))?;
        let before = installed(&plugins, &manifest.id);
        let location = place::place(&dir, &tree::installable(&dir)?, &manifest.id, &plugins)?;
        let at = location.display();
        match &before {
            Some(old) => say(&format!(
                "upgraded {} from {old} to {} in {at}",
                manifest.id, manifest.version
            )),
            None => say(&format!("installed {} {} in {at}", manifest.id, manifest.version)),
        }
        say_what_is_next(manifest, &location)?;
        self.script(&dir, &location)
    }

    fn script(&self, dir: &Path, location: &Path) -> Result<(), Failure> {
        let script = location.join(SCRIPT);
        if !script.is_file() {
            return Ok(());
        }
        let shown = script.display();
        if rustix::process::geteuid().is_root() {
            say(&format!(
                "{SCRIPT} is not run as root; run it as the user who runs the plugin: {shown}"
            ));
            return Ok(());
        }
        if !self.yes {
            if !std::io::stdin().is_terminal() {
                say(&format!(
                    "{SCRIPT} was not run, as nobody can be asked: read it, then run {shown}, or use --yes"
                ));
                return Ok(());
            }
            say(&format!("\n--- {shown}"));
            say(tree::text(&script, MAX_SCRIPT)?.unwrap_or_default().trim_end());
            say("---");
            if !consent::ask("Run this script? Type \"yes\":")? {
                say(&format!("{SCRIPT} was not run; run it with: {shown}"));
                return Ok(());
            }
        }
        let mut command = Command::new(&script);
        command
            .current_dir(location)
            .env("OPENCLONE_PLUGIN_DIR", location);
        if let Some(checkout) = source::checkout_of(dir) {
            command.env("OPENCLONE_SOURCE", checkout);
        }
        let status = command.status().with_context(|| format!("cannot run {shown}"))?;
        if !status.success() {
            return Err(Failure::Failed(anyhow::anyhow!("{shown} failed with {status}")));
        }
        Ok(())
    }
}

impl Remove {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        if manifest_of(&home, &self.id).is_ok() {
            enable::disable(&home, &self.id)?;
        }
        place::remove(&self.id, &home.plugins())?;
        say(&format!("removed {}; its events stay in the vault", self.id));
        Ok(())
    }
}

/// The manifest of an installed plugin.
///
/// # Errors
/// When it is not installed or its manifest is invalid.
pub(super) fn manifest_of(home: &Home, id: &str) -> anyhow::Result<Manifest> {
    let dir = home.plugins().join(place::checked(id)?);
    if !dir.exists() {
        bail!("{id} is not installed; install it with: openclone plugins install {id}");
    }
    read(&dir)
}

/// The manifest of the plugin in `dir`.
///
/// # Errors
/// When it is invalid.
pub(super) fn read(dir: &Path) -> anyhow::Result<Manifest> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let text = read_file(dir).map_err(|reason| anyhow::anyhow!("{}/plugin.json: {reason}", dir.display()))?;
    manifest::parse(&name, &text).map_err(|_| {
        anyhow::anyhow!(
            "{}/plugin.json is not valid; see: openclone plugins lint {}",
            dir.display(),
            dir.display()
        )
    })
}

fn installed(plugins: &Path, id: &str) -> Option<String> {
    let dir = plugins.join(id);
    dir.exists()
        .then(|| read(&dir).map_or_else(|_| "an invalid version".to_owned(), |manifest| manifest.version))
}

fn say_what_is_next(manifest: &Manifest, location: &Path) -> anyhow::Result<()> {
    let id = &manifest.id;
    let text = fs::read_to_string(location.join(conf::NAME)).unwrap_or_default();
    if !conf::is_on(&text) {
        say(&format!(
            "It is off. Switch it on with: openclone plugins enable {id}"
        ));
        if manifest.needs_consent() {
            say("It captures very personal data: ask everyone concerned before you enable it.");
        }
    } else if !consent::is_given(&consent::state_home()?, manifest) {
        say(&format!(
            "It now captures more than you agreed to, and stays off until you agree: openclone plugins enable {id}"
        ));
    }
    Ok(())
}

//! `openclone plugins`: what is installed, and the tools for those who write plugins.
//!
//! All of them work on files and need no running service; one that runs sees by itself what has changed.

mod install;
mod lint;
mod list;
mod new;
mod sample;
mod tree;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use openclone_client::v1::{Platform, SourceType};

use super::{Failure, Place, say};

/// Lists, checks, makes, installs and removes plugins.
#[derive(Debug, Args)]
pub(super) struct Plugins {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists plugins: what is installed, what the catalogue knows, what was rejected.
    List(list::List),
    /// Checks a plugin before it is published.
    Lint(Lint),
    /// Makes a plugin that sends its first event as it is.
    New(new::New),
    /// Checks a plugin and copies it to the plugins of the home.
    Install(Install),
    /// Removes an installed plugin.
    Remove(Remove),
}

/// Checks a plugin.
#[derive(Debug, Args)]
struct Lint {
    /// The plugin's directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Installs a plugin.
#[derive(Debug, Args)]
struct Install {
    #[command(flatten)]
    place: Place,
    /// The plugin's directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Removes a plugin.
#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    place: Place,
    /// The plugin's id
    #[arg(value_name = "ID")]
    id: String,
}

impl Plugins {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::List(list) => list.run(),
            Command::Lint(lint) => lint.run(),
            Command::New(new) => new.run(),
            Command::Install(install) => install.run(),
            Command::Remove(remove) => remove.run(),
        }
    }
}

impl Lint {
    fn run(self) -> Result<(), Failure> {
        let report = lint::check(&self.dir)?;
        report.tell(&self.dir);
        if !report.is_clean() {
            return Err(Failure::AlreadyReported);
        }
        say(&format!("{}: ready to be published", self.dir.display()));
        Ok(())
    }
}

impl Install {
    fn run(self) -> Result<(), Failure> {
        let plugins = self.place.home()?.plugins();
        let report = lint::check(&self.dir)?;
        report.tell(&self.dir);
        let Some(manifest) = report.manifest.as_ref().filter(|_| report.is_clean()) else {
            return Err(Failure::Failed(anyhow::anyhow!(
                "{}: not installed; all of the above must be mended first",
                self.dir.display()
            )));
        };
        let place = install::install(&self.dir, &report.files, &manifest.id, &plugins)?;
        say(&format!(
            "installed {} {} in {}",
            manifest.id,
            manifest.version,
            place.display()
        ));
        if manifest.needs_consent() {
            say("It captures very personal data: ask everyone concerned before you turn it on.");
        }
        Ok(())
    }
}

impl Remove {
    fn run(self) -> Result<(), Failure> {
        install::remove(&self.id, &self.place.home()?.plugins())?;
        say(&format!(
            "removed {}; what it has sent stays in the vault",
            self.id
        ));
        Ok(())
    }
}

fn platform(name: &str) -> Result<Platform, String> {
    let names = Platform::ALL.map(Platform::json_name).join(", ");
    Platform::from_json_name(name).ok_or_else(|| format!("it is none of {names}"))
}

fn source_type(name: &str) -> Result<SourceType, String> {
    let names = SourceType::ALL.map(SourceType::json_name).join(", ");
    SourceType::from_json_name(name).ok_or_else(|| format!("it is none of {names}"))
}

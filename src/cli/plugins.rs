//! `openclone plugins`: manages installed plugins, and supports plugin authors.
//!
//! All commands work on files and need no running service; a running service reloads changes by itself.

mod install;
mod lint;
mod list;
mod new;
mod sample;
mod tree;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use openclone_client::v1::{Platform, SourceType};

use super::{Failure, HomePaths, say};

/// Manage plugins.
#[derive(Debug, Args)]
pub(super) struct Plugins {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List plugins: installed, in the catalogue, rejected.
    List(list::List),
    /// Check a plugin before publishing it.
    Lint(Lint),
    /// Create a plugin that can send its first event unchanged.
    New(new::New),
    /// Check a plugin and install it into the home.
    Install(Install),
    /// Remove an installed plugin.
    Remove(Remove),
}

/// Check a plugin.
#[derive(Debug, Args)]
struct Lint {
    /// Directory of the plugin
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Install a plugin.
#[derive(Debug, Args)]
struct Install {
    #[command(flatten)]
    paths: HomePaths,
    /// Directory of the plugin
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Remove a plugin.
#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    paths: HomePaths,
    /// Id of the plugin
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
        report.print(&self.dir);
        if !report.is_clean() {
            return Err(Failure::AlreadyReported);
        }
        say(&format!("{}: ready to publish", self.dir.display()));
        Ok(())
    }
}

impl Install {
    fn run(self) -> Result<(), Failure> {
        let plugins = self.paths.home()?.plugins();
        let report = lint::check(&self.dir)?;
        report.print(&self.dir);
        let Some(manifest) = report.manifest.as_ref().filter(|_| report.is_clean()) else {
            return Err(Failure::Failed(anyhow::anyhow!(
                "{}: not installed; fix the problems above first",
                self.dir.display()
            )));
        };
        let location = install::install(&self.dir, &report.files, &manifest.id, &plugins)?;
        say(&format!(
            "installed {} {} in {}",
            manifest.id,
            manifest.version,
            location.display()
        ));
        if manifest.needs_consent() {
            say("It captures very personal data: ask everyone concerned before you enable it.");
        }
        Ok(())
    }
}

impl Remove {
    fn run(self) -> Result<(), Failure> {
        install::remove(&self.id, &self.paths.home()?.plugins())?;
        say(&format!("removed {}; its events stay in the vault", self.id));
        Ok(())
    }
}

fn platform(name: &str) -> Result<Platform, String> {
    let names = Platform::ALL.map(Platform::json_name).join(", ");
    Platform::from_json_name(name).ok_or_else(|| format!("not one of {names}"))
}

fn source_type(name: &str) -> Result<SourceType, String> {
    let names = SourceType::ALL.map(SourceType::json_name).join(", ");
    SourceType::from_json_name(name).ok_or_else(|| format!("not one of {names}"))
}

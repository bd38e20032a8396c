//! `openclone plugins`: manages installed plugins, and supports plugin authors.
//!
//! No command needs a running service; a running one reloads changes by itself.

mod check;
mod conf;
mod consent;
mod enable;
mod install;
mod lint;
mod list;
mod new;
mod place;
mod program;
mod run;
mod sample;
mod source;
mod tree;
mod trial;
mod unit;

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
    /// Run a plugin against a temporary service and print what would be stored.
    Try(check::Try),
    /// Check how a plugin behaves.
    Test(check::Test),
    /// Check a plugin and install it into the home, or upgrade it.
    Install(install::Install),
    /// Switch an installed plugin on: consent, key, autostart.
    Enable(enable::Enable),
    /// Switch a plugin off and revoke its key.
    Disable(enable::Disable),
    /// Run an enabled plugin in the foreground.
    Run(run::Run),
    /// Disable and remove an installed plugin.
    Remove(install::Remove),
}

/// Check a plugin.
#[derive(Debug, Args)]
struct Lint {
    /// Directory of the plugin
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Plugins {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::List(list) => list.run(),
            Command::Lint(lint) => lint.run(),
            Command::New(new) => new.run(),
            Command::Try(trial) => trial.run(),
            Command::Test(test) => test.run(),
            Command::Install(install) => install.run(),
            Command::Enable(enable) => enable.run(),
            Command::Disable(disable) => disable.run(),
            Command::Run(run) => run.run(),
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

fn platform(name: &str) -> Result<Platform, String> {
    let names = Platform::ALL.map(Platform::json_name).join(", ");
    Platform::from_json_name(name).ok_or_else(|| format!("not one of {names}"))
}

fn source_type(name: &str) -> Result<SourceType, String> {
    let names = SourceType::ALL.map(SourceType::json_name).join(", ");
    SourceType::from_json_name(name).ok_or_else(|| format!("not one of {names}"))
}

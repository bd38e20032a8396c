//! The command line: one file a subcommand. Exit codes: 0 done, 1 failed, 2 usage.

// Doc comments of arguments are printed as help, where `<home>` and URLs are plain text.
#![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls)]

mod completions;
mod connect;
mod find;
mod forget;
mod fsck;
mod gateway;
mod ingest;
mod keys;
mod pages;
mod plugins;
mod process;
mod reindex;
mod serve;
mod start;
mod status;
mod upkeep;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Takes what plugins capture into a vault of Markdown files, each event exactly once.
#[derive(Debug, Parser)]
#[command(name = "openclone", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the service.
    Serve(serve::Serve),
    /// Runs the JSON endpoint alone, in front of a service elsewhere.
    Gateway(gateway::Gateway),
    /// Sends files of batches.
    Ingest(ingest::Ingest),
    /// Lists, checks, makes, installs and removes plugins.
    Plugins(plugins::Plugins),
    /// Makes, shows and revokes keys.
    Keys(keys::Keys),
    /// Tells how the service is doing.
    Status(status::Status),
    /// Checks vault, journal and index against each other.
    Fsck(fsck::Fsck),
    /// Rebuilds the index from the vaults.
    Reindex(reindex::Reindex),
    /// Finds an event in the vaults.
    Find(find::Find),
    /// Removes events of a plugin and keeps their ids, so that they are never stored again.
    Forget(forget::Forget),
    /// Prints completions for a shell.
    Completions(completions::Completions),
    /// Prints the manual page.
    Man(completions::Man),
}

/// Where the home directory and the options are.
#[derive(Clone, Debug, Default, Args)]
struct Place {
    /// Home directory [default: ~/.openclone]
    #[arg(long, env = "OPENCLONE_HOME", value_name = "DIR", global = true)]
    home: Option<PathBuf>,
    /// File of options [default: <home>/openclone.toml]
    #[arg(long, env = "OPENCLONE_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

/// Why a command ends without success.
#[derive(Debug)]
pub enum Failure {
    /// It was called wrongly.
    Usage(String),
    /// It could not do its work.
    Failed(anyhow::Error),
    /// It could not do its work, and has said so.
    AlreadyReported,
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// When it does not succeed.
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Gateway(gateway) => gateway.run(),
            Command::Ingest(ingest) => ingest.run(),
            Command::Plugins(plugins) => plugins.run(),
            Command::Keys(keys) => keys.run(),
            Command::Status(status) => status.run(),
            Command::Fsck(fsck) => fsck.run(),
            Command::Reindex(reindex) => reindex.run(),
            Command::Find(find) => find.run(),
            Command::Forget(forget) => forget.run(),
            Command::Completions(completions) => completions.run(),
            Command::Man(man) => man.run(),
        }
    }
}

impl Failure {
    /// One line on stderr: what happened, where, what to do.
    #[allow(clippy::print_stderr)]
    pub fn print(&self) {
        match self {
            Self::Usage(text) => eprintln!("openclone: {}", one_line(text)),
            Self::Failed(error) => eprintln!("openclone: {}", one_line(&format!("{error:#}"))),
            Self::AlreadyReported => {}
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line for people or scripts, on stdout; a reader that is gone is no error.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

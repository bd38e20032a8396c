//! The command line, one file per subcommand. Exit codes: 0 success, 1 failure, 2 usage error.

// Doc comments of arguments are printed as help, where `<home>` and URLs are plain text.
#![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls)]

mod completions;
mod connect;
mod find;
mod forget;
mod fsck;
mod gateway;
mod huge_pages;
mod ingest;
mod keys;
mod maintenance;
mod plugins;
mod process;
mod reindex;
mod serve;
mod start;
mod status;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Store events of capture plugins as Markdown in an Obsidian vault, each exactly once.
#[derive(Debug, Parser)]
#[command(name = "openclone", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Serve),
    /// Run only the JSON endpoint, in front of a service elsewhere.
    Gateway(gateway::Gateway),
    /// Send batches from files.
    Ingest(ingest::Ingest),
    /// Manage plugins.
    Plugins(plugins::Plugins),
    /// Manage API keys.
    Keys(keys::Keys),
    /// Show server status.
    Status(status::Status),
    /// Check vault, journal and index for consistency.
    Fsck(fsck::Fsck),
    /// Rebuild the index from the vaults.
    Reindex(reindex::Reindex),
    /// Find an event in the vaults.
    Find(find::Find),
    /// Delete events of a plugin and block their ids, so that they are never stored again.
    Forget(forget::Forget),
    /// Print shell completions.
    Completions(completions::Completions),
    /// Print the manual page.
    Man(completions::Man),
}

/// The home directory and the config file.
#[derive(Clone, Debug, Default, Args)]
struct HomePaths {
    /// Home directory [default: ~/.openclone]
    #[arg(long, env = "OPENCLONE_HOME", value_name = "DIR", global = true)]
    home: Option<PathBuf>,
    /// Config file [default: <home>/openclone.toml]
    #[arg(long, env = "OPENCLONE_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The arguments are invalid.
    Usage(String),
    /// The command failed.
    Failed(anyhow::Error),
    /// The command failed and has already reported why.
    AlreadyReported,
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// When the command fails.
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
    /// Prints one line to stderr: what failed, where, and what to do.
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

/// Prints a line to stdout; a closed pipe is not an error.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

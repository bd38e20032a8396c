//! `openclone completions` and `openclone man`, generated from the definitions of the commands.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Failure, say};

/// Print shell completions.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Shell to print completions for
    shell: Shell,
}

/// Print the manual page.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write one page per command into this directory instead
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Completions {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "openclone", &mut script);
        say(String::from_utf8(script)?.trim_end());
        Ok(())
    }
}

impl Man {
    pub(super) fn run(&self) -> Result<(), Failure> {
        if let Some(dir) = &self.dir {
            clap_mangen::generate_to(Cli::command(), dir)
                .with_context(|| format!("cannot write to {}", dir.display()))?;
            return Ok(());
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        say(String::from_utf8(page)?.trim_end());
        Ok(())
    }
}

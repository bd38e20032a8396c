//! `openclone plugins try` and `test`: run an author's plugin against a service of its own.

use std::path::PathBuf;

use clap::Args;

use super::{
    Failure, lint, say,
    trial::{self, Trial},
};
use crate::{cli::start, registry::manifest::folders};

/// Seconds that a plugin which is off is watched for.
const OFF_SECONDS: f64 = 3.0;

/// Run a plugin against a temporary service and print what would be stored.
#[derive(Debug, Args)]
pub(super) struct Try {
    /// Directory of the plugin
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Stop it after so many seconds, if it does not end by itself
    #[arg(long, value_name = "N", default_value_t = 20.0, value_parser = seconds)]
    seconds: f64,
}

/// Check how a plugin behaves: off until enabled, sends valid events, ends when asked to.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// Directory of the plugin
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Stop it after so many seconds, if it does not end by itself
    #[arg(long, value_name = "N", default_value_t = 20.0, value_parser = seconds)]
    seconds: f64,
}

impl Try {
    pub(super) fn run(self) -> Result<(), Failure> {
        trial::runnable(&self.dir)?;
        start::runtime()?.block_on(async {
            let trial = Trial::start(&self.dir).await?;
            let ended = trial.run(true, self.seconds).await?;
            let (files, rejected) = (trial.vault()?, trial.rejected()?);
            trial.stop().await?;
            for (path, text) in &files {
                say(&format!("\n=== {}\n{}", path.display(), text.trim_end()));
            }
            for reasons in &rejected {
                say(&format!("\nrejected: {reasons}"));
            }
            say(&format!(
                "\nthe plugin {ended}; {} files would be written",
                files.len()
            ));
            if files.is_empty() || !rejected.is_empty() {
                return Err(Failure::AlreadyReported);
            }
            Ok(())
        })
    }
}

impl Test {
    pub(super) fn run(self) -> Result<(), Failure> {
        trial::runnable(&self.dir)?;
        let report = lint::check(&self.dir)?;
        report.print(&self.dir);
        let mut checks = Checks::default();
        checks.add(report.is_clean(), "lint finds no problems", "see above");
        start::runtime()?.block_on(self.behaviour(&mut checks))?;
        match checks.failed {
            0 => Ok(()),
            _ => Err(Failure::AlreadyReported),
        }
    }

    async fn behaviour(&self, checks: &mut Checks) -> anyhow::Result<()> {
        let trial = Trial::start(&self.dir).await?;
        let ended = trial.run(false, OFF_SECONDS.min(self.seconds)).await?;
        checks.add(
            trial.vault()?.is_empty(),
            "it sends nothing until it is enabled",
            "it has sent events",
        );
        checks.add(
            ended.is_well(false),
            "a plugin that is off ends with status 0 or 3",
            &ended.to_string(),
        );
        let ended = trial.run(true, self.seconds).await?;
        let files = trial.vault()?;
        checks.add(
            !files.is_empty(),
            "it sends events when it is enabled",
            "nothing was stored",
        );
        checks.add(
            ended.is_well(true),
            "it ends with status 0, or within 10 s of SIGTERM",
            &ended.to_string(),
        );
        let rejected = trial.rejected()?;
        checks.add(rejected.is_empty(), "no event is rejected", &rejected.join("; "));
        let declared = folders(&trial.manifest.source_types);
        let other = files
            .iter()
            .find(|(path, _)| !declared.iter().any(|folder| path.starts_with(folder)));
        let found = other
            .map(|(path, _)| path.display().to_string())
            .unwrap_or_default();
        checks.add(
            other.is_none(),
            "it writes only to the folders of its source types",
            &found,
        );
        trial.stop().await
    }
}

/// The lines of the report.
#[derive(Debug, Default)]
struct Checks {
    failed: usize,
}

impl Checks {
    fn add(&mut self, holds: bool, what: &str, otherwise: &str) {
        if holds {
            say(&format!("ok      {what}"));
        } else {
            self.failed += 1;
            say(&format!("FAILED  {what}: {otherwise}"));
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number of seconds from 0.1 to 86400".to_owned()),
    }
}

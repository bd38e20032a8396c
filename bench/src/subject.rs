//! What all measurements have in common: the service, the disk, and the file for the measurements.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

#[derive(Args, Clone)]
pub(crate) struct Subject {
    /// The service to measure.
    #[arg(long, default_value = "target/release/openclone")]
    pub(crate) binary: PathBuf,
    /// Where homes are made: on the disk to be measured.
    #[arg(long, default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Where to write the measurements as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Subject {
    /// Writes the measurements, if a file is wanted.
    pub(crate) fn save(&self, measurements: &impl Serialize) -> anyhow::Result<()> {
        if let Some(path) = &self.json {
            std::fs::write(path, serde_json::to_string_pretty(measurements)?)?;
        }
        Ok(())
    }
}

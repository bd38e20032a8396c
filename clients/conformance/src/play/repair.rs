//! A dead letter, repaired and sent as its reader would do it.

use std::fs;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::process::Command;

use super::{Play, send::now};
use crate::{service::KEY, vault};

impl Play<'_> {
    /// Gives the event of `raw_ref` the time of now, sends its file with `openclone ingest`, and deletes the file.
    pub(super) async fn repair(&self, raw_ref: &str) -> anyhow::Result<()> {
        let path = self
            .state_dir()
            .join("dead-letter")
            .join(vault::dead_letter_name(raw_ref));
        let text =
            fs::read_to_string(&path).with_context(|| format!("there is no dead letter of {raw_ref}"))?;
        let mut batch: Value = serde_json::from_str(&text)?;
        batch["events"][0]["timestamp"] = Value::from(now()?);
        fs::write(&path, batch.to_string())?;
        let output = Command::new(self.places.binary)
            .arg("ingest")
            .arg("--home")
            .arg(&self.service.home)
            .args(["--endpoint", &format!("http://{}", self.service.address)])
            .env("API_KEY", KEY)
            .arg(&path)
            .kill_on_drop(true)
            .output()
            .await?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "openclone ingest rejected the repaired dead letter: {errors}"
        );
        fs::remove_file(&path).context("cannot delete the dead letter")
    }
}

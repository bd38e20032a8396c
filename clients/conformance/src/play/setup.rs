//! Steps around a plugin's manifest, consent, pause, key and health.

use std::{
    fs,
    path::Path,
    sync::PoisonError,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value, json};

use super::{
    Play,
    steps::{POLL_INTERVAL, expect},
};
use crate::service::KEY;

impl Play<'_> {
    pub(super) fn plugin(&self, manifest: &Map<String, Value>, conf: &str) -> anyhow::Result<()> {
        let id = self.plugin_id();
        let mut document =
            json!({"id": id, "name": "Conformance", "version": "1.2.3", "platform": ["linux"]});
        document
            .as_object_mut()
            .context("no object")?
            .extend(manifest.clone());
        let installed = self.service.home.join("plugins").join(&id);
        for directory in [&self.directory.join("plugin"), &installed] {
            fs::create_dir_all(directory)?;
            fs::write(directory.join("plugin.json"), document.to_string())?;
            fs::write(directory.join("openclone.conf"), conf)?;
        }
        Ok(())
    }

    pub(super) async fn config(&mut self, expected: &Value) -> anyhow::Result<()> {
        let response = self.ask(&json!({"do": "config"}), 5.0).await?;
        ensure!(
            plain(&response["config"]) == plain(expected),
            "the settings are {}, not {expected}",
            response["config"]
        );
        let kept = fs::read_to_string(self.shared().join("device-id"))?;
        ensure!(
            response["device_id"] == kept.trim(),
            "the client has another device id"
        );
        Ok(())
    }

    pub(super) fn share(&self, path: &str, text: Option<&str>) -> anyhow::Result<()> {
        let file = self.shared().join(path.replace("{plugin}", &self.plugin_id()));
        match text {
            Some(text) => {
                fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
                fs::write(&file, text)?;
            }
            None => fs::remove_file(&file)?,
        }
        Ok(())
    }

    pub(super) async fn paused(&mut self, expected: bool) -> anyhow::Result<()> {
        let response = self.ask(&json!({"do": "paused"}), 5.0).await?;
        ensure!(response["paused"] == expected, "paused is {response}");
        Ok(())
    }

    pub(super) fn key(&self, is_good: bool) -> anyhow::Result<()> {
        let key = if is_good {
            KEY
        } else {
            "oc_another_key_that_is_wrong"
        };
        fs::write(self.directory.join("key"), format!("{key}\n"))?;
        Ok(())
    }

    pub(super) async fn recovered(&mut self, times: u64, within: f64) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs_f64(within);
        loop {
            let reported = self.ask(&json!({"do": "events"}), 5.0).await?;
            if reported["recovered"] == times {
                return Ok(());
            }
            ensure!(
                Instant::now() < end,
                "reported {reported}, not {times} recoveries"
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    pub(super) async fn report_health(&mut self, state: &str, reason: &str) -> anyhow::Result<()> {
        let command = json!({"do": "report_health", "state": state, "reason": reason});
        expect(&self.ask(&command, 5.0).await?, None)
    }

    pub(super) async fn health(&self, state: &str, reason: &str, within: f64) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs_f64(within);
        loop {
            let shown = self.service.plugin(&self.plugin_id()).await?;
            let report = &shown["health"][0];
            if report["state"] == state && report["reason"] == reason {
                ensure!(report["plugin_version"] == "1.2.3", "the report is {report}");
                return Ok(());
            }
            ensure!(Instant::now() < end, "the service shows {}", shown["health"]);
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    pub(super) async fn interrupt(&mut self) -> anyhow::Result<()> {
        let driver = self.driver.take().context("no driver runs")?;
        driver.interrupt().await?;
        let end = Instant::now() + Duration::from_secs(2);
        while !self.said("stay queued") {
            ensure!(Instant::now() < end, "it does not say what stays queued");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    fn said(&self, text: &str) -> bool {
        let transcript = self.transcript.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&transcript).contains(text)
    }
}

/// Numbers compared by value: languages differ in how they write them.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

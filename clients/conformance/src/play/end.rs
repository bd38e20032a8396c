//! What is checked at the end of every case.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::PoisonError,
};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::Play;
use crate::{
    service::KEY,
    vault::{self, Items},
};

/// Names in an error, at most.
const SHOWN: usize = 5;

impl Play<'_> {
    pub(super) async fn end(&mut self) -> anyhow::Result<()> {
        if self.case.expect.dropped {
            self.count_dropped().await?;
        }
        if let Some(driver) = self.driver.take() {
            driver.kill().await?;
        }
        self.service.stop().await?;
        let items = vault::items(&self.service.home.join("vault"), &self.plugin_id())?;
        let dead = self.dead_letters()?;
        self.accounts(&items, &dead)?;
        self.compare(&items)?;
        let record = self.proxy.record();
        ensure!(
            record.too_early == 0,
            "{} requests came before Retry-After was over",
            record.too_early
        );
        ensure!(
            record.strangers.is_empty(),
            "the user agent is {:?}",
            record.strangers
        );
        self.secrets_and_modes()
    }

    /// Every event that was queued is in one place, and nothing else is there.
    fn accounts(&self, items: &Items, dead: &BTreeSet<String>) -> anyhow::Result<()> {
        let expect = &self.case.expect;
        let wanted: BTreeSet<String> = expect.dead_letter.iter().cloned().collect();
        ensure!(*dead == wanted, "dead-letter/ holds {dead:?}, not {wanted:?}");
        let (mut nowhere, mut found) = (Vec::new(), 0);
        for (raw_ref, queued) in &self.queued {
            let id = vault::event_id(&queued.source_type, &queued.plugin_id, raw_ref);
            let times = items.get(&id).map_or(0, Vec::len);
            found += times;
            ensure!(times <= 1, "{raw_ref} stands {times} times in the vault");
            ensure!(
                times == 0 || !dead.contains(raw_ref),
                "{raw_ref} is in the vault and in dead-letter/"
            );
            if times == 0 && !dead.contains(raw_ref) && !expect.lost.contains(raw_ref) {
                nowhere.push(raw_ref.as_str());
            }
        }
        let all: usize = items.values().map(Vec::len).sum();
        ensure!(
            all == found + self.unnamed,
            "{all} events are in the vault, {found} with a known raw_ref and {} without",
            self.unnamed
        );
        self.missing(&nowhere)
    }

    fn missing(&self, nowhere: &[&str]) -> anyhow::Result<()> {
        if self.case.expect.dropped {
            let dropped = usize::try_from(self.dropped)?;
            ensure!(dropped > 0, "nothing was dropped");
            ensure!(
                nowhere.len() == dropped,
                "{} events are nowhere, {dropped} were counted",
                nowhere.len()
            );
            return Ok(());
        }
        if self.case.expect.copied_segment {
            let copies = files(&self.state_dir().join("dead-letter"))?;
            let is_copy = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"OCSPOOL1"));
            ensure!(
                copies.iter().any(is_copy),
                "no copy of the damaged segment is in dead-letter/"
            );
            ensure!(
                nowhere.len() < self.queued.len(),
                "nothing that stood before the damage was sent"
            );
            return Ok(());
        }
        ensure!(
            nowhere.is_empty(),
            "{} of {} events are nowhere: {:?}…",
            nowhere.len(),
            self.queued.len(),
            &nowhere[..nowhere.len().min(SHOWN)]
        );
        Ok(())
    }

    /// The documented batches of the case look the same, whoever sent them.
    fn compare(&self, items: &Items) -> anyhow::Result<()> {
        for reference in self.references.keys() {
            let others = vault::items(&self.service.home.join("vault"), reference)?;
            let sorted = |items: &Items| {
                let mut texts: Vec<String> = items.values().flatten().cloned().collect();
                texts.sort();
                texts
            };
            let (own, other) = (sorted(items), sorted(&others));
            let differs = own.iter().zip(&other).find(|(own, other)| own != other);
            if let Some((own, other)) = differs {
                bail!("an item differs from that of the documented JSON:\n{own}\n{other}");
            }
            ensure!(
                own.len() == other.len() && !own.is_empty(),
                "{} items, not {}",
                own.len(),
                other.len()
            );
        }
        Ok(())
    }

    /// The `raw_ref`s in `dead-letter/`; every file there must be a documented batch of one event as it was sent.
    fn dead_letters(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for path in files(&self.state_dir().join("dead-letter"))? {
            if path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            let text = fs::read_to_string(&path)?;
            let raw_ref = self
                .dead_letter(&text, &path)
                .with_context(|| format!("{}: {text:.500}", path.display()))?;
            found.insert(raw_ref);
        }
        Ok(found)
    }

    fn dead_letter(&self, text: &str, path: &Path) -> anyhow::Result<String> {
        let batch: Value = serde_json::from_str(text)?;
        ensure!(batch["plugin_id"] == self.plugin_id(), "another plugin_id");
        ensure!(
            batch["timestamp"].as_f64().is_some(),
            "the batch has no timestamp in seconds"
        );
        let events = batch["events"].as_array().context("no events")?;
        let [event] = events.as_slice() else {
            bail!("{} events", events.len())
        };
        let reasons = batch["rejected"].as_array().context("no rejected")?;
        let is_text = |reason: &Value| reason.as_str().is_some_and(|reason| !reason.is_empty());
        ensure!(
            !reasons.is_empty() && reasons.iter().all(is_text),
            "rejected holds no reasons"
        );
        let raw_ref = event["raw_ref"].as_str().context("no raw_ref")?;
        let name = vault::dead_letter_name(raw_ref);
        ensure!(path.ends_with(&name), "the file should be called {name}");
        let queued = self.queued.get(raw_ref).context("it was never queued")?;
        if let Some(sent) = &queued.event {
            ensure!(event["data"] == sent["data"], "its data is not what was sent");
            let same = |a: &Value, b: &Value| {
                a.as_f64()
                    .zip(b.as_f64())
                    .is_none_or(|(a, b)| (a - b).abs() < 1e-5)
            };
            ensure!(
                same(&event["timestamp"], &sent["timestamp"]),
                "its timestamp is not what was sent"
            );
        }
        Ok(raw_ref.to_owned())
    }

    fn secrets_and_modes(&self) -> anyhow::Result<()> {
        let transcript = self.transcript.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(
            !contains_key(&transcript),
            "a response or a log line shows the key"
        );
        drop(transcript);
        let device_id = self.shared().join("device-id");
        if device_id.exists() {
            ensure!(
                mode(&device_id)? == 0o600,
                "device-id has mode {:o}",
                mode(&device_id)?
            );
        }
        let state = self.state_dir();
        if !state.exists() {
            return Ok(());
        }
        ensure!(
            mode(&state)? == 0o700,
            "the state directory has mode {:o}",
            mode(&state)?
        );
        for path in files(&state)? {
            let (mode, wanted) = (mode(&path)?, if path.is_dir() { 0o700 } else { 0o600 });
            ensure!(
                mode == wanted,
                "{} has mode {mode:o}, not {wanted:o}",
                path.display()
            );
            let shows = path.is_file() && contains_key(&fs::read(&path)?);
            ensure!(!shows, "{} holds the key", path.display());
        }
        Ok(())
    }
}

fn contains_key(bytes: &[u8]) -> bool {
    bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes())
}

fn mode(path: &Path) -> anyhow::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

/// Everything below `directory`; nothing if it is not there.
fn files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        if !directory.exists() {
            continue;
        }
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path.clone());
            }
            paths.push(path);
        }
    }
    Ok(paths)
}

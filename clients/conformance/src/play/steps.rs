//! Steps other than those that queue events.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};

use super::{Play, segment};
use crate::{
    case::{Action, Disk, Step},
    driver::Driver,
};

/// How often something that may yet come about is looked at.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(30);

impl Play<'_> {
    pub(super) async fn step(&mut self, step: &Step) -> anyhow::Result<()> {
        match step {
            Step::Open {
                manifest,
                options,
                error,
            } => self.open_plugin(options, *manifest, error.as_deref()).await,
            Step::Plugin { manifest, conf } => self.plugin(manifest, conf),
            Step::Config(config) => self.config(config).await,
            Step::Share { path, text } => self.share(path, text.as_deref()),
            Step::Paused(paused) => self.paused(*paused).await,
            Step::Key { good } => self.key(*good),
            Step::Recovered { times, within } => self.recovered(*times, *within).await,
            Step::ReportHealth { state, reason } => self.report_health(state, reason).await,
            Step::Health {
                state,
                reason,
                within,
            } => self.health(state, reason, *within).await,
            Step::Interrupt {} => self.interrupt().await,
            Step::Send { events, error, index } => self.send(events, error.as_deref(), *index).await,
            Step::Bulk {
                prefix,
                count,
                bytes,
                error,
            } => self.bulk(prefix, *count, *bytes, error.as_deref()).await,
            Step::Generate { prefix, count, error } => self.generate(prefix, *count, error.as_deref()).await,
            Step::Samples { typed } => self.samples(*typed).await,
            Step::Flush { timeout, error } => self.flush(*timeout, error.as_deref()).await,
            Step::Close { timeout, error } => self.close(*timeout, error.as_deref()).await,
            Step::Stats { are, within } => self.stats(are, *within).await,
            Step::Reported {
                errors,
                rejected,
                within,
            } => self.reported(errors, rejected, *within).await,
            Step::Show {} => self.show().await,
            Step::Fault(fault) => {
                self.proxy.set(fault.clone()).await;
                Ok(())
            }
            Step::Server(action) => self.server(*action).await,
            Step::Driver(action) => self.drive(*action).await,
            Step::Damage(damage) => segment::damage(&self.state_dir().join("spool"), *damage),
            Step::Disk(disk) => self.small_disk(*disk),
            Step::Sleep(seconds) => {
                tokio::time::sleep(Duration::from_secs_f64(*seconds)).await;
                Ok(())
            }
            Step::Repair(raw_ref) => self.repair(raw_ref).await,
            Step::Rival { error } => self.rival(error).await,
            Step::RivalInside { error } => {
                let response = self.ask(&json!({"do": "rival"}), 20.0).await?;
                expect(&response, Some(error))
            }
            Step::Went { over, only, most } => self.went(over, *only, *most),
        }
    }

    pub(super) async fn ask(&mut self, command: &Value, seconds: f64) -> anyhow::Result<Value> {
        let driver = self.driver.as_mut().context("no driver runs")?;
        driver.ask(command, Duration::from_secs_f64(seconds)).await
    }

    pub(super) async fn open(
        &mut self,
        options: &Map<String, Value>,
        error: Option<&str>,
    ) -> anyhow::Result<()> {
        self.open_plugin(options, false, error).await
    }

    async fn open_plugin(
        &mut self,
        options: &Map<String, Value>,
        manifest: bool,
        error: Option<&str>,
    ) -> anyhow::Result<()> {
        let options = self.options_with(options);
        let mut command = json!({"do": "open", "options": options});
        if manifest {
            command["manifest"] = json!(self.directory.join("plugin"));
            let given = command["options"].as_object_mut().context("no options")?;
            for name in ["plugin_id", "plugin_version", "source_type"] {
                given.remove(name);
            }
        }
        let response = self.ask(&command, 10.0).await?;
        expect(&response, error)?;
        if error.is_some() {
            return Ok(());
        }
        let device = fs::read_to_string(self.shared().join("device-id")).context("there is no device-id")?;
        let first = self.device_id.get_or_insert(device.clone());
        ensure!(*first == device, "device-id was {first}, now it is {device}");
        self.options = options;
        Ok(())
    }

    async fn flush(&mut self, timeout: f64, error: Option<&str>) -> anyhow::Result<()> {
        let response = self
            .ask(&json!({"do": "flush", "timeout": timeout}), timeout + 3.0)
            .await?;
        expect(&response, error)
    }

    pub(super) async fn close(&mut self, timeout: f64, error: Option<&str>) -> anyhow::Result<()> {
        self.count_dropped().await?;
        let response = self
            .ask(&json!({"do": "close", "timeout": timeout}), timeout + 3.0)
            .await?;
        expect(&response, error)
    }

    /// Adds what the client that is about to go has counted as dropped.
    pub(super) async fn count_dropped(&mut self) -> anyhow::Result<()> {
        let Some(driver) = &mut self.driver else {
            return Ok(());
        };
        self.dropped += driver.stats().await?["dropped"]
            .as_u64()
            .context("stats have no dropped")?;
        Ok(())
    }

    async fn stats(&mut self, are: &BTreeMap<String, u64>, within: f64) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs_f64(within);
        loop {
            let stats = self.driver.as_mut().context("no driver runs")?.stats().await?;
            let differs = are
                .iter()
                .find(|(name, value)| stats[name.as_str()].as_u64() != Some(**value));
            match differs {
                None => return Ok(()),
                Some((name, value)) if Instant::now() > end => bail!("{name} is not {value}: {stats}"),
                Some(_) => tokio::time::sleep(POLL_INTERVAL).await,
            }
        }
    }

    async fn reported(&mut self, errors: &[String], rejected: &[String], within: f64) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs_f64(within);
        loop {
            let reported = self.ask(&json!({"do": "events"}), 5.0).await?;
            let has = |error: &String| {
                reported["errors"]
                    .as_array()
                    .is_some_and(|list| list.contains(&json!(error)))
            };
            let mut named: Vec<&str> = reported["rejected"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            named.sort_unstable();
            if errors.iter().all(has) && named == rejected {
                return Ok(());
            }
            ensure!(
                Instant::now() < end,
                "reported {reported}, not {errors:?} and rejected {rejected:?}"
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn show(&mut self) -> anyhow::Result<()> {
        let response = self.ask(&json!({"do": "show"}), 5.0).await?;
        let text = response["text"].as_str().context("show has no text")?;
        ensure!(!text.is_empty(), "a printed client says nothing");
        Ok(())
    }

    async fn server(&mut self, action: Action) -> anyhow::Result<()> {
        match action {
            Action::Start => self.service.begin().await,
            Action::Stop => self.service.stop().await,
            Action::Kill => self.service.kill().await,
            Action::Restart => {
                self.service.kill().await?;
                self.service.begin().await
            }
        }
    }

    async fn drive(&mut self, action: Action) -> anyhow::Result<()> {
        match action {
            Action::Start => return self.start_driver(),
            Action::Stop => self.driver.take().context("no driver runs")?.terminate().await,
            Action::Kill | Action::Restart => self.driver.take().context("no driver runs")?.kill().await,
        }?;
        match action {
            Action::Restart => self.start_driver(),
            _ => Ok(()),
        }
    }

    fn small_disk(&self, action: Disk) -> anyhow::Result<()> {
        let disk = self.disk.as_ref().context("the case has no small_disk")?;
        match action {
            Disk::Fill => disk.fill(),
            Disk::Free => disk.free(),
        }
    }

    async fn rival(&mut self, error: &str) -> anyhow::Result<()> {
        for sdk in self.places.sdks {
            let mut rival = Driver::start(&sdk.driver, &self.directory, &self.transcript)?;
            let command = json!({"do": "open", "options": self.options});
            let response = rival.ask(&command, Duration::from_secs(10)).await?;
            rival.kill().await?;
            expect(&response, Some(error))
                .with_context(|| format!("the second client is that of {}", sdk.name))?;
        }
        Ok(())
    }

    fn went(&self, over: &str, only: bool, most: Option<u64>) -> anyhow::Result<()> {
        let record = self.proxy.record();
        let is_grpc = over == "grpc";
        ensure!(
            record.last_was_grpc == is_grpc,
            "the last request was not {over}: {record:?}"
        );
        let (own, other) = match is_grpc {
            true => (record.grpc, record.json),
            false => (record.json, record.grpc),
        };
        ensure!(
            most.is_none_or(|most| own <= most),
            "{own} requests went over {over}, at most {most:?} were expected"
        );
        ensure!(!only || other == 0, "{other} requests did not go over {over}");
        Ok(())
    }
}

/// Whether the response is what was expected: `ok`, or this error with a message.
pub(super) fn expect(response: &Value, error: Option<&str>) -> anyhow::Result<()> {
    match (response["error"].as_str(), error) {
        (None, None) if response["ok"] == true => Ok(()),
        (Some(name), Some(expected)) if name == expected => {
            let message = response["message"].as_str().unwrap_or_default();
            ensure!(!message.is_empty(), "{name} comes without a message");
            Ok(())
        }
        (_, Some(expected)) => bail!("acknowledged {response}, not {expected}"),
        (_, None) => bail!("acknowledged {response}"),
    }
}

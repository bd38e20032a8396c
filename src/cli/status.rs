//! `openclone status`: shows the status of a running service, which it requests over the network.

use std::{collections::BTreeMap, time::Duration};

use clap::Args;
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use tonic::{
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

use super::{
    Failure, HomePaths,
    connect::{self, Target},
    say, start,
};
use crate::config::{Config, TenantRates};

/// How long the service may take to respond.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Show server status.
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    paths: HomePaths,
    #[command(flatten)]
    target: Target,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The status of the service.
#[derive(Debug, Default, Serialize)]
struct Report {
    up: bool,
    endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    version: Option<String>,
    state: Option<String>,
    tenants: Vec<Tenant>,
    vault: String,
    events: BTreeMap<String, u64>,
    ids: u64,
    ids_not_checkpointed: u64,
    journal_bytes: u64,
    groups_incomplete: u64,
}

/// The status of one tenant, as in `/api/v1/tenants`.
#[derive(Debug, Deserialize, Serialize)]
struct Tenant {
    tenant: String,
    vault: String,
    events: BTreeMap<String, u64>,
    files: u64,
    bytes: u64,
    last_seen: Option<String>,
    journal: Lag,
    #[serde(default)]
    limits: Option<TenantRates>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Lag {
    bytes: u64,
    waiting: u64,
    seconds: f64,
}

#[derive(Deserialize)]
struct Tenants {
    tenants: Vec<Tenant>,
}

impl Status {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        let config = Config::read(&self.paths.layers(&home, Vec::new())?)?;
        let endpoint = self.target.uri(&self.paths, &home)?;
        let vault = config.vault.dir.unwrap_or_else(|| home.vault());
        let mut report = Report {
            endpoint,
            vault: vault.display().to_string(),
            ..Report::default()
        };
        // without a key, the public part is still shown
        let key = self.target.key(&home).ok();
        start::runtime()?.block_on(async {
            let channel =
                connect::channel(&report.endpoint).map_err(|error| Failure::Usage(format!("{error:#}")))?;
            let request = query(&mut report, channel, key);
            if !matches!(tokio::time::timeout(TIMEOUT, request).await, Ok(Ok(()))) && !report.up {
                report.reason = Some("no service responds".to_owned());
            }
            Ok::<_, Failure>(())
        })?;
        if self.json {
            say(&serde_json::to_string_pretty(&report)?);
        } else {
            say(&report.to_string());
        }
        if report.up {
            Ok(())
        } else {
            Err(Failure::AlreadyReported)
        }
    }
}

async fn query(
    report: &mut Report,
    channel: Channel,
    key: Option<MetadataValue<Ascii>>,
) -> anyhow::Result<()> {
    let key = key.and_then(|key| HeaderValue::from_bytes(key.as_bytes()).ok());
    let endpoint = report.endpoint.clone();
    let page = async |path: &str| connect::get(&channel, &endpoint, path, key.as_ref()).await;
    let ready: serde_json::Value = serde_json::from_str(page("/readyz").await?.body())?;
    let member = |name: &str| ready[name].as_str().map(str::to_owned);
    (report.version, report.state, report.reason) = (member("version"), member("status"), member("detail"));
    report.up = true;
    let metrics = page("/metrics").await?;
    if metrics.status() == StatusCode::OK {
        report.read_metrics(metrics.body());
    }
    if key.is_some() {
        let tenants = page("/api/v1/tenants").await?;
        if tenants.status() == StatusCode::OK {
            report.tenants = serde_json::from_str::<Tenants>(tenants.body())?.tenants;
        }
    }
    Ok(())
}

impl Report {
    fn read_metrics(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let value = value.parse::<f64>().unwrap_or_default() as u64;
            match name {
                "openclone_ids_indexed" => self.ids += value,
                "openclone_ids_recent" => (self.ids, self.ids_not_checkpointed) = (self.ids + value, value),
                "openclone_journal_bytes" => self.journal_bytes = value,
                "openclone_groups_incomplete" => self.groups_incomplete = value,
                _ => {
                    let outcome = name.strip_prefix("openclone_events_total{outcome=\"");
                    if let Some((outcome, _)) = outcome.and_then(|rest| rest.split_once('"')) {
                        *self.events.entry(outcome.to_owned()).or_default() += value;
                    }
                }
            }
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.up {
            let reason = self.reason.as_deref().unwrap_or_default();
            return write!(
                f,
                "not running: {reason} at {}; start it with: openclone serve",
                self.endpoint
            );
        }
        let version = self.version.as_deref().unwrap_or("(version unknown)");
        let state = self.state.as_deref().unwrap_or("state unknown");
        writeln!(f, "openclone {version} at {}: {state}", self.endpoint)?;
        if let Some(reason) = &self.reason {
            writeln!(f, "reason   {reason}")?;
        }
        writeln!(f, "vault    {}", self.vault)?;
        let events: Vec<_> = self
            .events
            .iter()
            .map(|(outcome, count)| format!("{count} {outcome}"))
            .collect();
        writeln!(f, "events   {} since the start", events.join(", "))?;
        writeln!(
            f,
            "ids      {} ({} not yet checkpointed)",
            self.ids, self.ids_not_checkpointed
        )?;
        write!(f, "journal  {} bytes not yet checkpointed", self.journal_bytes)?;
        if self.groups_incomplete > 0 {
            write!(
                f,
                "\nincomplete {} groups: the vault cannot be written",
                self.groups_incomplete
            )?;
        }
        self.tenants.iter().try_for_each(|tenant| write!(f, "\n{tenant}"))
    }
}

impl std::fmt::Display for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |outcome| self.events.get(outcome).copied().unwrap_or_default();
        write!(
            f,
            "tenant   {}: {} stored, {} duplicate, {} rejected; {} bytes in {} files; last seen {}; journal {} bytes",
            self.tenant,
            count("stored"),
            count("duplicate"),
            count("rejected"),
            self.bytes,
            self.files,
            self.last_seen.as_deref().unwrap_or("not since the start"),
            self.journal.bytes,
        )?;
        if self.journal.waiting > 0 {
            write!(
                f,
                ", {} batches wait for {:.1} s",
                self.journal.waiting, self.journal.seconds
            )?;
        }
        let limits = self.limits.unwrap_or_default();
        for (limit, what) in [
            (limits.requests_per_minute, "requests per minute"),
            (limits.events_per_second, "events per second"),
        ] {
            if limit > 0 {
                write!(f, "; at most {limit} {what}")?;
            }
        }
        Ok(())
    }
}

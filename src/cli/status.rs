//! `openclone status`: shows the status of a running service, which it requests over the network.

use std::{collections::BTreeMap, time::Duration};

use clap::Args;
use openclone_client::v1::{
    self, GetStatusRequest, ListTenantsRequest, operations_service_client::OperationsServiceClient,
    tenant_service_client::TenantServiceClient,
};
use openclone_core::header;
use serde::Serialize;
use tonic::{
    Request,
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
#[derive(Debug, Serialize)]
struct Tenant {
    tenant: String,
    vault: String,
    events: BTreeMap<&'static str, u64>,
    files: u64,
    bytes: u64,
    last_seen: Option<String>,
    journal: Lag,
    limits: Option<TenantRates>,
}

#[derive(Debug, Serialize)]
struct Lag {
    bytes: u64,
    waiting: u64,
    seconds: f64,
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
    let has_key = key.is_some();
    let with_key = move |mut request: Request<()>| {
        if let Some(key) = &key {
            request.metadata_mut().insert(header::API_KEY, key.clone());
        }
        Ok(request)
    };
    let mut operations = OperationsServiceClient::with_interceptor(channel.clone(), with_key.clone());
    let status = operations.get_status(GetStatusRequest {}).await?.into_inner();
    report.up = true;
    report.version = Some(status.version);
    report.state = Some(status.state);
    report.reason = Some(status.detail).filter(|detail| !detail.is_empty());
    if let Some(totals) = status.totals {
        report.events = totals.events.into_iter().collect();
        report.ids = totals.ids_indexed + totals.ids_recent;
        report.ids_not_checkpointed = totals.ids_recent;
        report.journal_bytes = totals.journal_bytes;
        report.groups_incomplete = totals.incomplete_groups;
    }
    if has_key {
        let mut tenants = TenantServiceClient::with_interceptor(channel, with_key);
        if let Ok(list) = tenants.list_tenants(ListTenantsRequest {}).await {
            report.tenants = list.into_inner().tenants.into_iter().map(Tenant::from).collect();
        }
    }
    Ok(())
}

impl From<v1::Tenant> for Tenant {
    fn from(tenant: v1::Tenant) -> Self {
        let journal = tenant.journal.unwrap_or_default();
        let events = [
            ("stored", tenant.stored),
            ("duplicate", tenant.duplicate),
            ("rejected", tenant.rejected),
        ];
        Self {
            tenant: tenant.id,
            vault: tenant.vault,
            events: events.into(),
            files: tenant.files,
            bytes: tenant.bytes,
            last_seen: tenant.last_seen.map(|time| time.to_string()),
            journal: Lag {
                bytes: journal.bytes,
                waiting: journal.waiting,
                seconds: journal.seconds,
            },
            limits: tenant.limits.map(|limits| TenantRates {
                requests_per_minute: limits.requests_per_minute,
                events_per_second: limits.events_per_second,
            }),
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

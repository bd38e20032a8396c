//! Many tenants that write in turn, each with its own key to its own vault: what is paid for each of them, and what for a
//! group of theirs.
//!
//! In the first round every vault is made, which is timed apart. Then the callers go round and round, each through its
//! share of the tenants, so that neighbouring batches never go to the same file. With `strace` at hand, syncs are
//! counted in a short round of their own, which is too slow to be timed.

mod keys;
mod syncs;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use openclone_client::v1::IngestBatchResponse;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::{
    load::write_line, measure, probe, raw::Raw, send, server::Server, subject::Subject, template::Template,
};

/// Callers that share a connection.
const SHARED: usize = 16;

#[derive(Args, Clone)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// How many tenants.
    #[arg(long, env = "TENANTS", default_value_t = 10_000)]
    tenants: usize,
    /// How many call at once.
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// Events a batch.
    #[arg(long, default_value_t = 10)]
    batch: usize,
    /// For how many seconds, after the first round.
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) tenants: usize,
    pub(crate) batch: usize,
    /// The first round, in which all vaults are made.
    pub(crate) founding_seconds: f64,
    pub(crate) events_per_second: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) failed: u64,
    pub(crate) batches_a_group: f64,
    pub(crate) checkpoints: f64,
    /// Syncs for which the callers of a group wait; `None` without `strace`.
    #[serde(default)]
    pub(crate) waited_for_a_group: Option<f64>,
    /// Syncs of the journal and of files together, checkpoints included; `None` without `strace`.
    pub(crate) syncs_a_group: Option<f64>,
    pub(crate) most_descriptors: usize,
    pub(crate) peak_mib: f64,
}

struct Round {
    events: u64,
    failed: u64,
    groups: f64,
    checkpoints: f64,
    seconds: f64,
    times: Histogram<u64>,
}

pub(crate) async fn main(arguments: Arguments) -> anyhow::Result<()> {
    ensure!(
        arguments.tenants >= arguments.callers,
        "there must be a tenant for each caller"
    );
    let home = tempfile::tempdir_in(&arguments.subject.directory)?;
    let keys: Arc<[String]> = keys::write(&home.path().join("keys.toml"), arguments.tenants)?.into();
    let server = Server::start_in(&arguments.subject.binary, home.path()).await?;
    let (most, looking) = watch_descriptors(server.pid);
    let founding = round(&arguments, &server, &keys, 0, None).await?;
    let full = round(&arguments, &server, &keys, 1, Some(arguments.seconds)).await?;
    let counter = syncs::Counter::attach(server.pid, home.path()).await?;
    let counted = match counter {
        None => None,
        Some(counter) => {
            let counted = round(&arguments, &server, &keys, 2, Some(arguments.seconds.min(5.0))).await?;
            Some((counter.detach().await?, counted.groups.max(1.0)))
        }
    };
    looking.abort();
    let millis = |quantile| full.times.value_at_quantile(quantile) as f64 / 1e3;
    let batches = full.times.len() as f64;
    let report = Report {
        tenants: arguments.tenants,
        batch: arguments.batch,
        founding_seconds: founding.seconds,
        events_per_second: full.events as f64 / full.seconds,
        p50: millis(0.5),
        p99: millis(0.99),
        failed: founding.failed + full.failed,
        batches_a_group: batches / full.groups.max(1.0),
        checkpoints: full.checkpoints,
        waited_for_a_group: counted
            .as_ref()
            .map(|(syncs, groups)| syncs.waited_for as f64 / groups),
        syncs_a_group: counted.map(|(syncs, groups)| syncs.all as f64 / groups),
        most_descriptors: most.load(Ordering::Relaxed),
        peak_mib: measure::usage(server.pid)?.peak_mib,
    };
    server.stop_in_order().await?;
    write_line(&serde_json::to_string(&report)?)?;
    arguments.subject.save(&report)
}

/// All callers, once through all tenants or for so many seconds.
async fn round(
    arguments: &Arguments,
    server: &Server,
    keys: &Arc<[String]>,
    run: u64,
    seconds: Option<f64>,
) -> anyhow::Result<Round> {
    let (groups, checkpoints) = progress(server).await?;
    let begun = Instant::now();
    let until = seconds.map(|seconds| begun + Duration::from_secs_f64(seconds));
    let (events, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut callers = JoinSet::new();
    let mut connection = send::client(&server.endpoint).await?;
    for caller in 0..arguments.callers {
        if caller % SHARED == 0 {
            connection = send::client(&server.endpoint).await?;
        }
        let (mut client, keys, arguments) = (connection.clone(), Arc::clone(keys), arguments.clone());
        let (events, failed) = (Arc::clone(&events), Arc::clone(&failed));
        callers.spawn(async move {
            let mut times = Histogram::<u64>::new(3)?;
            let mut template = Template::message(run, caller, arguments.batch);
            let mine = || (caller..keys.len()).step_by(arguments.callers);
            let mut turns: Box<dyn Iterator<Item = usize> + Send> = match until {
                None => Box::new(mine()),
                Some(_) => Box::new(mine().cycle()),
            };
            for number in 0.. {
                let is_over = until.is_some_and(|until| Instant::now() >= until);
                let Some(tenant) = turns.next().filter(|_| !is_over) else {
                    break;
                };
                let asked = Instant::now();
                client.ready().await.context("the service is gone")?;
                let request = send::keyed(&keys[tenant], template.unary_request(number))?;
                let codec = Raw::<IngestBatchResponse>::default();
                let response = client.unary(request, send::UNARY, codec).await;
                send::note(&mut times, Some(asked))?;
                match response.ok().and_then(|response| response.into_inner().result) {
                    Some(result) => events.fetch_add(result.stored.into(), Ordering::Relaxed),
                    None => failed.fetch_add(1, Ordering::Relaxed),
                };
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Histogram::<u64>::new(3)?;
    while let Some(caller) = callers.join_next().await {
        times.add(caller??)?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (groups_after, checkpoints_after) = progress(server).await?;
    Ok(Round {
        events: events.load(Ordering::Relaxed),
        failed: failed.load(Ordering::Relaxed),
        groups: groups_after - groups,
        checkpoints: checkpoints_after - checkpoints,
        seconds,
        times,
    })
}

/// Groups and checkpoints up to now.
async fn progress(server: &Server) -> anyhow::Result<(f64, f64)> {
    let groups = probe::metric(&server.endpoint, "openclone_groups").await?;
    let checkpoints = probe::metric(&server.endpoint, "openclone_checkpoints").await?;
    Ok((groups, checkpoints))
}

fn watch_descriptors(pid: u32) -> (Arc<AtomicUsize>, tokio::task::JoinHandle<()>) {
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let looking = tokio::spawn(async move {
        while let Ok(count) = measure::descriptors(pid) {
            seen.fetch_max(count, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    (most, looking)
}

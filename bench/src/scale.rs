//! What a large index costs: throughput, response times while RocksDB compacts, memory, start and disk, at several numbers of
//! ids.
//!
//! Ids are put to rest the way a checkpoint does it, through the vault's own store, a million at a time; their Markdown
//! (19 GB for 100 million events) is left out, as if it had been archived since. Everything else is the real service on
//! that database, whose filter the filling has kept as a service does. Right after a filling RocksDB has merges to do: that is
//! when the first responses are timed. Next to each full-speed metric stands that of an empty index, measured right afterwards.
//! At last the service starts once more without the filter, as after an end that was not in order.

mod fill;
mod runs;

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    load::{self, Report, Transport, write_line},
    measure, probe,
    server::{KEY, Server},
    subject::Subject,
};

/// Processor time of a service that counts as being at rest, in a second.
const AT_REST: f64 = 0.03;
const LONGEST_WORK: Duration = Duration::from_secs(180);

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Numbers of ids, rising. 100 million take about 6 GB for a while.
    #[arg(
        long,
        env = "SCALE_IDS",
        value_delimiter = ',',
        default_value = "0,1000000,10000000,30000000,100000000"
    )]
    ids: Vec<u64>,
    /// Seconds of each load.
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Events a second while responses are timed.
    #[arg(long, default_value_t = 100_000.0)]
    rate: f64,
}

/// Measurements at one number of ids.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) ids: u64,
    /// Ids a second put to rest by the filling before.
    pub(crate) filled_per_second: Option<f64>,
    /// At a steady rate, right after the start, while RocksDB merges.
    pub(crate) busy: Report,
    /// Merges that ended meanwhile.
    pub(crate) merges: u32,
    /// Until nothing was left to do in the background, after that load.
    pub(crate) rest_seconds: f64,
    pub(crate) disk_bytes: u64,
    pub(crate) disk_bytes_an_id: Option<f64>,
    /// Start after a clean shutdown, until ready, and until the filter was full.
    pub(crate) ready_ms: f64,
    pub(crate) filter_seconds: f64,
    /// Until the filter was full in a start for which none had been kept.
    #[serde(default)]
    pub(crate) filter_anew_seconds: Option<f64>,
    /// Memory then.
    pub(crate) resident_mib: f64,
    /// Flat out.
    pub(crate) full: Report,
    /// At a steady rate, with nothing left from before.
    pub(crate) steady: Report,
    /// Flat out on an empty index, right afterwards.
    pub(crate) empty_events_per_second: f64,
}

pub(crate) async fn main(arguments: Arguments) -> anyhow::Result<()> {
    let home = tempfile::tempdir_in(&arguments.subject.directory)?;
    // Makes the vault and the database.
    Server::start_in(&arguments.subject.binary, home.path())
        .await?
        .stop_in_order()
        .await?;
    write_line(
        "       ids | filled/s | busy p99.9  merges | ready ms filter s  MiB | events/s  of empty  peak MiB  p99.9 ms | bytes an id",
    )?;
    let (mut steps, mut held) = (Vec::new(), 0);
    for &ids in &arguments.ids {
        let filled_per_second = fill::fill(&home.path().join("db"), held, ids)?;
        let step = measure(&arguments, home.path(), filled_per_second).await?;
        held = held.max(ids);
        write_line(&line(&step))?;
        steps.push(step);
        arguments.subject.save(&steps)?;
        forget_markdown(&home.path().join("vault"))?;
    }
    Ok(())
}

async fn measure(arguments: &Arguments, home: &Path, filled: Option<f64>) -> anyhow::Result<Step> {
    let server = Server::start_in(&arguments.subject.binary, home).await?;
    let runs = runs::watch(home.join("db"));
    let busy = load(arguments, &server, Some(arguments.rate)).await?;
    let rest_seconds = rest(server.pid).await?;
    let merges = runs.merges();
    server.stop_in_order().await?;

    let server = Server::start_in(&arguments.subject.binary, home).await?;
    let ready_ms = server.ready_in.as_secs_f64() * 1e3;
    let filter_seconds = rest(server.pid).await? + ready_ms / 1e3;
    let resident_mib = measure::resident_mib(server.pid)?;
    let ids = probe::metric(&server.endpoint, "openclone_ids_indexed").await? as u64;
    let disk_bytes = runs::bytes(&home.join("db"))?;
    let full = load(arguments, &server, None).await?;
    rest(server.pid).await?;
    let empty_events_per_second = at_empty(arguments).await?;
    let steady = load(arguments, &server, Some(arguments.rate)).await?;
    server.stop_in_order().await?;
    let filter_anew_seconds = Some(fill_anew(arguments, home).await?);
    Ok(Step {
        ids,
        filled_per_second: filled,
        busy,
        merges,
        rest_seconds,
        disk_bytes,
        disk_bytes_an_id: (ids > 0).then(|| disk_bytes as f64 / ids as f64),
        ready_ms,
        filter_seconds,
        filter_anew_seconds,
        resident_mib,
        full,
        steady,
        empty_events_per_second,
    })
}

/// Events a second of a service with an empty index; the other one is at rest meanwhile.
async fn at_empty(arguments: &Arguments) -> anyhow::Result<f64> {
    let server = Server::start(&arguments.subject.binary, &arguments.subject.directory).await?;
    let report = load(arguments, &server, None).await?;
    server.stop().await?;
    Ok(report.events_per_second)
}

/// How long it takes to fill the filter when none was kept.
async fn fill_anew(arguments: &Arguments, home: &Path) -> anyhow::Result<f64> {
    let kept = home.join("db/filter");
    match fs::remove_file(&kept) {
        // A filter over few ids is not kept.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        removed => removed.with_context(|| format!("cannot remove {}", kept.display()))?,
    }
    let server = Server::start_in(&arguments.subject.binary, home).await?;
    let seconds = rest(server.pid).await? + server.ready_in.as_secs_f64();
    server.stop_in_order().await?;
    Ok(seconds)
}

async fn load(arguments: &Arguments, server: &Server, rate: Option<f64>) -> anyhow::Result<Report> {
    load::run(load::Arguments {
        endpoint: server.endpoint.clone(),
        api_key: KEY.to_owned(),
        transport: Transport::Stream,
        senders: 4,
        batch: if rate.is_some() { 100 } else { 500 },
        seconds: arguments.seconds,
        rate,
        pid: Some(server.pid),
    })
    .await
}

/// Waits until the service has nothing to do any more; how many seconds it went on.
async fn rest(pid: u32) -> anyhow::Result<f64> {
    let (begun, mut worked_until) = (Instant::now(), Instant::now());
    let mut before = measure::usage(pid)?.cpu_seconds;
    while worked_until.elapsed() < Duration::from_secs(1) && begun.elapsed() < LONGEST_WORK {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = measure::usage(pid)?.cpu_seconds;
        if now - before > AT_REST / 4.0 {
            worked_until = Instant::now();
        }
        before = now;
    }
    Ok((worked_until - begun).as_secs_f64())
}

/// The daily files of the load: the service has ended, and its ids stay.
fn forget_markdown(vault: &Path) -> anyhow::Result<()> {
    for folder in fs::read_dir(vault)? {
        let folder = folder?;
        if folder.file_type()?.is_dir() {
            fs::remove_dir_all(folder.path())?;
        }
    }
    Ok(())
}

fn line(step: &Step) -> String {
    let peak = step.full.server.as_ref().map_or(0.0, |usage| usage.peak_mib);
    format!(
        "{:>10} | {:>8.0} | {:>7.1} ms {:>7} | {:>8.0} {:>8.1} {:>4.0} | {:>8.0} {:>9.2} {:>9.0} {:>9.1} | {:>11.1}",
        step.ids,
        step.filled_per_second.unwrap_or(0.0),
        step.busy.p999,
        step.merges,
        step.ready_ms,
        step.filter_seconds,
        step.resident_mib,
        step.full.events_per_second,
        step.full.events_per_second / step.empty_events_per_second,
        peak,
        step.steady.p999,
        step.disk_bytes_an_id.unwrap_or(0.0),
    )
}

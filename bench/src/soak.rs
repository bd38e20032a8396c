//! A soak: for an hour or so, JSON, unary calls and streams side by side, while the service is ended and started again, in
//! order and by `kill -9` in turn; then as long again without, to see whether memory or descriptors creep up.
//!
//! Each batch is sent again until it is acknowledged, as plugins do. In the end the vault is read: each event must stand
//! in it exactly once. One line of JSON tells the measurements; with `OPENCLONE_SCOREBOARD` set, a row of the scoreboard is
//! added to that file.

mod samples;
mod scoreboard;
mod senders;
mod service;
mod verify;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use clap::Args;
use serde::Serialize;
use tokio::{task::JoinSet, time::sleep};

use samples::{Creep, Samples};
use senders::{SendMode, Sender, Tally};
use service::Service;

/// Senders of each kind.
const SENDERS: usize = 3;
/// How often memory and descriptors are looked at.
const LOOK: Duration = Duration::from_secs(5);

#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// The service.
    #[arg(long, default_value = "target/release/openclone")]
    binary: PathBuf,
    /// For how many seconds; half of it with restarts.
    #[arg(long, env = "SOAK_SECONDS", default_value_t = 3600)]
    seconds: u64,
    /// Seconds between two restarts.
    #[arg(long, default_value_t = 45)]
    restart_every: u64,
    /// Events a second in all.
    #[arg(long, default_value_t = 3000)]
    rate: u64,
    /// Events a batch.
    #[arg(long, default_value_t = 20)]
    batch: usize,
    /// Where the home is made.
    #[arg(long, default_value = ".")]
    directory: PathBuf,
    /// Whose writer `binary` has: one that is wrong on purpose must be caught.
    #[arg(long, default_value = OURS, value_parser = [OURS, "id first", "bytes first"])]
    against: String,
}

/// The product's own.
const OURS: &str = "ours";

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) seconds: f64,
    pub(crate) restarts_in_order: u64,
    pub(crate) restarts_by_kill: u64,
    pub(crate) tally: Tally,
    /// In the half without restarts.
    pub(crate) creep: Creep,
    pub(crate) most_memory_mib: f64,
    pub(crate) found: verify::Found,
}

pub(crate) async fn main(arguments: Arguments) -> anyhow::Result<()> {
    let began = Instant::now();
    let half = Duration::from_secs(arguments.seconds / 2);
    let mut service = Service::start(&arguments.binary, &arguments.directory).await?;
    let until = began + 2 * half;
    let mut senders = JoinSet::new();
    let pause = pause(&arguments);
    for number in 0..3 * SENDERS {
        let mode = [SendMode::Json, SendMode::Unary, SendMode::Stream][number % 3];
        senders.spawn(Sender::new(number, mode, service.address(), arguments.batch, pause).run(until));
    }
    let samples = Arc::new(Samples::default());
    let (mut in_order, mut by_kill) = (0, 0);
    while began.elapsed() < half {
        look_for(
            &samples,
            service.pid(),
            Duration::from_secs(arguments.restart_every),
        )
        .await?;
        match (in_order + by_kill) % 2 {
            0 => in_order += u64::from(service.restart_in_order().await?),
            _ => by_kill += u64::from(service.restart_by_kill().await?),
        }
    }
    let steady = samples.mark();
    look_for(
        &samples,
        service.pid(),
        until.saturating_duration_since(Instant::now()),
    )
    .await?;
    let creep = samples.creep_since(steady);
    let mut tally = Tally::default();
    while let Some(one) = senders.join_next().await {
        tally.add(one??);
    }
    service.stop().await?;
    let found = verify::read(&service.vault(), &tally.batches, arguments.batch)?;
    let report = Report {
        seconds: began.elapsed().as_secs_f64(),
        restarts_in_order: in_order,
        restarts_by_kill: by_kill,
        tally,
        creep,
        most_memory_mib: samples.most_memory(),
        found,
    };
    tell(&report, &arguments.against, service.log()?)
}

/// Between two batches of one sender.
fn pause(arguments: &Arguments) -> Duration {
    let batches = arguments.rate as f64 / arguments.batch as f64 / (3 * SENDERS) as f64;
    Duration::from_secs_f64(1.0 / batches.max(0.001))
}

async fn look_for(samples: &Samples, pid: u32, duration: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        sleep(LOOK.min(end.saturating_duration_since(Instant::now()))).await;
        samples.look(pid)?;
    }
    Ok(())
}

fn tell(report: &Report, against: &str, log: String) -> anyhow::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(report)?)?;
    scoreboard::add(report, against)?;
    if against != OURS {
        ensure!(
            report.found.violations() > 0,
            "the writer '{against}' was not caught"
        );
        return Ok(());
    }
    ensure!(!log.contains("panicked"), "the service panicked:\n{log}");
    ensure!(
        report.tally.unexpected == 0,
        "responses that should not be: {:?}",
        report.tally
    );
    ensure!(
        report.found.is_right(),
        "the vault is not right: {:?}",
        report.found
    );
    Ok(())
}

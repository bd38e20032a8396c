//! Sends events and measures how long the responses take.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

use crate::{
    measure::{self, Processors, Usage},
    send,
};

#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    pub(crate) endpoint: String,
    /// Its key.
    #[arg(long, env = "API_KEY")]
    pub(crate) api_key: String,
    /// How to send.
    #[arg(long, value_enum, default_value_t = Transport::Stream)]
    pub(crate) transport: Transport,
    /// How many streams or connections.
    #[arg(long, default_value_t = 4)]
    pub(crate) senders: usize,
    /// Events a batch, 1 to 500.
    #[arg(long, default_value_t = 500)]
    pub(crate) batch: usize,
    /// For how many seconds.
    #[arg(long, default_value_t = 10.0)]
    pub(crate) seconds: f64,
    /// Events a second in all, sent on schedule whether or not responses have come; flat out if absent.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// The server's process, to measure what it costs.
    #[arg(long)]
    pub(crate) pid: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    /// One bidirectional gRPC stream a sender.
    Stream,
    /// Unary gRPC calls.
    Unary,
    /// The JSON endpoint, keep-alive.
    Json,
    /// To a peer: log records in OTLP over gRPC.
    Otlp,
    /// To a peer: lines of JSON over HTTP.
    Lines,
    /// To a peer: events of a bucket of ActivityWatch.
    Activity,
}

/// What all senders share.
pub(crate) struct Plan {
    pub(crate) arguments: Arguments,
    pub(crate) run: u64,
    pub(crate) started: Instant,
    pub(crate) stored: AtomicU64,
    pub(crate) failed: AtomicU64,
}

/// Measurements of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) transport: Transport,
    pub(crate) senders: usize,
    pub(crate) batch: usize,
    pub(crate) rate: Option<f64>,
    pub(crate) stored: u64,
    pub(crate) failed: u64,
    pub(crate) seconds: f64,
    pub(crate) events_per_second: f64,
    /// Milliseconds from when a batch was due to its response.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
    /// What the server's process used meanwhile.
    pub(crate) server: Option<Usage>,
    /// Share of the processors' time that the host took meanwhile, 0 to 1.
    #[serde(default)]
    pub(crate) stolen: Option<f64>,
    /// Bytes given to the block layer for each byte of Markdown, where the service was new.
    #[serde(default)]
    pub(crate) written_a_byte: Option<f64>,
}

pub(crate) async fn main(arguments: Arguments) -> anyhow::Result<()> {
    let report = run(arguments).await?;
    write_line(&serde_json::to_string(&report)?)
}

pub(crate) fn write_line(line: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").context("cannot write to standard output")
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Report> {
    let before = arguments.pid.map(measure::usage).transpose()?;
    let processors = Processors::now();
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let plan = Arc::new(Plan {
        run: u64::try_from(nanos & u128::from(u64::MAX))?,
        started: Instant::now(),
        stored: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        arguments,
    });
    let times = tokio::task::spawn_blocking({
        let plan = Arc::clone(&plan);
        move || on_one_thread(&plan)
    })
    .await??;
    let mut report = report(&plan, &times, before)?;
    report.stolen = processors
        .zip(Processors::now())
        .map(|(before, after)| after.stolen_since(&before));
    Ok(report)
}

/// All senders on one thread: what the service needs of the processors is what it has to share with the sender, and a
/// sender whose threads hand work to each other needs more.
fn on_one_thread(plan: &Arc<Plan>) -> anyhow::Result<Histogram<u64>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let senders =
            (0..plan.arguments.senders).map(|sender| tokio::spawn(send::send(Arc::clone(plan), sender)));
        let mut times = Histogram::<u64>::new(3)?;
        for sender in senders.collect::<Vec<_>>() {
            times.add(sender.await??)?;
        }
        Ok(times)
    })
}

#[expect(clippy::cast_precision_loss, reason = "measurements for people")]
fn report(plan: &Plan, times: &Histogram<u64>, before: Option<Usage>) -> anyhow::Result<Report> {
    let seconds = plan.started.elapsed().as_secs_f64();
    let stored = plan.stored.load(Ordering::Relaxed);
    let after = plan.arguments.pid.map(measure::usage).transpose()?;
    let millis = |micros: u64| micros as f64 / 1e3;
    Ok(Report {
        transport: plan.arguments.transport,
        senders: plan.arguments.senders,
        batch: plan.arguments.batch,
        rate: plan.arguments.rate,
        stored,
        failed: plan.failed.load(Ordering::Relaxed),
        seconds,
        events_per_second: stored as f64 / seconds,
        p50: millis(times.value_at_quantile(0.5)),
        p99: millis(times.value_at_quantile(0.99)),
        p999: millis(times.value_at_quantile(0.999)),
        max: millis(times.max()),
        server: before.zip(after).map(|(before, after)| after.since(&before)),
        stolen: None,
        written_a_byte: None,
    })
}

impl Plan {
    /// When nothing more is sent.
    pub(crate) fn end(&self) -> Instant {
        self.started + Duration::from_secs_f64(self.arguments.seconds)
    }

    /// Between two batches of one sender; `None` flat out.
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most 500 events")]
    pub(crate) fn interval(&self) -> Option<Duration> {
        let rate = self.arguments.rate?;
        Some(Duration::from_secs_f64(
            self.arguments.batch as f64 * self.arguments.senders as f64 / rate,
        ))
    }

    pub(crate) fn open_loop(&self) -> bool {
        self.arguments.rate.is_some()
    }
}

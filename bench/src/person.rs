//! What the service costs one person, on a computer that has other things to do: nothing while nothing comes in, and little
//! for an event a second.
//!
//! Wake-ups are times at which a thread of the service went to sleep by itself (voluntary context switches). Bytes are those
//! that it gave to the disk, checkpoints included.

use std::{fs, path::Path, time::Duration};

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, interval_at, sleep};

use crate::{
    http::Http,
    load::write_line,
    measure::{self, WakeUps},
    send::INGEST,
    server::{KEY, Server},
    subject::Subject,
    template::Template,
};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// How many starts.
    #[arg(long, default_value_t = 10)]
    starts: usize,
    /// Seconds with nothing coming in.
    #[arg(long, default_value_t = 30)]
    idle: u64,
    /// Seconds with one event each.
    #[arg(long, env = "PERSON_SECONDS", default_value_t = 60)]
    seconds: u64,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) binary_mib: f64,
    /// From the start of the process until ready, in a home that has been used: the middle one of several.
    pub(crate) ready_ms: f64,
    /// The same in a new home, which is made meanwhile.
    pub(crate) first_ready_ms: f64,
    pub(crate) idle: Stretch,
    pub(crate) idle_mib: f64,
    pub(crate) one_a_second: Stretch,
    pub(crate) events: u64,
    pub(crate) bytes_an_event: f64,
    pub(crate) wake_ups_an_event: f64,
    pub(crate) mib_after: f64,
}

/// What a stretch of time has cost.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stretch {
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) wake_ups: f64,
    pub(crate) written_bytes: f64,
}

struct Look {
    at: Instant,
    cpu_seconds: f64,
    wake_ups: WakeUps,
    written_bytes: f64,
}

pub(crate) async fn main(arguments: Arguments) -> anyhow::Result<()> {
    let first_ready_ms = median(starts(&arguments, true).await?);
    let ready_ms = median(starts(&arguments, false).await?);
    let home = tempfile::tempdir_in(&arguments.subject.directory)?;
    let server = Server::start_in(&arguments.subject.binary, home.path()).await?;
    // What a start leaves to be done in the background belongs to the start.
    sleep(Duration::from_secs(2)).await;
    let before = Look::now(server.pid)?;
    sleep(Duration::from_secs(arguments.idle)).await;
    let idle = Look::now(server.pid)?.since(&before);
    let idle_mib = measure::resident_mib(server.pid)?;
    let before = Look::now(server.pid)?;
    let events = send(&server.endpoint, arguments.seconds).await?;
    let one_a_second = Look::now(server.pid)?.since(&before);
    let report = Report {
        binary_mib: fs::metadata(&arguments.subject.binary)?.len() as f64 / 1_048_576.0,
        ready_ms,
        first_ready_ms,
        idle,
        idle_mib,
        bytes_an_event: one_a_second.written_bytes / events.max(1) as f64,
        wake_ups_an_event: one_a_second.wake_ups / events.max(1) as f64,
        one_a_second,
        events,
        mib_after: measure::resident_mib(server.pid)?,
    };
    server.stop_in_order().await?;
    write_line(&serde_json::to_string(&report)?)?;
    arguments.subject.save(&report)
}

/// Milliseconds of each start.
async fn starts(arguments: &Arguments, in_new_homes: bool) -> anyhow::Result<Vec<f64>> {
    let used = tempfile::tempdir_in(&arguments.subject.directory)?;
    start(&arguments.subject.binary, used.path()).await?;
    let mut times = Vec::new();
    for _ in 0..arguments.starts {
        let new = tempfile::tempdir_in(&arguments.subject.directory)?;
        let home = if in_new_homes { &new } else { &used };
        times.push(start(&arguments.subject.binary, home.path()).await?);
    }
    Ok(times)
}

async fn start(binary: &Path, home: &Path) -> anyhow::Result<f64> {
    let server = Server::start_in(binary, home).await?;
    let ready_in = server.ready_in;
    server.stop_in_order().await?;
    Ok(ready_in.as_secs_f64() * 1e3)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}

/// One event a second over JSON, each on a connection of its own as a plugin's is; how many were stored.
async fn send(endpoint: &str, seconds: u64) -> anyhow::Result<u64> {
    let mut template = Template::json(0, 0, 1);
    let second = Duration::from_secs(1);
    let mut clock = interval_at(Instant::now() + second, second);
    let mut stored = 0;
    for number in 0..seconds {
        clock.tick().await;
        let mut connection = Http::connect(endpoint, INGEST, KEY).await?;
        stored += connection.post(template.batch(number)).await?.stored.unwrap_or(0);
    }
    Ok(stored)
}

impl Look {
    fn now(pid: u32) -> anyhow::Result<Self> {
        Ok(Self {
            at: Instant::now(),
            cpu_seconds: measure::usage(pid)?.cpu_seconds,
            wake_ups: WakeUps::of(pid)?,
            written_bytes: measure::written_bytes(pid)?,
        })
    }

    fn since(&self, before: &Self) -> Stretch {
        Stretch {
            seconds: (self.at - before.at).as_secs_f64(),
            cpu_seconds: self.cpu_seconds - before.cpu_seconds,
            wake_ups: self.wake_ups.since(&before.wake_ups),
            written_bytes: self.written_bytes - before.written_bytes,
        }
    }
}

//! What others do with the same events, on the same machine, in the same run: how fast each is, what it does not do, and how
//! many times faster the service is over the way that is most like the peer's.
//!
//! Each peer has a directory in `bench/peers` with two scripts: `install DIR` puts it into DIR (once) and `start DIR PORT`
//! becomes it, in a home of its own that is its working directory. One that cannot be installed is left out.

mod list;
mod process;
mod senders;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

pub(crate) use self::senders::send;
use self::{
    list::{PEERS, Peer},
    process::Running,
};
use crate::{
    load::{self, Report, Transport, write_line},
    rounds,
    server::{KEY, Server},
    subject::Subject,
};

/// Senders, and events a batch.
const LOADS: [(usize, usize); 2] = [(8, 500), (64, 1)];

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Where peers are, or come to be.
    #[arg(long, default_value = "target/peers")]
    installed: PathBuf,
    /// What installs and starts them.
    #[arg(long, default_value = "bench/peers")]
    scripts: PathBuf,
    /// Seconds of each load.
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Rounds of each load, of which the one counts in which the host took least.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Only these.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// A peer's measurements.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) lacks: String,
    /// Why it was left out.
    pub(crate) left_out: Option<String>,
    pub(crate) loads: Vec<Compared>,
}

/// One load, to the peer and to the service.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Compared {
    pub(crate) peer: Report,
    pub(crate) service: Report,
}

impl Compared {
    /// How many times the peer's events a second the service stores.
    pub(crate) fn ratio(&self) -> f64 {
        self.service.events_per_second / self.peer.events_per_second.max(1e-9)
    }
}

pub(crate) async fn main(arguments: Arguments) -> anyhow::Result<()> {
    let mut outcomes = Vec::new();
    let chosen =
        |peer: &&Peer| arguments.only.is_empty() || arguments.only.iter().any(|only| only == peer.directory);
    for peer in PEERS.iter().filter(chosen) {
        let outcome = measure(&arguments, peer).await?;
        write_line(&serde_json::to_string(&outcome)?)?;
        outcomes.push(outcome);
    }
    for outcome in &outcomes {
        tell(outcome)?;
    }
    arguments.subject.save(&outcomes)
}

async fn measure(arguments: &Arguments, peer: &Peer) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome {
        name: peer.name.to_owned(),
        lacks: peer.lacks.to_owned(),
        left_out: None,
        loads: Vec::new(),
    };
    let installed = arguments.installed.join(peer.directory);
    if let Err(error) = process::install(&arguments.scripts.join(peer.directory), &installed).await {
        outcome.left_out = Some(error.to_string());
        return Ok(outcome);
    }
    for (senders, batch) in LOADS {
        let load = Load {
            arguments,
            senders,
            batch,
        };
        let mut kept = None;
        let mut failure = None;
        for _ in 0..arguments.rounds {
            match load.on_peer(peer, &installed).await? {
                // Right after it: machines are not as fast at one time as at another.
                Ok(theirs) => rounds::keep(&mut kept, (theirs, Some(load.on_service(peer.like).await?))),
                Err(why) => {
                    failure = Some(why);
                    break;
                }
            }
        }
        match kept {
            Some((peer, Some(service))) => outcome.loads.push(Compared { peer, service }),
            _ => outcome.left_out = outcome.left_out.or(failure),
        }
    }
    Ok(outcome)
}

/// One load, for a peer and the service alike.
struct Load<'a> {
    arguments: &'a Arguments,
    senders: usize,
    batch: usize,
}

impl Load<'_> {
    /// The inner error is why the peer is left out.
    async fn on_peer(&self, peer: &Peer, installed: &Path) -> anyhow::Result<Result<Report, String>> {
        let home = tempfile::tempdir_in(&self.arguments.subject.directory)?;
        let scripts = self.arguments.scripts.join(peer.directory);
        let running = match Running::start(&scripts, installed, home.path(), peer).await {
            Ok(running) => running,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let report = self.run(&running.endpoint, running.pid, peer.transport).await;
        running.stop().await?;
        Ok(report.map_err(|error| format!("{} a batch: {error:#}", self.batch)))
    }

    async fn on_service(&self, transport: Transport) -> anyhow::Result<Report> {
        let subject = &self.arguments.subject;
        let server = Server::start(&subject.binary, &subject.directory).await?;
        let report = self.run(&server.endpoint, server.pid, transport).await?;
        server.stop().await?;
        Ok(report)
    }

    async fn run(&self, endpoint: &str, pid: u32, transport: Transport) -> anyhow::Result<Report> {
        load::run(load::Arguments {
            endpoint: endpoint.to_owned(),
            api_key: KEY.to_owned(),
            transport,
            senders: self.senders,
            batch: self.batch,
            seconds: self.arguments.seconds,
            rate: None,
            pid: Some(pid),
        })
        .await
    }
}

fn tell(outcome: &Outcome) -> anyhow::Result<()> {
    if let Some(why) = &outcome.left_out {
        write_line(&format!("{}: left out: {why}", outcome.name))?;
    }
    for compared in &outcome.loads {
        let (peer, service) = (&compared.peer, &compared.service);
        write_line(&format!(
            "{:<28} {:>3} a batch {:>9.0} events/s  p99 {:>8.1} ms  failed {:<3} service ({}) {:>9.0} events/s: {:.1} ×",
            outcome.name,
            peer.batch,
            peer.events_per_second,
            peer.p99,
            peer.failed,
            name(service.transport),
            service.events_per_second,
            compared.ratio(),
        ))?;
    }
    write_line(&format!("{:<28} {}", "", outcome.lacks))
}

/// As people call it.
pub(crate) fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::Stream => "gRPC stream",
        Transport::Unary => "gRPC unary",
        Transport::Json => "JSON",
        Transport::Otlp => "OTLP",
        Transport::Lines => "lines",
        Transport::Activity => "ActivityWatch",
    }
}

/// As a path that holds wherever the working directory is.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    Ok(std::path::absolute(path)?)
}

//! The table: one server and one load a row.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    load::{self, Report, Transport, write_line},
    rounds,
    server::{KEY, Server},
    subject::Subject,
};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Seconds a row.
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Rounds of each row, of which the one counts in which the host took least.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// A server built with the feature `ceiling`, to compare with in the same run.
    #[arg(long)]
    ceiling: Option<PathBuf>,
}

/// All figures of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Events a second that are decoded, rendered and appended, without dedup, journal and sync: what is possible on the
    /// machine at that moment.
    pub(crate) ceiling: Option<f64>,
    pub(crate) rows: Vec<Report>,
}

/// One load.
pub(crate) struct Row {
    pub(crate) transport: Transport,
    pub(crate) senders: usize,
    pub(crate) batch: usize,
    pub(crate) rate: Option<f64>,
}

const ROWS: [Row; 8] = [
    row(Transport::Stream, 4, 500, None),
    row(Transport::Stream, 4, 100, None),
    row(Transport::Stream, 4, 10, None),
    row(Transport::Stream, 8, 1, None),
    row(Transport::Unary, 16, 500, None),
    row(Transport::Json, 8, 500, None),
    row(Transport::Json, 64, 1, None),
    row(Transport::Stream, 4, 100, Some(100_000.0)),
];

pub(crate) const fn row(transport: Transport, senders: usize, batch: usize, rate: Option<f64>) -> Row {
    Row {
        transport,
        senders,
        batch,
        rate,
    }
}

pub(crate) async fn main(arguments: Arguments) -> anyhow::Result<()> {
    write_line(
        "transport senders batch      rate |  events/s   p50 ms   p99 ms p99.9 ms | cpu us/event  peak MiB  written/Markdown | host took %",
    )?;
    let mut rows = Vec::new();
    let mut ceiling = None;
    for row in &ROWS {
        let measure =
            async |binary| measure(binary, &arguments.subject.directory, arguments.seconds, row).await;
        let mut kept = None;
        for _ in 0..arguments.rounds {
            let report = measure(&arguments.subject.binary).await?;
            write_line(&line(&report))?;
            // Right after the row that it is compared with: machines are not as fast at one time as at another.
            let highest = match (&arguments.ceiling, rows.is_empty()) {
                (Some(binary), true) => Some(measure(binary).await?),
                _ => None,
            };
            if let Some(highest) = &highest {
                let ratio = report.events_per_second / highest.events_per_second;
                write_line(&format!("{}  the ceiling: {ratio:.2} of it", line(highest)))?;
            }
            rounds::keep(&mut kept, (report, highest));
        }
        if let Some((report, highest)) = kept {
            ceiling = ceiling.or(highest.map(|highest| highest.events_per_second));
            rows.push(report);
        }
    }
    arguments.subject.save(&Figures { ceiling, rows })
}

/// The figures of one load on a new service.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) async fn measure(
    binary: &Path,
    directory: &Path,
    seconds: f64,
    row: &Row,
) -> anyhow::Result<Report> {
    let server = Server::start(binary, directory).await?;
    let mut report = load::run(load::Arguments {
        endpoint: server.endpoint.clone(),
        api_key: KEY.to_owned(),
        transport: row.transport,
        senders: row.senders,
        batch: row.batch,
        seconds,
        rate: row.rate,
        pid: Some(server.pid),
    })
    .await?;
    let markdown = server.markdown_bytes()? as f64 / 1_048_576.0;
    report.written_a_byte = report.server.as_ref().map(|usage| usage.written_mib / markdown);
    server.stop().await?;
    Ok(report)
}

fn line(report: &Report) -> String {
    let rate = report
        .rate
        .map_or_else(|| "flat out".to_owned(), |rate| format!("{rate:.0}"));
    let (cpu, peak) = report
        .server
        .as_ref()
        .map_or((0.0, 0.0), |usage| (usage.cpu_seconds, usage.peak_mib));
    let micros = cpu * 1e6 / (report.events_per_second * report.seconds);
    let ratio = report.written_a_byte.unwrap_or_default();
    let stolen = report.stolen.unwrap_or_default() * 100.0;
    let failed = if report.failed > 0 {
        format!("  FAILED {}", report.failed)
    } else {
        String::new()
    };
    format!(
        "{:<9} {:>7} {:>5} {rate:>9} | {:>9.0} {:>8.2} {:>8.2} {:>8.2} | {micros:>12.2} {peak:>9.0} {ratio:>17.2} | {stolen:>11.1}{failed}",
        format!("{:?}", report.transport).to_lowercase(),
        report.senders,
        report.batch,
        report.events_per_second,
        report.p50,
        report.p99,
        report.p999,
    )
}

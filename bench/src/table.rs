//! The table: one server and one load a row.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::Args;

use crate::{
    load::{self, Report, Transport, write_line},
    measurements::Measurements,
    rounds,
    server::{KEY, Server},
    subject::Subject,
};

/// Seconds: what is shorter measures how a load begins.
const SHORTEST_BASELINE: f64 = 2.0;

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
    /// A server built with the feature `baseline`, to compare with right after each row that is flat out.
    #[arg(long)]
    baseline: Option<PathBuf>,
    /// Seconds of each baseline; half of a row's if absent, but 2 at least.
    #[arg(long)]
    baseline_seconds: Option<f64>,
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
    for row in &ROWS {
        let mut kept = None;
        for _ in 0..arguments.rounds {
            rounds::keep(&mut kept, round(&arguments, row).await?);
        }
        rows.extend(kept.map(Into::into));
    }
    arguments.subject.save(&Measurements { baseline: None, rows })
}

/// A row, and right after it, if it is flat out, the baseline: machines are not as fast at one time as at another.
async fn round(arguments: &Arguments, row: &Row) -> anyhow::Result<(Report, Option<Report>)> {
    let subject = &arguments.subject;
    let report = measure(&subject.binary, &subject.directory, arguments.seconds, row).await?;
    write_line(&line(&report))?;
    let Some(binary) = arguments.baseline.as_ref().filter(|_| row.rate.is_none()) else {
        return Ok((report, None));
    };
    // The same load beside all rows, so that their ratios can be compared with each other.
    let highest = measure(binary, &subject.directory, arguments.baseline_seconds(), &ROWS[0]).await?;
    ensure!(highest.stored > 0, "{} stored nothing", binary.display());
    let ratio = report.events_per_second / highest.events_per_second;
    write_line(&format!("{}  the baseline: {ratio:.2} of it", line(&highest)))?;
    Ok((report, Some(highest)))
}

impl Arguments {
    fn baseline_seconds(&self) -> f64 {
        self.baseline_seconds
            .unwrap_or((self.seconds / 2.0).max(SHORTEST_BASELINE))
    }
}

/// The measurements of one load on a new service.
#[expect(clippy::cast_precision_loss, reason = "measurements for people")]
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn a_baseline_is_half_as_long_as_a_row_but_not_too_short() -> anyhow::Result<()> {
        let seconds = |line: &[&str]| {
            let line = Line::try_parse_from([&["run"], line].concat())?;
            anyhow::Ok(line.arguments.baseline_seconds())
        };
        let is = |line: &[&str], wanted: f64| anyhow::Ok((seconds(line)? - wanted).abs() < 1e-9);
        assert!(is(&["--seconds", "10"], 5.0)?);
        assert!(is(&["--seconds", "2"], 2.0)?);
        assert!(is(&["--seconds", "10", "--baseline-seconds", "0.5"], 0.5)?);
        Ok(())
    }
}

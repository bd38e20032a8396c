//! What was to be reached, and what was.
//!
//! The targets were set on a machine whose baseline was [`BASELINE_THEN`]. What a slower one would have to reach is given as well:
//! the target, by the ratio of the baselines. That is the speed of the processors; the disk's, which small batches wait for, may
//! be another.

use std::{
    fmt::{Result, Write as _},
    path::Path,
};

use super::tables::whole;
use crate::{
    load::{Report, Transport},
    measurements::{Measurements, Pair},
    peers::Outcome,
    person,
    plot::read,
    scale::Step,
};

/// Events a second: the lowest baseline that the machine had on which the targets were set; its highest was 1,570,000.
const BASELINE_THEN: f64 = 1_200_000.0;
/// From here on an index is large.
const LARGE: u64 = 100_000_000;
/// The peer that does the same work.
const SAME_WORK: &str = "FastAPI";

/// All measurements that there are.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) measurements: Option<Measurements>,
    pub(super) peers: Vec<Outcome>,
    pub(super) scale: Vec<Step>,
    pub(super) person: Option<person::Report>,
}

/// How a metric is to be.
#[derive(Clone, Copy)]
enum Wanted {
    /// At least, and as much less as the machine is slower.
    Rate(f64),
    AtLeast(f64),
    AtMost(f64),
}

/// Name, target, metric.
type Row = (&'static str, Wanted, Option<f64>);

impl Measured {
    pub(super) fn read(directory: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            measurements: read(&directory.join("figures.json"))?,
            peers: read(&directory.join("peers.json"))?.unwrap_or_default(),
            scale: read(&directory.join("scale.json"))?.unwrap_or_default(),
            person: read(&directory.join("person.json"))?,
        })
    }

    fn baseline(&self) -> Option<f64> {
        self.measurements.as_ref()?.baseline()
    }

    fn pair(&self, transport: Transport, batch: usize, is_rated: bool) -> Option<&Pair> {
        let mut rows = self.measurements.as_ref()?.rows.iter();
        rows.find(|pair| {
            let row = &pair.report;
            (row.transport, row.batch, row.rate.is_some()) == (transport, batch, is_rated)
        })
    }

    fn row(&self, transport: Transport, batch: usize, is_rated: bool) -> Option<&Report> {
        Some(&self.pair(transport, batch, is_rated)?.report)
    }

    fn times_as_fast(&self, batch: usize) -> Option<f64> {
        let same_work = self.peers.iter().find(|peer| peer.name.starts_with(SAME_WORK))?;
        let load = same_work.loads.iter().find(|load| load.peer.batch == batch)?;
        Some(load.ratio())
    }

    /// The most that any load on a small index has taken.
    fn peak_mib(&self) -> Option<f64> {
        let rows = self.measurements.as_ref()?.rows.iter();
        let peaks = rows.filter_map(|row| Some(row.report.server.as_ref()?.peak_mib));
        peaks.reduce(f64::max)
    }

    fn written(&self) -> Option<f64> {
        let rows = self.measurements.as_ref()?.rows.iter();
        rows.filter_map(|row| row.report.written_a_byte).reduce(f64::max)
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of ids are far below 2^52")]
    fn rows(&self) -> Vec<Row> {
        use Transport::{Json, Stream};
        use Wanted::{AtLeast, AtMost, Rate};
        let rate = |transport, batch| {
            let row = self.row(transport, batch, false)?;
            Some(row.events_per_second)
        };
        let large = self.scale.iter().rfind(|step| step.ids >= LARGE);
        let rated = self.row(Stream, 100, true);
        let room = 256.0 + large.map_or(0.0, |step| 2.0 * step.ids as f64 / 1_048_576.0);
        let of_baseline = self
            .pair(Stream, 500, false)
            .and_then(|pair| self.measurements.as_ref()?.of_baseline(pair));
        let full = large.and_then(|step| Some(step.full.server.as_ref()?.peak_mib));
        vec![
            (
                "gRPC stream, 500 a batch: events/s",
                Rate(500_000.0),
                rate(Stream, 500),
            ),
            ("the same, of the baseline", AtLeast(0.45), of_baseline),
            (
                "the same with 100 million ids, of that with none",
                AtLeast(0.8),
                large.map(|step| step.full.events_per_second / step.empty_events_per_second),
            ),
            (
                "gRPC stream, one a batch: events/s",
                Rate(120_000.0),
                rate(Stream, 1),
            ),
            ("JSON, 500 a batch: events/s", Rate(250_000.0), rate(Json, 500)),
            (
                "the same, times FastAPI and SQLite",
                AtLeast(8.0),
                self.times_as_fast(500),
            ),
            ("JSON, one a request: requests/s", Rate(30_000.0), rate(Json, 1)),
            (
                "the same, times FastAPI and SQLite",
                AtLeast(50.0),
                self.times_as_fast(1),
            ),
            (
                "responses at 100,000 events/s: p50, ms",
                AtMost(2.0),
                rated.map(|row| row.p50),
            ),
            ("the same: p99, ms", AtMost(10.0), rated.map(|row| row.p99)),
            (
                "memory, idle: MiB",
                AtMost(40.0),
                self.person.as_ref().map(|person| person.idle_mib),
            ),
            ("memory, full load: MiB", AtMost(256.0), self.peak_mib()),
            (
                "the same with 100 million ids, 2 bytes more for each: MiB",
                AtMost(room),
                full,
            ),
            (
                "start with 100 million ids: ms",
                AtMost(1000.0),
                large.map(|step| step.ready_ms),
            ),
            (
                "written for a byte of Markdown, the worst of all loads: bytes",
                AtMost(3.0),
                self.written(),
            ),
            (
                "written for one event a second: bytes an event",
                AtMost(16_384.0),
                self.person.as_ref().map(|person| person.bytes_an_event),
            ),
        ]
    }

    /// The table; nothing where nothing was measured.
    pub(super) fn table(&self, page: &mut String) -> Result {
        let Some(baseline) = self.baseline() else {
            return Ok(());
        };
        let slower = (baseline / BASELINE_THEN).min(1.0);
        writeln!(
            page,
            "\n## What was to be reached\n\nThe targets were set on a machine with a baseline of {} to 1,570,000 events/s; this one has {}. What it would have to reach \
             at {slower:.2} of the speed is given beside targets that are events a second; that is the speed of the processors, not of the disk.\n",
            whole(BASELINE_THEN),
            whole(baseline),
        )?;
        page.push_str("| | Target | At this speed | Measured | |\n|---|--:|--:|--:|---|\n");
        for (name, wanted, measured) in self.rows() {
            // a metric that is missing fails all comparisons
            let (target, here, outcome) = wanted.judge(measured.unwrap_or(f64::NAN), slower);
            let (measured, outcome) = match measured {
                Some(measured) => (short(measured), outcome),
                None => ("–".to_owned(), "not measured"),
            };
            writeln!(page, "| {name} | {target} | {here} | {measured} | {outcome} |")?;
        }
        Ok(())
    }
}

impl Wanted {
    fn judge(self, measured: f64, slower: f64) -> (String, String, &'static str) {
        let none = || "–".to_owned();
        let outcome = |is_reached| if is_reached { "reached" } else { "**not reached**" };
        match self {
            Self::AtLeast(least) => (format!("≥ {}", short(least)), none(), outcome(measured >= least)),
            Self::AtMost(most) => (format!("≤ {}", short(most)), none(), outcome(measured <= most)),
            Self::Rate(least) => {
                let here = least * slower;
                let outcome = match measured {
                    _ if measured >= least => "reached",
                    _ if measured >= here => "reached at this speed",
                    _ => "**not reached**",
                };
                (
                    format!("≥ {}", short(least)),
                    format!("≥ {}", short(here)),
                    outcome,
                )
            }
        }
    }
}

/// As many digits as say something.
fn short(value: f64) -> String {
    match value {
        _ if value >= 1000.0 => whole(value),
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slower_machine_has_to_reach_less_in_a_second_only() {
        let outcome = |wanted: Wanted, measured| wanted.judge(measured, 0.5).2;
        assert_eq!(outcome(Wanted::Rate(100.0), 100.0), "reached");
        assert_eq!(outcome(Wanted::Rate(100.0), 50.0), "reached at this speed");
        assert_eq!(outcome(Wanted::Rate(100.0), 49.0), "**not reached**");
        assert_eq!(outcome(Wanted::AtLeast(0.45), 0.44), "**not reached**");
        assert_eq!(outcome(Wanted::AtMost(10.0), 10.0), "reached");
        assert_eq!(outcome(Wanted::AtMost(10.0), 10.1), "**not reached**");
    }

    #[test]
    fn there_is_no_table_without_a_baseline() {
        let mut page = String::new();
        assert!(Measured::default().table(&mut page).is_ok());
        assert_eq!(page, "");
    }
}

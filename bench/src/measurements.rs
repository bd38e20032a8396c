//! The measurements of one run of the table, and what they are of the baseline.
//!
//! A shared host is not as fast at one time as at another, so each load that is flat out has a baseline of its own, measured
//! right after it.

use serde::{Deserialize, Serialize};

use crate::load::Report;

/// All measurements of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measurements {
    /// Events a second, of runs that measured the baseline beside the first row only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) baseline: Option<f64>,
    pub(crate) rows: Vec<Pair>,
}

/// A load, and the baseline right after it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pair {
    #[serde(flatten)]
    pub(crate) report: Report,
    /// None on schedule, and where no baseline was measured.
    #[serde(default, rename = "baseline", skip_serializing_if = "Option::is_none")]
    pub(crate) own_baseline: Option<Baseline>,
}

/// What is possible on the machine at that moment: events that are decoded, rendered and appended, without dedup, journal
/// and sync.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    pub(crate) events_per_second: f64,
    /// For how long it was measured.
    pub(crate) seconds: f64,
    /// Share of the processors' time that the host took meanwhile, 0 to 1.
    #[serde(default)]
    pub(crate) stolen: Option<f64>,
}

impl Measurements {
    /// That of the first row, by which machines are compared: events a second.
    pub(crate) fn baseline(&self) -> Option<f64> {
        self.baseline_of(self.rows.first()?)
    }

    /// Events a second: a row's own, or that of the run.
    fn baseline_of(&self, row: &Pair) -> Option<f64> {
        let own = row.own_baseline.as_ref();
        own.map(|baseline| baseline.events_per_second).or(self.baseline)
    }

    /// What a row has of the baseline, 0 to 1. None on schedule, where the baseline says nothing.
    pub(crate) fn of_baseline(&self, row: &Pair) -> Option<f64> {
        let baseline = self.baseline_of(row).filter(|_| row.report.rate.is_none())?;
        Some(row.report.events_per_second / baseline)
    }

    /// The lowest and the highest of all baselines that rows have of their own.
    pub(crate) fn own_baselines(&self) -> Option<(f64, f64)> {
        let own = self.rows.iter().filter_map(|row| row.own_baseline.as_ref());
        let each = own.map(|baseline| (baseline.events_per_second, baseline.events_per_second));
        each.reduce(|(lowest, highest), (one, _)| (lowest.min(one), highest.max(one)))
    }
}

impl From<(Report, Option<Report>)> for Pair {
    fn from((report, highest): (Report, Option<Report>)) -> Self {
        let own_baseline = highest.map(|highest| Baseline {
            events_per_second: highest.events_per_second,
            seconds: highest.seconds,
            stolen: highest.stolen,
        });
        Self { report, own_baseline }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::load::Transport;

    /// A load over a stream: events a batch, events a second.
    pub(crate) fn row(batch: usize, events_per_second: f64, own_baseline: Option<Baseline>) -> Pair {
        let report = Report {
            transport: Transport::Stream,
            senders: 4,
            batch,
            rate: None,
            stored: 1,
            failed: 0,
            seconds: 1.0,
            events_per_second,
            p50: 1.0,
            p99: 1.0,
            p999: 1.0,
            max: 1.0,
            server: None,
            stolen: None,
            written_a_byte: None,
        };
        Pair { report, own_baseline }
    }

    pub(crate) fn baseline(events_per_second: f64) -> Option<Baseline> {
        Some(Baseline {
            events_per_second,
            seconds: 1.0,
            stolen: None,
        })
    }

    #[test]
    fn a_row_is_compared_with_its_own_baseline() {
        let mut measurements = Measurements {
            baseline: Some(100.0),
            rows: vec![
                row(500, 50.0, baseline(200.0)),
                row(1, 10.0, baseline(40.0)),
                row(1, 10.0, None),
            ],
        };
        measurements.rows[2].report.rate = Some(10.0);
        let of_baseline = |measurements: &Measurements| {
            let rows = measurements.rows.iter();
            rows.map(|row| measurements.of_baseline(row)).collect::<Vec<_>>()
        };
        assert_eq!(of_baseline(&measurements), [Some(0.25), Some(0.25), None]);
        assert_eq!(measurements.baseline(), Some(200.0));
        assert_eq!(measurements.own_baselines(), Some((40.0, 200.0)));
        for row in &mut measurements.rows {
            row.own_baseline = None;
        }
        assert_eq!(of_baseline(&measurements), [Some(0.5), Some(0.1), None]);
        assert_eq!(
            (measurements.baseline(), measurements.own_baselines()),
            (Some(100.0), None)
        );
        measurements.baseline = None;
        assert_eq!(of_baseline(&measurements), [None, None, None]);
        assert_eq!(measurements.baseline(), None);
    }

    #[test]
    fn figures_of_older_runs_are_read_and_a_baseline_comes_back() -> anyhow::Result<()> {
        let older = r#"{"baseline": 790000.5, "rows": [{"transport": "stream", "senders": 4, "batch": 500, "rate": null,
            "stored": 3, "failed": 0, "seconds": 1.5, "events_per_second": 2.0, "p50": 1.0, "p99": 1.0, "p999": 1.0,
            "max": 1.0, "server": {"cpu_seconds": 1.0, "peak_mib": 2.0, "written_mib": 3.0}}]}"#;
        let older: Measurements = serde_json::from_str(older)?;
        assert_eq!(older.baseline(), Some(790_000.5));
        assert_eq!(older.rows[0].own_baseline, None);
        let newer = Measurements {
            baseline: None,
            rows: vec![row(500, 50.0, baseline(200.0)), row(1, 10.0, None)],
        };
        let newer: Measurements = serde_json::from_str(&serde_json::to_string(&newer)?)?;
        assert_eq!(newer.rows[0].own_baseline, baseline(200.0));
        assert_eq!(newer.rows[1].own_baseline, None);
        assert_eq!(newer.baseline(), Some(200.0));
        Ok(())
    }
}

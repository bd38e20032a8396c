//! The figures of one run of the table, and what they are of the ceiling.
//!
//! A shared host is not as fast at one time as at another, so each load that is flat out has a ceiling of its own, measured
//! right after it.

use serde::{Deserialize, Serialize};

use crate::load::Report;

/// All figures of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Events a second, of runs that measured the ceiling beside the first row only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ceiling: Option<f64>,
    pub(crate) rows: Vec<Pair>,
}

/// A load, and the ceiling right after it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pair {
    #[serde(flatten)]
    pub(crate) report: Report,
    /// None on schedule, and where no ceiling was measured.
    #[serde(default, rename = "ceiling", skip_serializing_if = "Option::is_none")]
    pub(crate) own_ceiling: Option<Ceiling>,
}

/// What is possible on the machine at that moment: events that are decoded, rendered and appended, without dedup, journal
/// and sync.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ceiling {
    pub(crate) events_per_second: f64,
    /// For how long it was measured.
    pub(crate) seconds: f64,
    /// Share of the processors' time that the host took meanwhile, 0 to 1.
    #[serde(default)]
    pub(crate) stolen: Option<f64>,
}

impl Figures {
    /// That of the first row, by which machines are compared: events a second.
    pub(crate) fn ceiling(&self) -> Option<f64> {
        self.ceiling_of(self.rows.first()?)
    }

    /// Events a second: a row's own, or that of the run.
    fn ceiling_of(&self, row: &Pair) -> Option<f64> {
        let own = row.own_ceiling.as_ref();
        own.map(|ceiling| ceiling.events_per_second).or(self.ceiling)
    }

    /// What a row has of the ceiling, 0 to 1. None on schedule, where the ceiling says nothing.
    pub(crate) fn of_ceiling(&self, row: &Pair) -> Option<f64> {
        let ceiling = self.ceiling_of(row).filter(|_| row.report.rate.is_none())?;
        Some(row.report.events_per_second / ceiling)
    }

    /// The lowest and the highest of all ceilings that rows have of their own.
    pub(crate) fn own_ceilings(&self) -> Option<(f64, f64)> {
        let own = self.rows.iter().filter_map(|row| row.own_ceiling.as_ref());
        let each = own.map(|ceiling| (ceiling.events_per_second, ceiling.events_per_second));
        each.reduce(|(lowest, highest), (one, _)| (lowest.min(one), highest.max(one)))
    }
}

impl From<(Report, Option<Report>)> for Pair {
    fn from((report, highest): (Report, Option<Report>)) -> Self {
        let own_ceiling = highest.map(|highest| Ceiling {
            events_per_second: highest.events_per_second,
            seconds: highest.seconds,
            stolen: highest.stolen,
        });
        Self { report, own_ceiling }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::load::Transport;

    /// A load over a stream: events a batch, events a second.
    pub(crate) fn row(batch: usize, events_per_second: f64, own_ceiling: Option<Ceiling>) -> Pair {
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
        Pair { report, own_ceiling }
    }

    pub(crate) fn ceiling(events_per_second: f64) -> Option<Ceiling> {
        Some(Ceiling {
            events_per_second,
            seconds: 1.0,
            stolen: None,
        })
    }

    #[test]
    fn a_row_is_compared_with_its_own_ceiling() {
        let mut figures = Figures {
            ceiling: Some(100.0),
            rows: vec![
                row(500, 50.0, ceiling(200.0)),
                row(1, 10.0, ceiling(40.0)),
                row(1, 10.0, None),
            ],
        };
        figures.rows[2].report.rate = Some(10.0);
        let of_ceiling = |figures: &Figures| {
            let rows = figures.rows.iter();
            rows.map(|row| figures.of_ceiling(row)).collect::<Vec<_>>()
        };
        assert_eq!(of_ceiling(&figures), [Some(0.25), Some(0.25), None]);
        assert_eq!(figures.ceiling(), Some(200.0));
        assert_eq!(figures.own_ceilings(), Some((40.0, 200.0)));
        for row in &mut figures.rows {
            row.own_ceiling = None;
        }
        assert_eq!(of_ceiling(&figures), [Some(0.5), Some(0.1), None]);
        assert_eq!((figures.ceiling(), figures.own_ceilings()), (Some(100.0), None));
        figures.ceiling = None;
        assert_eq!(of_ceiling(&figures), [None, None, None]);
        assert_eq!(figures.ceiling(), None);
    }

    #[test]
    fn figures_of_older_runs_are_read_and_a_ceiling_comes_back() -> anyhow::Result<()> {
        let older = r#"{"ceiling": 790000.5, "rows": [{"transport": "stream", "senders": 4, "batch": 500, "rate": null,
            "stored": 3, "failed": 0, "seconds": 1.5, "events_per_second": 2.0, "p50": 1.0, "p99": 1.0, "p999": 1.0,
            "max": 1.0, "server": {"cpu_seconds": 1.0, "peak_mib": 2.0, "written_mib": 3.0}}]}"#;
        let older: Figures = serde_json::from_str(older)?;
        assert_eq!(older.ceiling(), Some(790_000.5));
        assert_eq!(older.rows[0].own_ceiling, None);
        let newer = Figures {
            ceiling: None,
            rows: vec![row(500, 50.0, ceiling(200.0)), row(1, 10.0, None)],
        };
        let newer: Figures = serde_json::from_str(&serde_json::to_string(&newer)?)?;
        assert_eq!(newer.rows[0].own_ceiling, ceiling(200.0));
        assert_eq!(newer.rows[1].own_ceiling, None);
        assert_eq!(newer.ceiling(), Some(200.0));
        Ok(())
    }
}

//! What has become slower: ratios to the baseline and to the FastAPI service of the same run, compared with those that are
//! committed. Absolute measurements of two runs cannot be compared, since machines are not as fast at one time as at another.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    load::write_line,
    measurements::{Measurements, Pair},
    peers::{self, Compared, Outcome},
    plot::read,
};

/// A fall by less than this is noise.
const TOLERANCE: f64 = 0.10;
/// Where the host took more than this of the processors, a fall may be the host's.
const QUIET: f64 = 0.05;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the committed `figures.json` and `peers.json` are.
    #[arg(long, default_value = "bench/results")]
    base: PathBuf,
    /// Where those of now are.
    now: PathBuf,
}

/// What is compared, and its ratio.
type Ratios = BTreeMap<String, Ratio>;

/// Of two loads, one right after the other.
#[derive(Clone, Copy)]
struct Ratio {
    value: f64,
    /// Shares of the processors' time that the host took during each.
    stolen: [Option<f64>; 2],
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<()> {
    let (base, now) = (ratios_in(&arguments.base)?, ratios_in(&arguments.now)?);
    for (what, after) in &now {
        if let Some(before) = base.get(what) {
            let (before, after) = (before.value, after.value);
            write_line(&format!("{before:>8.3} before, {after:>8.3} now: {what}"))?;
        }
    }
    let fallen = fallen(&base, &now);
    for line in &fallen {
        write_line(line)?;
    }
    match fallen.len() {
        0 => write_line("nothing fell by more than 10 %"),
        count => bail!("{count} of the ratios fell by more than 10 %"),
    }
}

fn ratios_in(directory: &Path) -> anyhow::Result<Ratios> {
    let path = directory.join("figures.json");
    let measurements: Measurements =
        read(&path)?.with_context(|| format!("{} is missing", path.display()))?;
    let outcomes: Vec<Outcome> = read(&directory.join("peers.json"))?.unwrap_or_default();
    let mut ratios = to_baseline(&measurements)?;
    ratios.extend(to_peers(&outcomes));
    Ok(ratios)
}

/// Of all loads that are flat out.
fn to_baseline(measurements: &Measurements) -> anyhow::Result<Ratios> {
    let rows = measurements.rows.iter().filter(|pair| pair.report.rate.is_none());
    let ratio = |pair: &Pair| {
        let row = &pair.report;
        let what = format!(
            "{}, {} senders, {} a batch, to the baseline",
            peers::name(row.transport),
            row.senders,
            row.batch
        );
        let value = measurements.of_baseline(pair);
        let value = value.context("measurements without a baseline: `openclone-bench run --baseline`")?;
        let own_baseline = pair.own_baseline.as_ref();
        let stolen = [row.stolen, own_baseline.and_then(|baseline| baseline.stolen)];
        Ok((what, Ratio { value, stolen }))
    };
    rows.map(ratio).collect()
}

fn to_peers(outcomes: &[Outcome]) -> Ratios {
    let compared = outcomes
        .iter()
        .flat_map(|outcome| outcome.loads.iter().map(move |load| (outcome, load)));
    let ratio = |(outcome, load): (&Outcome, &Compared)| {
        let what = format!("{} a batch, to {}", load.peer.batch, outcome.name);
        let stolen = [load.service.stolen, load.peer.stolen];
        let value = load.ratio();
        (what, Ratio { value, stolen })
    };
    compared.map(ratio).collect()
}

/// A line for each ratio that has fallen.
fn fallen(base: &Ratios, now: &Ratios) -> Vec<String> {
    let both = now
        .iter()
        .filter_map(|(what, after)| Some((what, base.get(what)?, after)));
    both.filter(|(_, before, after)| after.value < before.value * (1.0 - TOLERANCE))
        .map(|(what, before, after)| {
            let doubt = if after.is_noisy() {
                ", more than 5 %: it may be the host that fell"
            } else {
                ""
            };
            format!(
                "fell: {what}: {:.3} before, {:.3} now; the host took {} before, {} now{doubt}",
                before.value,
                after.value,
                before.taken(),
                after.taken()
            )
        })
        .collect()
}

impl Ratio {
    /// During the load of the service, and during what it is compared with.
    fn taken(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let [service, other] = self.stolen.map(|share| share.map_or("–".to_owned(), percent));
        format!("{service} and {other}")
    }

    fn is_noisy(&self) -> bool {
        self.stolen.into_iter().flatten().any(|share| share > QUIET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::tests::{baseline, row};

    /// Loads of 500 and of 1 a batch, each with its own baseline.
    fn measurements(baselines: [f64; 2], rates: [f64; 2]) -> Measurements {
        let rows = [500, 1].into_iter().zip(rates).zip(baselines);
        Measurements {
            baseline: None,
            rows: rows
                .map(|((batch, rate), highest)| row(batch, rate, baseline(highest)))
                .collect(),
        }
    }

    fn lines(base: &Measurements, now: &Measurements) -> anyhow::Result<Vec<String>> {
        Ok(fallen(&to_baseline(base)?, &to_baseline(now)?))
    }

    #[test]
    fn only_ratios_count_each_to_its_own_baseline() -> anyhow::Result<()> {
        let base = measurements([100.0, 100.0], [50.0, 10.0]);
        let now = |baselines, rates| lines(&base, &measurements(baselines, rates));
        assert!(now([50.0, 50.0], [25.0, 5.0])?.is_empty());
        assert!(now([50.0, 50.0], [23.0, 5.0])?.is_empty());
        // The machine became slower from the first row to the second.
        assert!(now([100.0, 50.0], [50.0, 5.0])?.is_empty());
        assert_eq!(
            now([100.0, 200.0], [44.0, 10.0])?,
            [
                "fell: gRPC stream, 4 senders, 1 a batch, to the baseline: 0.100 before, 0.050 now; the host took – and – before, – and – now",
                "fell: gRPC stream, 4 senders, 500 a batch, to the baseline: 0.500 before, 0.440 now; the host took – and – before, – and – now"
            ]
        );
        Ok(())
    }

    #[test]
    fn older_figures_have_one_baseline_for_all_rows() -> anyhow::Result<()> {
        let mut base = measurements([0.0, 0.0], [50.0, 10.0]);
        for row in &mut base.rows {
            row.own_baseline = None;
        }
        assert!(to_baseline(&base).is_err());
        base.baseline = Some(100.0);
        assert!(lines(&base, &measurements([50.0, 200.0], [25.0, 20.0]))?.is_empty());
        assert_eq!(
            lines(&base, &measurements([100.0, 200.0], [50.0, 10.0]))?.len(),
            1
        );
        Ok(())
    }

    #[test]
    fn a_fall_says_what_the_host_took_and_when_that_was_much() -> anyhow::Result<()> {
        let base = measurements([100.0, 100.0], [50.0, 10.0]);
        let fall = |service, highest| {
            let mut now = measurements([100.0, 100.0], [40.0, 10.0]);
            now.rows[0].report.stolen = service;
            if let Some(baseline) = &mut now.rows[0].own_baseline {
                baseline.stolen = highest;
            }
            let line = lines(&base, &now)?.join("\n");
            let taken = line.split_once("now; ").context("no fall")?.1;
            anyhow::Ok(taken.to_owned())
        };
        assert_eq!(
            fall(Some(0.05), Some(0.0))?,
            "the host took – and – before, 5.0 % and 0.0 % now"
        );
        assert_eq!(
            fall(Some(0.012), Some(0.052))?,
            "the host took – and – before, 1.2 % and 5.2 % now, more than 5 %: it may be the host that fell"
        );
        assert!(fall(Some(0.07), None)?.ends_with("it may be the host that fell"));
        Ok(())
    }
}

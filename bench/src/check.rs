//! What has become slower: ratios to the ceiling and to the FastAPI service of the same run, compared with those that are
//! committed. Absolute figures of two runs cannot be compared, since machines are not as fast at one time as at another.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    load::write_line,
    peers::{self, Outcome},
    plot::read,
    table::Figures,
};

/// A fall by less than this is noise.
const TOLERANCE: f64 = 0.10;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the committed `figures.json` and `peers.json` are.
    #[arg(long, default_value = "docs/performance")]
    base: PathBuf,
    /// Where those of now are.
    now: PathBuf,
}

/// What is compared, and its ratio.
type Ratios = BTreeMap<String, f64>;

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<()> {
    let (base, now) = (ratios_in(&arguments.base)?, ratios_in(&arguments.now)?);
    for (what, after) in &now {
        if let Some(before) = base.get(what) {
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
    let figures: Figures = read(&path)?.with_context(|| format!("{} is missing", path.display()))?;
    let outcomes: Vec<Outcome> = read(&directory.join("peers.json"))?.unwrap_or_default();
    let mut ratios = to_ceiling(&figures)?;
    ratios.extend(to_peers(&outcomes));
    Ok(ratios)
}

/// Of all loads that are flat out.
fn to_ceiling(figures: &Figures) -> anyhow::Result<Ratios> {
    let Some(ceiling) = figures.ceiling else {
        bail!("figures without a ceiling: `openclone-bench run --ceiling`");
    };
    let rows = figures.rows.iter().filter(|row| row.rate.is_none());
    let ratio = |row: &crate::load::Report| {
        let what = format!(
            "{}, {} senders, {} a batch, to the ceiling",
            peers::name(row.transport),
            row.senders,
            row.batch
        );
        (what, row.events_per_second / ceiling)
    };
    Ok(rows.map(ratio).collect())
}

fn to_peers(outcomes: &[Outcome]) -> Ratios {
    let compared = outcomes
        .iter()
        .flat_map(|outcome| outcome.loads.iter().map(move |load| (outcome, load)));
    let ratio = |(outcome, load): (&Outcome, &peers::Compared)| {
        let what = format!("{} a batch, to {}", load.peer.batch, outcome.name);
        (what, load.ratio())
    };
    compared.map(ratio).collect()
}

/// A line for each ratio that has fallen.
fn fallen(base: &Ratios, now: &Ratios) -> Vec<String> {
    let both = now
        .iter()
        .filter_map(|(what, after)| Some((what, *base.get(what)?, *after)));
    both.filter(|(_, before, after)| *after < before * (1.0 - TOLERANCE))
        .map(|(what, before, after)| format!("fell: {what}: {before:.3} before, {after:.3} now"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Report, Transport};

    fn figures(ceiling: f64, rates: [f64; 2]) -> Figures {
        let row = |(events_per_second, batch)| Report {
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
        Figures {
            ceiling: Some(ceiling),
            rows: rates.into_iter().zip([500, 1]).map(row).collect(),
        }
    }

    #[test]
    fn only_ratios_count() -> anyhow::Result<()> {
        let base = to_ceiling(&figures(100.0, [50.0, 10.0]))?;
        let fallen = |now| anyhow::Ok(fallen(&base, &to_ceiling(&now)?));
        assert!(fallen(figures(50.0, [25.0, 5.0]))?.is_empty());
        assert!(fallen(figures(50.0, [23.0, 5.0]))?.is_empty());
        assert_eq!(
            fallen(figures(100.0, [44.0, 10.0]))?,
            ["fell: gRPC stream, 4 senders, 500 a batch, to the ceiling: 0.500 before, 0.440 now"]
        );
        let nobody = Figures {
            ceiling: None,
            rows: Vec::new(),
        };
        assert!(to_ceiling(&nobody).is_err());
        Ok(())
    }
}

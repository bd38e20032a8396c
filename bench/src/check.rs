//! What has become slower: ratios to the ceiling of the same run, compared with those that are committed. Absolute figures
//! of two runs cannot be compared, since machines are not as fast at one time as at another.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    load::{Report, write_line},
    table::Figures,
};

/// A fall by less than this is noise.
const TOLERANCE: f64 = 0.10;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The figures that are committed.
    #[arg(long, default_value = "docs/performance/figures.json")]
    base: PathBuf,
    /// The figures of now: what `run --ceiling … --json` has written.
    figures: PathBuf,
}

pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<()> {
    let fallen = fallen(&read(&arguments.base)?, &read(&arguments.figures)?)?;
    for line in &fallen {
        write_line(line)?;
    }
    match fallen.len() {
        0 => write_line("nothing fell by more than 10 %"),
        count => bail!("{count} of the rows fell by more than 10 %"),
    }
}

fn read(path: &Path) -> anyhow::Result<Figures> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} holds no figures", path.display()))
}

/// A line for each row that has fallen.
fn fallen(base: &Figures, now: &Figures) -> anyhow::Result<Vec<String>> {
    let (Some(ceiling_then), Some(ceiling_now)) = (base.ceiling, now.ceiling) else {
        bail!("both runs need their ceiling: `openclone-bench run --ceiling`");
    };
    let mut lines = Vec::new();
    for row in now.rows.iter().filter(|row| row.rate.is_none()) {
        let Some(then) = base.rows.iter().find(|then| is_same(then, row)) else {
            continue;
        };
        let (before, after) = (
            then.events_per_second / ceiling_then,
            row.events_per_second / ceiling_now,
        );
        if after < before * (1.0 - TOLERANCE) {
            lines.push(format!(
                "{:?}, {} a batch: {before:.3} of the ceiling before, {after:.3} now",
                row.transport, row.batch
            ));
        }
    }
    Ok(lines)
}

fn is_same(one: &Report, other: &Report) -> bool {
    one.rate.is_none()
        && (one.transport, one.senders, one.batch) == (other.transport, other.senders, other.batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Transport;

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
        };
        Figures {
            ceiling: Some(ceiling),
            rows: rates.into_iter().zip([500, 1]).map(row).collect(),
        }
    }

    #[test]
    fn only_ratios_count() -> anyhow::Result<()> {
        let base = figures(100.0, [50.0, 10.0]);
        assert!(fallen(&base, &figures(50.0, [25.0, 5.0]))?.is_empty());
        assert!(fallen(&base, &figures(50.0, [23.0, 5.0]))?.is_empty());
        let lines = fallen(&base, &figures(100.0, [44.0, 10.0]))?;
        assert_eq!(
            lines,
            ["Stream, 500 a batch: 0.500 of the ceiling before, 0.440 now"]
        );
        Ok(())
    }
}

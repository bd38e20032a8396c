//! The tables of `bench/results/RESULTS.md`, out of the JSON beside it: no metric is copied by hand.

mod tables;
mod targets;

use std::{fmt::Write as _, fs, path::PathBuf};

use anyhow::Context as _;
use clap::Args;

use self::targets::Measured;
use crate::{load::write_line, plot::read};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the JSON is, and the page goes.
    #[arg(long, default_value = "bench/results")]
    directory: PathBuf,
}

const HEAD: &str = "# Results\n\nWritten by `openclone-bench results` from the JSON beside it; [README.md](README.md) says what is measured and how. \
Absolute measurements are those of one machine at one time; ratios are from the same run.\n";

/// Writes a section for all measurements that there are.
pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<()> {
    let directory = &arguments.directory;
    let mut page = HEAD.to_owned();
    let measured = Measured::read(directory)?;
    measured.table(&mut page)?;
    if let Some(measurements) = &measured.measurements {
        tables::service(&mut page, measurements)?;
    }
    if let Some(sweep) = read(&directory.join("sweep.json"))? {
        tables::sweep(&mut page, &sweep)?;
    }
    if !measured.peers.is_empty() {
        tables::peers(&mut page, &measured.peers)?;
    }
    if !measured.scale.is_empty() {
        tables::scale(&mut page, &measured.scale)?;
    }
    if let Some(report) = read(&directory.join("tenants.json"))? {
        tables::tenants(&mut page, &report)?;
    }
    if let Some(report) = &measured.person {
        tables::person(&mut page, report)?;
    }
    let clients = directory.join("clients.md");
    if let Ok(table) = fs::read_to_string(&clients) {
        write!(page, "\n## The SDKs\n\n{}\n", table.trim())?;
    }
    if directory.join("flame.svg").exists() {
        page.push_str("\n## Where the time goes\n\n![Flame graph of the service at full load](flame.svg)\n");
    }
    let path = directory.join("RESULTS.md");
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    write_line(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::{
        Measurements,
        tests::{baseline, row},
    };

    #[test]
    fn each_row_is_compared_with_its_own_baseline_and_the_target_with_the_first() -> anyhow::Result<()> {
        let page_of = |common, baselines: [_; 2]| {
            let rows = [(500, 40.0), (100, 30.0)].into_iter().zip(baselines);
            let measured = Measured {
                measurements: Some(Measurements {
                    baseline: common,
                    rows: rows
                        .map(|((batch, rate), baseline)| row(batch, rate, baseline))
                        .collect(),
                }),
                ..Measured::default()
            };
            let mut page = String::new();
            measured.table(&mut page)?;
            if let Some(measurements) = &measured.measurements {
                tables::service(&mut page, measurements)?;
            }
            anyhow::Ok(page)
        };
        let page = page_of(None, [baseline(100.0), baseline(50.0)])?;
        assert!(page.contains("this one has 100."), "{page}");
        assert!(
            page.contains("| the same, of the baseline | ≥ 0.45 | – | 0.40 | **not reached** |"),
            "{page}"
        );
        assert!(
            page.contains("right after each row that is flat out: 50 to 100 events/s"),
            "{page}"
        );
        assert!(
            page.contains("| 4 | 500 | 40 | 0.40 |") && page.contains("| 4 | 100 | 30 | 0.60 |"),
            "{page}"
        );
        let page = page_of(Some(80.0), [None, None])?;
        assert!(page.contains("was 80 events/s in the same run"), "{page}");
        assert!(page.contains("| ≥ 0.45 | – | 0.50 | reached |"), "{page}");
        assert!(page.contains("| 4 | 100 | 30 | 0.38 |"), "{page}");
        Ok(())
    }
}

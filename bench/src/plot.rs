//! Plots of the measurements, as SVG that reads on light and dark pages.

mod axis;
mod chart;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;

pub(crate) use self::axis::number;
use self::{
    axis::Axis,
    chart::{Chart, Line},
};
use crate::{
    load::{Report, Transport, write_line},
    peers,
    scale::Step,
    sweep::Sweep,
};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where `sweep.json` and `scale.json` are, and the plots go.
    #[arg(long, default_value = "bench/results")]
    directory: PathBuf,
}

/// Draws what there are measurements for.
pub(crate) fn main(arguments: &Arguments) -> anyhow::Result<()> {
    let directory = &arguments.directory;
    if let Some(sweep) = read::<Sweep>(&directory.join("sweep.json"))? {
        draw(directory, "throughput", &throughput(&sweep))?;
        draw(directory, "responses", &responses(&sweep))?;
    }
    if let Some(steps) = read::<Vec<Step>>(&directory.join("scale.json"))? {
        draw(directory, "scale-throughput", &scale_throughput(&steps))?;
        draw(directory, "scale-memory", &scale_memory(&steps))?;
    }
    Ok(())
}

/// Measurements of an earlier run; `None` if there are none.
pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let measurements = serde_json::from_str(&text)
        .with_context(|| format!("{} holds other measurements", path.display()))?;
    Ok(Some(measurements))
}

fn draw(directory: &Path, name: &str, chart: &Chart) -> anyhow::Result<()> {
    let path = directory.join(format!("{name}.svg"));
    fs::write(&path, chart.svg()).with_context(|| format!("cannot write {}", path.display()))?;
    write_line(&path.display().to_string())
}

fn throughput(sweep: &Sweep) -> Chart {
    let line = |transport: Transport| Line {
        name: peers::name(transport).to_owned(),
        points: sweep
            .sizes
            .iter()
            .filter(|row| row.transport == transport)
            .map(|row| (row.batch as f64, row.events_per_second))
            .collect(),
    };
    Chart {
        title: "Throughput by batch size".to_owned(),
        x: Axis::logarithmic("events a batch"),
        y: Axis::linear("events/s"),
        lines: [Transport::Stream, Transport::Unary, Transport::Json]
            .map(line)
            .into(),
    }
}

fn responses(sweep: &Sweep) -> Chart {
    // A rate that the service did not keep up with says how long the run was, not how long responses take.
    let kept = |row: &&Report| row.rate.is_some_and(|rate| row.events_per_second > 0.97 * rate);
    let line = |name: &str, value: fn(&Report) -> f64| Line {
        name: name.to_owned(),
        points: sweep
            .rates
            .iter()
            .filter(kept)
            .map(|row| (row.rate.unwrap_or_default(), value(row)))
            .collect(),
    };
    Chart {
        title: "Response time by load (durable before the response)".to_owned(),
        x: Axis::linear("events/s, sent on schedule, 100 a batch"),
        y: Axis::logarithmic("ms"),
        lines: vec![
            line("p50", |row| row.p50),
            line("p99", |row| row.p99),
            line("p99.9", |row| row.p999),
        ],
    }
}

fn scale_throughput(steps: &[Step]) -> Chart {
    let line = |name: &str, value: fn(&Step) -> f64| Line {
        name: name.to_owned(),
        points: steps.iter().map(|step| (millions(step), value(step))).collect(),
    };
    Chart {
        title: "Throughput by ids in the index".to_owned(),
        x: Axis::linear("million ids"),
        y: Axis::linear("events/s"),
        lines: vec![
            line("with so many ids", |step| step.full.events_per_second),
            line("empty index, right afterwards", |step| {
                step.empty_events_per_second
            }),
        ],
    }
}

fn scale_memory(steps: &[Step]) -> Chart {
    let line = |name: &str, value: fn(&Step) -> f64| Line {
        name: name.to_owned(),
        points: steps.iter().map(|step| (millions(step), value(step))).collect(),
    };
    let peak = |step: &Step| step.full.server.as_ref().map_or(0.0, |usage| usage.peak_mib);
    Chart {
        title: "Memory by ids in the index".to_owned(),
        x: Axis::linear("million ids"),
        y: Axis::linear("MiB"),
        lines: vec![
            line("at rest", |step| step.resident_mib),
            line("peak at full load", peak),
            line("allowed: 256 MiB + 2 bytes an id", |step| {
                256.0 + step.ids as f64 * 2.0 / 1_048_576.0
            }),
        ],
    }
}

fn millions(step: &Step) -> f64 {
    step.ids as f64 / 1e6
}

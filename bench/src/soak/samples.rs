//! Memory and descriptors over time, and whether they creep up.

use std::{
    fs,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use anyhow::Context as _;
use serde::Serialize;

/// What one look has seen.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    memory_mib: f64,
    descriptors: usize,
}

/// All looks.
#[derive(Debug, Default)]
pub(super) struct Samples(Mutex<Vec<Sample>>);

/// From the first to the last look of a stretch.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Creep {
    pub(crate) samples: usize,
    pub(crate) first_memory_mib: f64,
    pub(crate) last_memory_mib: f64,
    /// Of a straight line through all of them.
    pub(crate) memory_mib_an_hour: f64,
    /// The same without the first half, in which caches fill.
    pub(crate) late_memory_mib_an_hour: f64,
    pub(crate) first_descriptors: usize,
    pub(crate) last_descriptors: usize,
}

impl Samples {
    pub(super) fn look(&self, pid: u32) -> anyhow::Result<()> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the service has ended")?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd"))?.count();
        self.all().push(Sample {
            at: Instant::now(),
            memory_mib: kib.unwrap_or_default() / 1024.0,
            descriptors,
        });
        Ok(())
    }

    /// Where a stretch begins.
    pub(super) fn mark(&self) -> usize {
        self.all().len()
    }

    pub(super) fn most_memory(&self) -> f64 {
        self.all()
            .iter()
            .map(|sample| sample.memory_mib)
            .fold(0.0, f64::max)
    }

    pub(super) fn creep_since(&self, mark: usize) -> Creep {
        let all = self.all();
        let stretch = &all[mark.min(all.len())..];
        let (first, last) = (stretch.first(), stretch.last());
        Creep {
            samples: stretch.len(),
            first_memory_mib: first.map_or(0.0, |sample| sample.memory_mib),
            last_memory_mib: last.map_or(0.0, |sample| sample.memory_mib),
            memory_mib_an_hour: slope(stretch),
            late_memory_mib_an_hour: slope(&stretch[stretch.len() / 2..]),
            first_descriptors: first.map_or(0, |sample| sample.descriptors),
            last_descriptors: last.map_or(0, |sample| sample.descriptors),
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Sample>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// MiB an hour, by least squares.
fn slope(samples: &[Sample]) -> f64 {
    let Some(first) = samples.first() else { return 0.0 };
    let count = samples.len() as f64;
    let hours = |sample: &Sample| (sample.at - first.at).as_secs_f64() / 3600.0;
    let mean_hours = samples.iter().map(hours).sum::<f64>() / count;
    let mean_mib = samples.iter().map(|sample| sample.memory_mib).sum::<f64>() / count;
    let (mut above, mut below) = (0.0, 0.0);
    for sample in samples {
        let from_mean = hours(sample) - mean_hours;
        above += from_mean * (sample.memory_mib - mean_mib);
        below += from_mean * from_mean;
    }
    if below > 0.0 { above / below } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_straight_line_has_its_slope() {
        let begun = Instant::now();
        let samples: Vec<_> = (0..10)
            .map(|n| Sample {
                at: begun + Duration::from_secs(360 * n),
                memory_mib: 40.0 + 2.0 * n as f64,
                descriptors: 3,
            })
            .collect();
        assert!((slope(&samples) - 20.0).abs() < 1e-6);
        assert!(slope(&samples[..1]).abs() < 1e-6);
    }
}

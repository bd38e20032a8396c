//! What a process costs, as Linux accounts for it.

use std::{collections::HashMap, ffi::OsString, fs};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// Clock ticks a second in `/proc`, the same on all Linux systems of today.
const TICKS: f64 = 100.0;

/// Resources of a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Seconds of processor time.
    pub(crate) cpu_seconds: f64,
    /// Peak of resident memory in MiB, since the process began.
    pub(crate) peak_mib: f64,
    /// MiB given to the block layer.
    pub(crate) written_mib: f64,
}

pub(crate) fn usage(pid: u32) -> anyhow::Result<Usage> {
    let stat = read(pid, "stat")?;
    // The name in parentheses may hold anything; fields are counted from behind it.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |position: usize| {
        fields
            .get(position)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    Ok(Usage {
        cpu_seconds: (ticks(11) + ticks(12)) / TICKS,
        peak_mib: line(&read(pid, "status")?, "VmHWM:") / 1024.0,
        written_mib: line(&read(pid, "io")?, "write_bytes:") / 1_048_576.0,
    })
}

/// What the processors have done since the system began, in clock ticks of all together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processors {
    all: f64,
    stolen: f64,
}

impl Processors {
    /// None where the system does not tell.
    pub(crate) fn now() -> Option<Self> {
        Self::read(&fs::read_to_string("/proc/stat").ok()?)
    }

    fn read(stat: &str) -> Option<Self> {
        let ticks = stat.strip_prefix("cpu ")?.lines().next()?;
        let ticks: Vec<f64> = ticks
            .split_whitespace()
            .map_while(|ticks| ticks.parse().ok())
            .collect();
        // What runs in guests of this machine is counted as its own already.
        let all = ticks.get(..8)?;
        Some(Self {
            all: all.iter().sum(),
            stolen: all[7],
        })
    }

    /// Share of their time that the host took for others.
    pub(crate) fn stolen_since(&self, before: &Self) -> f64 {
        (self.stolen - before.stolen) / (self.all - before.all).max(1.0)
    }
}

/// Resident memory in MiB now.
pub(crate) fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    Ok(line(&read(pid, "status")?, "VmRSS:") / 1024.0)
}

/// Bytes given to the block layer.
pub(crate) fn written_bytes(pid: u32) -> anyhow::Result<f64> {
    Ok(line(&read(pid, "io")?, "write_bytes:"))
}

/// Open descriptors.
pub(crate) fn descriptors(pid: u32) -> anyhow::Result<usize> {
    let path = format!("/proc/{pid}/fd");
    Ok(fs::read_dir(&path)
        .with_context(|| format!("cannot read {path}"))?
        .count())
}

/// How often each thread went to sleep by itself, which is how often it was woken up.
#[derive(Clone, Debug)]
pub(crate) struct WakeUps(HashMap<OsString, f64>);

impl WakeUps {
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let path = format!("/proc/{pid}/task");
        let mut threads = HashMap::new();
        for task in fs::read_dir(&path).with_context(|| format!("cannot read {path}"))? {
            let task = task?;
            // A thread may end between the two.
            if let Ok(status) = fs::read_to_string(task.path().join("status")) {
                threads.insert(task.file_name(), line(&status, "voluntary_ctxt_switches:"));
            }
        }
        Ok(Self(threads))
    }

    /// Of all threads that there are now; what others did before they ended is not known.
    pub(crate) fn since(&self, before: &Self) -> f64 {
        let known = |thread| before.0.get(thread).unwrap_or(&0.0);
        self.0.iter().map(|(thread, now)| now - known(thread)).sum()
    }
}

impl Usage {
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            cpu_seconds: self.cpu_seconds - before.cpu_seconds,
            peak_mib: self.peak_mib,
            written_mib: self.written_mib - before.written_mib,
        }
    }
}

fn read(pid: u32, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

fn line(text: &str, name: &str) -> f64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_took_is_a_share_of_all_processors() {
        let at = |stat| Processors::read(stat);
        let before = at("cpu  100 0 100 700 50 0 10 40 9 0\ncpu0 1 2 3\n");
        let after = at("cpu  180 0 140 720 50 0 10 100 99 0\ncpu0 1 2 3\n");
        let share = before
            .zip(after)
            .map(|(before, after)| after.stolen_since(&before));
        assert_eq!(share, Some(0.3));
        assert!(at("cpu  1 2 3").is_none() && at("").is_none());
    }
}

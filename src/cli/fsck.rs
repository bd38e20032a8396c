//! `openclone fsck`: checks vault, journal and index for consistency, without changing them.

use std::collections::BTreeMap;

use clap::Args;
use openclone_vault::maintenance::{FsckReport, ProblemKind};

use super::{
    Failure, HomePaths,
    maintenance::{Vaults, bar, counted},
    say,
};

/// Problems of one kind that are shown without `--all`.
const SHOWN: usize = 20;

/// Check vault, journal and index for consistency.
#[derive(Debug, Args)]
pub(super) struct Fsck {
    #[command(flatten)]
    paths: HomePaths,
    /// Show up to 1000 problems of each kind instead of 20
    #[arg(long)]
    all: bool,
}

impl Fsck {
    pub(super) fn run(self) -> Result<(), Failure> {
        let vaults = Vaults::of(&self.paths)?;
        let bar = bar("checked {bytes} ({bytes_per_sec})");
        let report = vaults.maintenance.fsck(&mut |bytes| bar.set_position(bytes));
        bar.finish_and_clear();
        let report = report?;
        print_counts(&report);
        print_problems(&report, if self.all { usize::MAX } else { SHOWN });
        if report.is_sound() {
            say("no problems found");
            return Ok(());
        }
        Err(Failure::AlreadyReported)
    }
}

fn print_counts(report: &FsckReport) {
    let mut events = 0;
    for ((tenant, folder), count) in &report.folders {
        events += count.events;
        let (found, files) = (counted(count.events, "event"), counted(count.files, "file"));
        let (copied, copies) = (
            counted(count.copied, "event"),
            counted(count.copies, "other page"),
        );
        let counts = match (count.files, count.copies) {
            (_, 0) => format!("{found} in {files}"),
            (0, _) => format!("{copied} in {copies}"),
            _ => format!("{found} in {files}, {copied} in {copies}"),
        };
        let folder = if folder.is_empty() { "." } else { folder };
        say(&format!("{tenant} {folder}: {counts}"));
    }
    say(&format!("total: {}", counted(events, "event")));
    let indexed = counted(report.indexed, "id");
    say(&format!(
        "index: {indexed}, {} of events that were deleted from the vault",
        report.removed
    ));
    let (groups, ids) = (
        counted(report.groups, "group"),
        counted(report.in_journal, "event"),
    );
    say(&format!(
        "journal: {groups} with {ids}, which the next start completes"
    ));
}

fn print_problems(report: &FsckReport, most: usize) {
    let mut shown: BTreeMap<ProblemKind, usize> = BTreeMap::new();
    for problem in &report.named {
        let count = shown.entry(problem.kind).or_default();
        if *count < most {
            *count += 1;
            say(&problem.to_string());
        }
    }
    for (kind, count) in &report.faults {
        let listed = shown.get(kind).copied().unwrap_or_default() as u64;
        if *count > listed {
            say(&format!("{kind}: {} more", count - listed));
        }
    }
    if !report.is_sound() {
        say(&counted(report.faults.values().sum(), "problem"));
    }
}

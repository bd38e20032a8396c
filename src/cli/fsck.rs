//! `openclone fsck`: compares vault, journal and index, and changes nothing.

use std::collections::BTreeMap;

use clap::Args;
use openclone_vault::maintenance::{FsckReport, ProblemKind};

use super::{
    Failure, Place, say,
    upkeep::{Vaults, bar, counted},
};

/// Faults of one kind that are shown without `--all`.
const SHOWN: usize = 20;

/// Checks vault, journal and index against each other.
#[derive(Debug, Args)]
pub(super) struct Fsck {
    #[command(flatten)]
    place: Place,
    /// Show up to 1000 faults of each kind instead of 20
    #[arg(long)]
    all: bool,
}

impl Fsck {
    pub(super) fn run(self) -> Result<(), Failure> {
        let vaults = Vaults::of(&self.place)?;
        let bar = bar("checked {bytes} ({bytes_per_sec})");
        let condition = vaults.upkeep.fsck(&mut |bytes| bar.set_position(bytes));
        bar.finish_and_clear();
        let condition = condition?;
        tell_counts(&condition);
        tell_faults(&condition, if self.all { usize::MAX } else { SHOWN });
        if condition.is_sound() {
            say("sound");
            return Ok(());
        }
        Err(Failure::AlreadyReported)
    }
}

fn tell_counts(condition: &FsckReport) {
    let mut events = 0;
    for ((tenant, folder), count) in &condition.folders {
        events += count.events;
        let copies = match count.copies {
            0 => String::new(),
            copies => format!(", {}", counted(copies, "copy")),
        };
        let (found, files) = (counted(count.events, "event"), counted(count.files, "file"));
        say(&format!("{tenant} {folder}: {found} in {files}{copies}"));
    }
    say(&format!("all: {}", counted(events, "event")));
    let at_rest = counted(condition.indexed, "id");
    say(&format!(
        "index: {at_rest}, {} of events that were removed from the vault",
        condition.removed
    ));
    let (groups, ids) = (
        counted(condition.groups, "group"),
        counted(condition.in_journal, "event"),
    );
    say(&format!(
        "journal: {groups} with {ids} to be completed by the next start"
    ));
}

fn tell_faults(condition: &FsckReport, most: usize) {
    let mut shown: BTreeMap<ProblemKind, usize> = BTreeMap::new();
    for fault in &condition.named {
        let count = shown.entry(fault.kind).or_default();
        if *count < most {
            *count += 1;
            say(&fault.to_string());
        }
    }
    for (kind, count) in &condition.faults {
        let told = shown.get(kind).copied().unwrap_or_default() as u64;
        if *count > told {
            say(&format!("{kind}: {} more", count - told));
        }
    }
    if !condition.is_sound() {
        say(&counted(condition.faults.values().sum(), "fault"));
    }
}

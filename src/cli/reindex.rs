//! `openclone reindex`: adds the ids found in the vaults to the index, or builds a new one from them.

use std::time::Instant;

use clap::Args;
use openclone_vault::maintenance::{Reindexed, Source};

use super::{
    Failure, HomePaths,
    maintenance::{Vaults, bar, counted},
    say,
};

const TEMPLATE: &str = "{wide_bar} {bytes}/{total_bytes} {msg} (eta {eta})";

/// Rebuild the index from the vaults.
#[derive(Debug, Args)]
pub(super) struct Reindex {
    #[command(flatten)]
    paths: HomePaths,
}

impl Reindex {
    pub(super) fn run(self) -> Result<(), Failure> {
        let vaults = Vaults::of(&self.paths)?;
        let bar = bar(TEMPLATE);
        let start = Instant::now();
        let done = vaults.maintenance.reindex(&mut |at| {
            bar.set_length(at.total);
            bar.set_position(at.bytes);
            bar.set_message(counted(at.entries, "event"));
        });
        bar.finish_and_clear();
        let done = done?;
        print_summary(&done, start.elapsed().as_secs_f64());
        for (what, reason) in &done.unread {
            say(&format!("cannot read {what}: {reason}"));
        }
        if done.unread.is_empty() {
            return Ok(());
        }
        say(
            "events in unreadable files may be duplicated if resent; fix them and run `openclone reindex` again",
        );
        Err(Failure::AlreadyReported)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn print_summary(done: &Reindexed, seconds: f64) {
    let (events, files) = (counted(done.entries, "event"), counted(done.files, "file"));
    let rate = done.entries as f64 / seconds.max(1e-3);
    say(&format!(
        "read {events} in {files} in {seconds:.1} s ({rate:.0} events/s)"
    ));
    if done.forgotten > 0 {
        say(&format!(
            "kept {} of forgotten events",
            counted(done.forgotten, "id")
        ));
    }
    if let Some(log) = &done.log {
        say(&log.reason);
        say(&format!("moved it to {}", log.moved_to.display()));
        let groups = counted(log.groups, "group");
        say(&format!(
            "carried over {groups} for the next start; {} known to be lost",
            log.lost
        ));
    }
    match &done.source {
        Source::Merged => {
            let new = done.after.saturating_sub(done.before);
            say(&format!(
                "the index has {}, {new} of them new",
                counted(done.after, "id")
            ));
        }
        Source::New => say(&format!("built a new index with {}", counted(done.after, "id"))),
        Source::Replaced {
            reason,
            moved_to,
            ids,
        } => {
            say(&format!("the database was damaged: {reason}"));
            say(&format!("moved it to {}", moved_to.display()));
            say(&format!("carried over {}", counted(*ids, "id")));
            say(&format!("built a new index with {}", counted(done.after, "id")));
        }
    }
}

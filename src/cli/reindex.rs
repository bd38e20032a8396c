//! `openclone reindex`: merges the ids in the vaults into the index, or makes a new one from them.

use std::time::Instant;

use clap::Args;
use openclone_vault::maintenance::{Reindexed, Source};

use super::{
    Failure, Place, say,
    upkeep::{Vaults, bar, counted},
};

const TEMPLATE: &str = "{wide_bar} {bytes}/{total_bytes} {msg} (eta {eta})";

/// Rebuilds the index from the vaults.
#[derive(Debug, Args)]
pub(super) struct Reindex {
    #[command(flatten)]
    place: Place,
}

impl Reindex {
    pub(super) fn run(self) -> Result<(), Failure> {
        let vaults = Vaults::of(&self.place)?;
        let bar = bar(TEMPLATE);
        let start = Instant::now();
        let done = vaults.upkeep.reindex(&mut |at| {
            bar.set_length(at.total);
            bar.set_position(at.bytes);
            bar.set_message(counted(at.entries, "event"));
        });
        bar.finish_and_clear();
        let done = done?;
        tell(&done, start.elapsed().as_secs_f64());
        for (what, reason) in &done.unread {
            say(&format!("cannot be read: {what}: {reason}"));
        }
        if done.unread.is_empty() {
            return Ok(());
        }
        say("what stands there may be stored a second time: run this again when it can be read");
        Err(Failure::AlreadyReported)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn tell(done: &Reindexed, seconds: f64) {
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
    match &done.source {
        Source::Merged => {
            let new = done.after.saturating_sub(done.before);
            say(&format!(
                "the index has {}, {new} of them new",
                counted(done.after, "id")
            ));
        }
        Source::New => say(&format!("made a new index with {}", counted(done.after, "id"))),
        Source::Replaced {
            reason,
            moved_to,
            ids,
            groups,
            groups_lost,
        } => {
            say(&format!("the database was damaged: {reason}"));
            say(&format!("it is now {}", moved_to.display()));
            let carried = format!(
                "{} and {}",
                counted(*ids, "id"),
                counted(*groups, "journalled group")
            );
            say(&format!("carried over {carried}; {groups_lost} could not be"));
            say(&format!("made a new index with {}", counted(done.after, "id")));
        }
    }
}

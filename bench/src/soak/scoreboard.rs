//! The soak's row of the scoreboard, in the form that `tests/support/src/scoreboard.rs` describes.

use std::{fs::OpenOptions, io::Write as _};

use super::Report;

/// Adds the row to the file that `OPENCLONE_SCOREBOARD` names, if it names one.
pub(super) fn add(report: &Report, against: &str) -> anyhow::Result<()> {
    let Some(path) = std::env::var_os("OPENCLONE_SCOREBOARD") else {
        return Ok(());
    };
    let tried = format!(
        "{} restarts in order and {} by kill -9; an event missing, doubled or strange. Then memory {:.0} to {:.0} MiB \
         ({:+.0} MiB an hour, {:+.0} late), descriptors {} to {}, other errors {}",
        report.restarts_in_order,
        report.restarts_by_kill,
        report.creep.first_memory_mib,
        report.creep.last_memory_mib,
        report.creep.memory_mib_an_hour,
        report.creep.late_memory_mib_an_hour,
        report.creep.first_descriptors,
        report.creep.last_descriptors,
        report.tally.unexpected,
    );
    // What else goes wrong does not show that a wrong writer is caught.
    let others = if against == super::OURS {
        report.tally.unexpected
    } else {
        0
    };
    let violations = report.found.violations() + others;
    let line = serde_json::json!({
        "issue": 9,
        "title": "Soak",
        "tried": tried,
        "writer": against,
        "trials": report.found.acknowledged,
        "violations": violations,
        "seeds": "",
        "command": if against == super::OURS { "make soak" } else { "scripts/soak-wrong" },
        "commit": std::env::var("OPENCLONE_COMMIT").unwrap_or_default(),
        "seconds": report.seconds,
    });
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "{line}")?;
    Ok(())
}

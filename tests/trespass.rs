//! Who may come in, and what they may see: hosts and web pages, guessed keys, other tenants, other users of the machine.

#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code)]
#[path = "common/app.rs"]
mod app;
#[allow(dead_code)]
#[path = "common/batches.rs"]
mod batches;
#[path = "trespass/browsers.rs"]
mod browsers;
#[path = "trespass/files.rs"]
mod files;
#[path = "trespass/guesses.rs"]
mod guesses;
#[allow(dead_code)]
#[path = "common/process.rs"]
mod process;
#[allow(dead_code)]
#[path = "common/scoreboard.rs"]
mod scoreboard;
#[cfg(target_os = "linux")]
#[path = "trespass/secrets.rs"]
mod secrets;
#[path = "trespass/tenants.rs"]
mod tenants;

use std::time::Instant;

use scoreboard::{Against, Row};

/// A row of the scoreboard.
fn settle(title: &'static str, tried: &'static str, trials: u64, seeds: String, began: Instant) {
    Row {
        issue: 7,
        title,
        tried,
        against: Against::Ours,
        trials,
        // a violation has failed the test by now
        violations: 0,
        seeds,
        command: "cargo test --release --test trespass".to_owned(),
        began,
    }
    .settle();
}

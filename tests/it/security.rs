//! Security: foreign hosts and web pages, guessed keys, other tenants, other users of the machine.

mod browsers;
mod files;
mod guesses;
#[cfg(target_os = "linux")]
mod secrets;
mod tenants;

use std::time::Instant;

use openclone_test_support::scoreboard::{Against, Row};

/// A row of the scoreboard.
fn record(title: &'static str, tried: &'static str, trials: u64, seeds: String, began: Instant) {
    Row {
        issue: 7,
        title,
        tried,
        against: Against::Ours,
        trials,
        // a violation has failed the test by now
        violations: 0,
        seeds,
        command: "cargo test --release -p openclone --test it security::".to_owned(),
        began,
    }
    .record();
}

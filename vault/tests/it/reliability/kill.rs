//! Row 2 on a real process: killed at random moments while batches come in, eight at once, and while it replays.

use std::{
    thread,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    child_process,
    home::Home,
    scoreboard::{Against, Row, env_number},
};

/// The short form.
const KILLS: u64 = 20;
/// A vault is left after so many kills.
const KILLS_A_HOME: u64 = 10;
/// A wrong writer must be caught within so many kills.
const PATIENCE: u64 = 400;
/// A process that has just begun to write lives at most this much longer.
const LIFE: Duration = Duration::from_millis(80);

/// A few kills of one vault; how many were followed by a check, and how many of those found a violation.
fn lives(seed: u64, kills: u64, against: Against) -> (u64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut home = Home::new(dir.path(), against);
    let mut rng = StdRng::seed_from_u64(seed);
    for kill in 1..=kills {
        let first = home.sent.last().map_or(0, |last| last + 1);
        let mut child = child_process::command(&home, Some(first), &[]).spawn().unwrap();
        thread::sleep(LIFE.mul_f64(rng.random()) + Duration::from_millis(rng.random_range(0..60)));
        child.kill().unwrap();
        child.wait().unwrap();
        child_process::read_notes(&mut home);
        // Sometimes the next process must replay, and is killed as well.
        if kill < kills && rng.random_bool(0.4) {
            continue;
        }
        if let Err(violation) = home.judge() {
            eprintln!("{against:?}, seed {seed}, kill {kill}: {violation}");
            return (kill, 1);
        }
    }
    (kills, 0)
}

#[test]
fn kills_at_random_moments_lose_and_double_nothing() {
    let kills = env_number("OPENCLONE_KILLS").unwrap_or(KILLS);
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let began = Instant::now();
        let most = if against == Against::Ours { kills } else { PATIENCE };
        let (mut trials, mut violations, mut seed) = (0, 0, 0);
        while trials < most && (against == Against::Ours || violations == 0) {
            let (tried, found) = lives(seed, KILLS_A_HOME.min(most - trials), against);
            (trials, violations, seed) = (trials + tried, violations + found, seed + 1);
        }
        let row = Row {
            issue: 2,
            title: "random kill -9, writer and RocksDB",
            tried: "a process that writes batches, eight at once, is killed at a random moment of its start, replay, \
                    writing or checkpoint; then a restart and everything again",
            against,
            trials,
            violations,
            seeds: format!("0..{seed}"),
            command: format!(
                "OPENCLONE_KILLS={kills} cargo test --release -p openclone-vault --test it kill::"
            ),
            began,
        };
        row.record();
    }
}

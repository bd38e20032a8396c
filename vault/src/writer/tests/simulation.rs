//! Many seeds: groups, resends, checkpoints, and an end of process or power at any operation.
//!
//! Each is also lived with the writers that are wrong on purpose, some of whose lives must end badly.

use std::{panic::catch_unwind, time::Instant};

use rand::{Rng, SeedableRng, rngs::StdRng};

use openclone_test_support::scoreboard::{Against, Row, env_number};

use super::bench::{Bench, batches_of};
use crate::writer::State;

const EVENTS: u32 = 60;
/// So many lives are enough for a wrong writer.
const WRONG_LIVES: u64 = 200;

/// `OPENCLONE_SEEDS` asks for the long form.
fn seeds() -> std::ops::Range<u64> {
    let first = env_number("OPENCLONE_FIRST_SEED").unwrap_or(0);
    first..first + env_number("OPENCLONE_SEEDS").unwrap_or(300)
}

/// How many of the trials found a violation, which each tells by a panic.
fn violations<T: Copy + std::panic::UnwindSafe>(
    trials: impl Iterator<Item = T>,
    run: fn(T, Against),
    against: Against,
) -> (u64, u64) {
    trials.fold((0, 0), |(trials, violations), trial| {
        let broken = catch_unwind(move || run(trial, against)).is_err();
        (trials + 1, violations + u64::from(broken))
    })
}

/// One life of a machine: some work, a crash, a start, and again; then everything is sent once more.
fn live(seed: u64, power: bool, against: Against) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bench = Bench::with(seed, against);
    for crash in 0..rng.random_range(1..5) {
        if !start(&mut bench, &mut rng, power) {
            continue;
        }
        bench.check(&format!("seed {seed}, start {crash}"));
        let last = bench.disk.ops() + rng.random_range(1..120);
        bench.disk.die_at(last);
        work(&mut bench, &mut rng);
        crash_now(&mut bench, &mut rng, power);
    }
    bench.disk.die_at(u64::MAX);
    assert!(bench.start(), "seed {seed}: the last start");
    bench.check(&format!("seed {seed}, last start"));
    bench.resend_all();
    // And what has been said stays true.
    bench.writer.as_mut().unwrap().checkpoint().unwrap();
    bench.power_loss(seed);
    assert!(bench.start());
    bench.check(&format!("seed {seed}, power loss after the checkpoint"));
    bench.resend_all();
}

fn start(bench: &mut Bench, rng: &mut StdRng, power: bool) -> bool {
    // Sometimes the replay is cut off as well.
    let last = if rng.random_bool(0.3) {
        bench.disk.ops() + rng.random_range(1..30)
    } else {
        u64::MAX
    };
    bench.disk.die_at(last);
    if bench.start() && !bench.disk.is_dead() {
        return true;
    }
    crash_now(bench, rng, power);
    false
}

fn crash_now(bench: &mut Bench, rng: &mut StdRng, power: bool) {
    if power {
        bench.power_loss(rng.random())
    } else {
        bench.kill()
    }
}

fn work(bench: &mut Bench, rng: &mut StdRng) {
    for _ in 0..60 {
        if bench.disk.is_dead() {
            return;
        }
        if rng.random_bool(0.1) {
            let _ = bench.writer.as_mut().unwrap().checkpoint();
            continue;
        }
        let count = rng.random_range(1..8);
        let events: Vec<u32> = (0..count).map(|_| rng.random_range(0..EVENTS)).collect();
        bench.send(&batches_of(&events));
        if bench.state() != State::Ready {
            return;
        }
    }
}

fn lives(row: Row, run: fn(u64, Against)) {
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let began = Instant::now();
        let mut seeds = seeds();
        if against != Against::Ours {
            seeds.end = seeds.end.min(seeds.start + WRONG_LIVES);
        }
        let (trials, violations) = violations(seeds.clone(), run, against);
        let (seeds, command) = (format!("{seeds:?}"), row.command.clone());
        let told = Row {
            against,
            trials,
            violations,
            seeds,
            command,
            began,
            ..row
        };
        told.record();
    }
}

fn row(issue: u32, title: &'static str, tried: &'static str, test: &str) -> Row {
    let settings = match env_number("OPENCLONE_SEEDS") {
        Some(seeds) => format!("OPENCLONE_SEEDS={seeds} "),
        None => String::new(),
    };
    Row {
        issue,
        title,
        tried,
        against: Against::Ours,
        trials: 0,
        violations: 0,
        seeds: String::new(),
        command: format!("{settings}cargo test --release -p openclone-vault --lib {test}"),
        began: Instant::now(),
    }
}

#[test]
fn the_end_of_the_process_at_any_operation_loses_and_doubles_nothing() {
    let row = row(
        2,
        "the end of the process, simulated",
        "groups, resends and checkpoints; the process ends at a random operation up to four times, also while it \
         replays; each event once, nothing lost",
        "the_end_of_the_process",
    );
    lives(row, |seed, against| live(seed, false, against));
}

#[test]
fn the_loss_of_power_at_any_operation_loses_and_doubles_nothing() {
    let row = row(
        3,
        "power loss, simulated",
        "as before, on a disk that drops, tears, reorders and zeroes what was not synced: pages of journal and daily \
         files, lengths and names",
        "the_loss_of_power",
    );
    lives(row, |seed, against| live(seed, true, against));
}

/// Twenty rounds of batches, with checkpoints.
fn script(bench: &mut Bench) {
    for round in 0..20_u32 {
        let events: Vec<u32> = (round * 3..round * 3 + 4).collect();
        bench.send(&batches_of(&events));
        if round % 6 == 5 {
            let _ = bench.writer.as_mut().unwrap().checkpoint();
        }
        if bench.disk.is_dead() {
            return;
        }
    }
}

fn crash_point((point, power): (u64, bool), against: Against) {
    let mut bench = Bench::with(point, against);
    assert!(bench.start());
    bench.disk.die_at(point);
    script(&mut bench);
    if power {
        bench.power_loss(point)
    } else {
        bench.kill()
    }
    bench.disk.die_at(u64::MAX);
    assert!(bench.start());
    bench.check(&format!("crash point {point}, power {power}"));
    bench.sent.extend(0..61);
    bench.resend_all();
}

#[test]
fn each_crash_point_of_a_scripted_run_loses_and_doubles_nothing() {
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let row = row(
            1,
            "every crash point, simulated",
            "twenty rounds of batches; process or power ends at each single write, sync, rename, link, truncate and \
             mkdir of vault and journal in turn; then a restart and everything again: each event once",
            "each_crash_point",
        );
        let began = Instant::now();
        let mut whole = Bench::with(0, against);
        assert!(whole.start());
        let first = whole.disk.ops() + 1;
        script(&mut whole);
        let points = first..=whole.disk.ops();
        assert!(points.clone().count() > 60, "{points:?}");
        let all = [false, true].into_iter();
        let all = all.flat_map(|power| points.clone().map(move |point| (point, power)));
        let (trials, violations) = violations(all, crash_point, against);
        Row {
            against,
            trials,
            violations,
            began,
            ..row
        }
        .record();
    }
}

//! Many seeds: groups, resends, checkpoints, and an end of process or power at any operation.

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::bench::{Bench, batches_of};
use crate::writer::State;

const EVENTS: u32 = 60;

/// `OPENCLONE_SEEDS` asks for the long form.
fn seeds() -> std::ops::Range<u64> {
    let first = env_number("OPENCLONE_FIRST_SEED").unwrap_or(0);
    first..first + env_number("OPENCLONE_SEEDS").unwrap_or(300)
}

fn env_number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// One life of a machine: some work, a crash, a start, and again; then everything is sent once more.
fn live(seed: u64, power: bool) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bench = Bench::new(seed);
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

#[test]
fn the_end_of_the_process_at_any_operation_loses_and_doubles_nothing() {
    for seed in seeds() {
        live(seed, false);
    }
}

#[test]
fn the_loss_of_power_at_any_operation_loses_and_doubles_nothing() {
    for seed in seeds() {
        live(seed, true);
    }
}

/// The scripted run of every single crash point.
#[test]
fn each_crash_point_of_a_scripted_run_loses_and_doubles_nothing() {
    let script = |bench: &mut Bench| {
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
    };
    let mut whole = Bench::new(0);
    assert!(whole.start());
    let first = whole.disk.ops() + 1;
    script(&mut whole);
    let last = whole.disk.ops();
    assert!(last - first > 60);
    for power in [false, true] {
        for point in first..=last {
            let mut bench = Bench::new(point);
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
            bench.sent.extend(0..63);
            bench.resend_all();
        }
    }
}

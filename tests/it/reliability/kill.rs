//! Row 2: `kill -9` of the real service at random times while four clients send.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::sender::{self, Sender};
use crate::process::Serve;
use openclone_test_support::scoreboard::{Against, Row, env_number};

const KILLS: u64 = 200;
const KILLS_A_HOME: u64 = 25;
const CLIENTS: usize = 4;
/// A invalid writer must be caught within so many kills.
const TIMEOUT: u64 = 400;

/// Sends from several clients until the service is killed.
fn send_until_killed(sender: &mut Sender, serve: Serve, life: Duration) {
    let next = AtomicU32::new(sender.sent.last().map_or(0, |last| last + 1));
    let (sent, acknowledged) = (Mutex::new(BTreeSet::new()), Mutex::new(BTreeSet::new()));
    let url = serve.url.clone();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let batch = next.fetch_add(1, Ordering::Relaxed);
                    sent.lock().unwrap().insert(batch);
                    match sender::post(&url, &sender::body(batch, 100)) {
                        Ok(outcome) if outcome.status == 200 => acknowledged.lock().unwrap().insert(batch),
                        _ => return,
                    };
                }
            });
        }
        thread::sleep(life);
        serve.kill();
    });
    sender.sent.extend(sent.into_inner().unwrap());
    sender.acknowledged.extend(acknowledged.into_inner().unwrap());
}

/// Kills of one home; how many until one found a violation, and whether it did.
fn lives(seed: u64, kills: u64, against: Against) -> (u64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut sender = Sender::with(dir.path().join("home"), 100, against);
    let mut rng = StdRng::seed_from_u64(seed);
    for kill in 1..=kills {
        let serve = sender.serve();
        let checked = sender
            .check()
            .and_then(|()| sender.resend(&serve.url, kill == kills));
        if let Err(violation) = checked {
            eprintln!("{against:?}, seed {seed}, after {} kills: {violation}", kill - 1);
            return (kill, 1);
        }
        send_until_killed(
            &mut sender,
            serve,
            Duration::from_micros(rng.random_range(0..80_000)),
        );
    }
    let serve = sender.serve();
    let judged = sender.check().and_then(|()| sender.resend(&serve.url, true));
    assert_eq!(serve.terminate(), Some(0));
    (kills, u64::from(judged.and_then(|()| sender.check()).is_err()))
}

#[test]
fn kill_9_of_the_service_loses_and_duplicates_nothing() {
    let kills = env_number("OPENCLONE_KILLS").unwrap_or(KILLS);
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let began = Instant::now();
        let most = if against == Against::Ours { kills } else { TIMEOUT };
        let (mut trials, mut violations, mut seed) = (0, 0, 0);
        while trials < most && (against == Against::Ours || violations == 0) {
            let (tried, found) = lives(seed, KILLS_A_HOME.min(most - trials), against);
            (trials, violations, seed) = (trials + tried, violations + found, seed + 1);
        }
        let row = Row {
            issue: 2,
            title: "random kill -9, the real service under load",
            tried: "openclone serve is killed at a random time while four clients post JSON; at the next start what \
                    was answered is there once, and what was not is sent again",
            against,
            trials,
            violations,
            seeds: format!("0..{seed}"),
            command: format!(
                "OPENCLONE_KILLS={kills} cargo test --release -p openclone --test it reliability::kill::"
            ),
            began,
        };
        row.record();
    }
}

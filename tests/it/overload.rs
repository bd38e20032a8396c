//! More batches than the disk can store: streams slow down, requests get 503 or UNAVAILABLE with a time to retry, memory stays
//! bounded, and every acknowledged event is in the vault once.
//!
//! strace slows the disk down by delaying each sync of the real binary. `OPENCLONE_OVERLOAD_SECONDS` is the duration, 2 by
//! default.

#![cfg(target_os = "linux")]

mod senders;

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::flood::server::{self, Server};
use openclone_test_support::scoreboard::{Against, Row, env_number};
use senders::{Tally, json, stream, unary};
use tokio::task::JoinSet;

/// How long each sync takes at least.
const DELAY: Duration = Duration::from_millis(400);
const MEMORY: u64 = 256 << 20;
/// Senders of each kind. Together they have far more in flight than there is room for.
const SENDERS: usize = 48;

#[test]
fn slow_disk_slows_senders_down_and_loses_nothing() {
    let began = Instant::now();
    let seconds = env_number("OPENCLONE_OVERLOAD_SECONDS").unwrap_or(2);
    if Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        assert!(
            env_number("OPENCLONE_OVERLOAD_SECONDS").is_none(),
            "strace is missing"
        );
        return eprintln!("not run: strace is missing");
    }
    server::allow_descriptors();
    let server = Server::start_with(&[("OPENCLONE_LIMITS__MAX_IN_FLIGHT_BYTES", "4 MiB")]);
    let brake = Brake::on(server.pid());
    let outcome = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(load(&server, seconds));
    let process_stats = server.process_stats();
    drop(brake);
    eprintln!(
        "{} batches acknowledged, {} turned away, at most {} unanswered on a stream, memory at most {} MiB",
        outcome.acknowledged.len(),
        outcome.turned_away,
        outcome.most_unanswered,
        process_stats.most >> 20
    );
    assert!(
        !outcome.acknowledged.is_empty() && outcome.turned_away > 0,
        "it was no overload"
    );
    assert!(process_stats.most < MEMORY, "{process_stats:?}");
    // 32 batches of the service, and what fits into the windows on the way there
    assert!(outcome.most_unanswered < 80, "a stream was not held back");
    let mut trials = outcome.acknowledged.len() as u64;
    server.assert_holds(outcome.acknowledged.into_iter());
    server.assert_at_most_once();
    trials += u64::try_from(outcome.turned_away).unwrap();
    Row {
        issue: 10,
        title: "Overload",
        tried: "144 senders, each sync delayed by 400 ms; memory above 256 MiB, a 503 without Retry-After, an event \
                acknowledged and not there, or there twice",
        against: Against::Ours,
        trials,
        violations: 0,
        seeds: String::new(),
        command: "OPENCLONE_OVERLOAD_SECONDS=60 cargo test --release -p openclone --test it overload::".to_owned(),
        began,
    }
    .record();
}

async fn load(server: &Server, seconds: u64) -> Tally {
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let (address, key) = (server.address, server.key.clone());
        senders.spawn(json(address, key.clone(), number, until));
        senders.spawn(unary(address, key.clone(), number, until));
        senders.spawn(stream(address, key, number, until));
    }
    let mut all = Tally::default();
    while let Some(outcome) = senders.join_next().await {
        all.add(outcome.unwrap());
    }
    all
}

/// Delays each sync of a process, until it is dropped.
struct Brake(Child);

impl Brake {
    fn on(pid: u32) -> Self {
        let calls = "fdatasync,fsync,sync_file_range";
        let mut strace = Command::new("strace")
            .args(["-f", "-qq", "--seccomp-bpf", "-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={calls}:delay_enter={}", DELAY.as_micros())])
            .args(["-o", "/dev/null", "-p", &pid.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(500));
        assert!(strace.try_wait().unwrap().is_none(), "strace cannot attach");
        Self(strace)
    }
}

impl Drop for Brake {
    fn drop(&mut self) {
        // it lets go of the process when it is asked to end, and not when it is killed
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

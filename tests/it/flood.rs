//! Denial-of-service attacks against the real binary while a well-behaved client sends batches: memory stays under 256 MiB,
//! nothing panics, and the service recovers.
//!
//! `OPENCLONE_FLOOD_SECONDS` is the duration of each attack, 1 by default. The p99 of the well-behaved client is checked only
//! when it is set, since a busy machine must not fail an ordinary test run. `OPENCLONE_FLOOD_ONLY` selects attacks by name.

#![cfg(target_os = "linux")]

mod attacks;
mod client;
pub(crate) mod server;
mod wire;

use std::time::{Duration, Instant};

use attacks::{ATTACKS, Target};
use client::Client;
use openclone_test_support::scoreboard::{Against, Row, env_number};
use server::Server;
use tokio::runtime::Runtime;

/// Bytes that the server may have in memory, ever.
const MEMORY: u64 = 256 << 20;
/// What a well-behaved client may have to wait, in 99 of 100 cases.
const P99: Duration = Duration::from_millis(250);
/// Bytes by which a second pass may differ from a first.
const SLACK: u64 = 32 << 20;
const COMMAND: &str = "OPENCLONE_FLOOD_SECONDS=10 cargo test --release -p openclone --test it flood::";

#[test]
fn attacks_do_not_affect_other_clients() {
    let began = Instant::now();
    let long = env_number("OPENCLONE_FLOOD_SECONDS");
    server::allow_descriptors();
    attacks::prepare();
    let mut siege = Siege::new(Duration::from_secs(long.unwrap_or(1)));
    let before = siege.server.process_stats();
    siege.pass();
    let after = siege.server.assert_as_before(&before, MEMORY);
    siege.assert_all_is_well();
    if long.is_some() {
        // what is left of the first pass is kept for the next, not lost
        siege.pass();
        siege.server.assert_as_before(&before, after.memory + SLACK);
    }
    record(
        "Floods: memory",
        "15 floods, one after the other; the server above 256 MiB",
        siege.trials,
        siege.heavy,
        began,
    );
    if long.is_some() {
        record(
            "Floods: others",
            "the same; a well-behaved client's p99 above 250 ms",
            siege.trials,
            siege.slow,
            began,
        );
    }
}

/// A server, its floods, and the one client that is none.
struct Siege {
    seconds: Duration,
    server: Server,
    runtime: Runtime,
    client: Client,
    trials: u64,
    heavy: u64,
    slow: u64,
}

impl Siege {
    fn new(seconds: Duration) -> Self {
        let server = Server::start();
        let runtime = Runtime::new().unwrap();
        let mut client = Client::new(server.address, &server.key);
        runtime.block_on(client.run(Duration::from_millis(300)));
        client.times.clear();
        Self {
            seconds,
            server,
            runtime,
            client,
            trials: 0,
            heavy: 0,
            slow: 0,
        }
    }

    /// One flood after the other.
    fn pass(&mut self) {
        let only = std::env::var("OPENCLONE_FLOOD_ONLY").unwrap_or_default();
        for (name, attack) in ATTACKS.iter().filter(|(name, _)| name.contains(&only)) {
            let reached = self.flood(*attack);
            let (p50, p99, responses) = self.client.metrics();
            let now = self.server.process_stats();
            eprintln!(
                "{name}: {reached} of it, {responses} responses beside it, p50 {p50:?}, p99 {p99:?}, memory {} MiB, at most {} MiB",
                now.memory >> 20,
                now.most >> 20
            );
            assert!(reached > 0, "{name}: nothing came of it");
            assert!(responses > 0, "{name}: nobody else was served");
            self.trials += 1;
            self.heavy += u64::from(now.most >= MEMORY);
            self.slow += u64::from(p99 > P99);
            self.client.times.clear();
        }
    }

    fn flood(&mut self, attack: fn(Target) -> attacks::Running) -> u64 {
        let target = Target {
            address: self.server.address,
            key: self.server.key.clone(),
            until: tokio::time::Instant::now() + self.seconds,
        };
        self.runtime.block_on(async {
            let flood = tokio::spawn(attack(target));
            self.client.run(self.seconds).await;
            flood.await.unwrap()
        })
    }

    /// Batches of all sizes are taken, what was acknowledged is there, and nothing panicked.
    fn assert_all_is_well(&mut self) {
        self.runtime.block_on(async {
            self.client.run(Duration::from_millis(300)).await;
            self.client.send_large().await;
        });
        self.client.times.clear();
        self.server.assert_holds(self.client.sent());
        let log = self.server.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

fn record(title: &'static str, tried: &'static str, trials: u64, violations: u64, began: Instant) {
    Row {
        issue: 6,
        title,
        tried,
        against: Against::Ours,
        trials,
        violations,
        seeds: String::new(),
        command: COMMAND.to_owned(),
        began,
    }
    .record();
}

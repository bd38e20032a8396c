//! Floods against the real binary: while each goes on, a well-behaved client sends batch after batch; memory stays under
//! 256 MiB, nothing panics, and afterwards all is as before.
//!
//! `OPENCLONE_FLOOD_SECONDS` is the duration of each flood, 1 unless told. Only with it set is the well-behaved client's
//! p99 judged: a busy machine must not fail an ordinary test run. `OPENCLONE_FLOOD_ONLY` picks floods by name.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "flood/attacks.rs"]
mod attacks;
#[path = "flood/client.rs"]
mod client;
#[allow(dead_code)]
#[path = "common/process.rs"]
mod process;
#[path = "common/scoreboard.rs"]
mod scoreboard;
#[allow(dead_code)]
#[path = "flood/server.rs"]
mod server;
#[path = "flood/wire.rs"]
mod wire;

use std::time::{Duration, Instant};

use attacks::{ATTACKS, Target};
use client::Client;
use scoreboard::{Against, Row, env_number};
use server::Server;

/// Bytes that the server may have in memory, ever.
const MEMORY: u64 = 256 << 20;
/// What a well-behaved client may have to wait, in 99 of 100 cases.
const P99: Duration = Duration::from_millis(250);
const COMMAND: &str = "OPENCLONE_FLOOD_SECONDS=10 cargo test --release --test flood";

#[test]
fn a_flood_hurts_nobody_else() {
    let began = Instant::now();
    let long = env_number("OPENCLONE_FLOOD_SECONDS");
    let seconds = Duration::from_secs(long.unwrap_or(1));
    server::allow_descriptors();
    let server = Server::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut client = Client::new(server.address, &server.key);
    runtime.block_on(client.run(Duration::from_millis(300)));
    client.times.clear();
    let before = server.standing();
    let (mut heavy, mut slow) = (0, 0);
    let only = std::env::var("OPENCLONE_FLOOD_ONLY").unwrap_or_default();
    for (name, attack) in ATTACKS.iter().filter(|(name, _)| name.contains(&only)) {
        let reached = runtime.block_on(async {
            let target = Target {
                address: server.address,
                key: server.key.clone(),
                until: tokio::time::Instant::now() + seconds,
            };
            let flood = tokio::spawn(attack(target));
            client.run(seconds).await;
            flood.await.unwrap()
        });
        let (p50, p99, answers) = client.figures();
        let now = server.standing();
        eprintln!(
            "{name}: {reached} of it, {answers} answers beside it, p50 {p50:?}, p99 {p99:?}, memory {} MiB, at most {} MiB",
            now.memory >> 20,
            now.most >> 20
        );
        assert!(reached > 0, "{name}: nothing came of it");
        assert!(answers > 0, "{name}: nobody else was served");
        heavy += u64::from(now.most >= MEMORY);
        slow += u64::from(p99 > P99);
        client.times.clear();
    }
    runtime.block_on(client.run(Duration::from_millis(300)));
    server.assert_as_before(&before);
    assert!(!server.log().contains("panicked"), "{}", server.log());
    let floods = ATTACKS.len() as u64;
    settle(
        "Floods: memory",
        "14 floods, one after the other; the server above 256 MiB",
        floods,
        heavy,
        began,
    );
    if long.is_some() {
        settle(
            "Floods: others",
            "the same; a well-behaved client's p99 above 250 ms",
            floods,
            slow,
            began,
        );
    }
    server.assert_holds(client.sent());
}

fn settle(title: &'static str, tried: &'static str, trials: u64, violations: u64, began: Instant) {
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
    .settle();
}

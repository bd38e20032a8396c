//! One partition whose owners follow, overtake and fence one another.
//!
//! Each owner has clients of its own. Every few seconds a new owner opens the partition, sometimes two at once, while the
//! earlier ones are killed, frozen for a while, or go on as if nothing had happened. Requests to the store are slow, fail
//! before or after their effect, and are delivered twice.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use openclone_cluster::{
    batch::{PartitionId, TenantNumber},
    engine::OpenEngine as _,
    error::EngineError,
    worker::{Limits, Partition},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::time::{Instant, sleep};

use crate::sim::{
    history::{self, History, Violation},
    process::Process,
    seeds::{Report, Stopping, expect_caught, expect_none},
    store::{Disk, Faults, SimStore},
    wrong::{Variant, WrongOpener},
};

const PARTITION: PartitionId = PartitionId(3);
const LENGTH: Duration = Duration::from_secs(60);
const TENANTS: u64 = 3;

/// One simulated minute.
async fn simulate(seed: u64, variant: Variant, skew: i64) -> Report {
    let (disk, history, start) = (Disk::new(), Arc::new(History::default()), Instant::now());
    let mut random = StdRng::seed_from_u64(seed);
    let mut processes = Vec::new();
    while start.elapsed() < LENGTH {
        let at_once = if random.random_ratio(1, 6) { 2 } else { 1 };
        for _ in 0..at_once {
            let process = Process::start();
            let number = processes.len() as u64 + 1;
            let store = SimStore::new(&disk, &process, Faults::HARSH, seed * 1000 + number);
            let skew = random.random_range(-skew..=skew);
            let opener = WrongOpener::new(store, variant, skew, seed ^ number);
            tokio::spawn(own(
                opener,
                process.clone(),
                Arc::clone(&history),
                (seed, number),
                start,
            ));
            processes.push(process);
        }
        sleep(Duration::from_millis(random.random_range(1500..9000))).await;
        disturb(&processes, &mut random);
    }
    for process in &processes {
        process.wake();
    }
    sleep(Duration::from_secs(5)).await;
    processes.iter().for_each(Process::kill);
    let (violations, stopped) = match check(&disk, &history).await {
        Ok(violations) => (violations, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    Report {
        violations,
        stopped,
        failure: None,
        acknowledged: history.len(),
        owners: processes.len(),
    }
}

/// Kills or freezes one of the newest owners, or lets them all run.
fn disturb(processes: &[Process], random: &mut StdRng) {
    let process = processes[processes.len() - 1 - random.random_range(0..2).min(processes.len() - 1)].clone();
    match random.random_range(0..3) {
        0 => process.kill(),
        1 => {
            process.freeze();
            let pause = Duration::from_millis(random.random_range(500..20_000));
            tokio::spawn(async move {
                sleep(pause).await;
                process.wake();
            });
        }
        _ => (),
    }
}

/// Opens the partition and lets clients send to it until it fails.
async fn own(
    opener: WrongOpener,
    process: Process,
    history: Arc<History>,
    seeds: (u64, u64),
    start: Instant,
) {
    let Ok(engine) = opener.open(PARTITION).await else {
        return;
    };
    let partition = Partition::start(engine, Limits::default());
    for client in 0..4 {
        let random = StdRng::seed_from_u64(seeds.0 ^ (seeds.1 << 8) ^ client);
        let name = format!("{}.{client}", seeds.1);
        tokio::spawn(send(
            partition.clone(),
            process.clone(),
            Arc::clone(&history),
            random,
            name,
            start,
        ));
    }
}

/// Sends recent events, many of which others send as well, until the owner fails.
async fn send(
    partition: Partition,
    process: Process,
    history: Arc<History>,
    mut random: StdRng,
    name: String,
    start: Instant,
) {
    for round in 0.. {
        process.gate().await;
        let newest = u64::try_from(start.elapsed().as_millis()).unwrap() / 20;
        // Some batches have one very recent event only, which an unfinished batch of somebody else may have as well.
        let (count, age) = if random.random_ratio(1, 4) {
            (1, 5)
        } else {
            (6, 60)
        };
        let numbers: BTreeSet<u64> = (0..count)
            .map(|_| newest.saturating_sub(random.random_range(0..age)))
            .collect();
        let attempt = format!("{name}.{round}");
        let batch = history::batch(TenantNumber(random.random_range(0..TENANTS)), &numbers, &attempt);
        let Ok(receipt) = partition.append(batch.clone()).await else {
            return;
        };
        process.gate().await;
        history.record(&batch, &receipt, &attempt);
        sleep(Duration::from_millis(random.random_range(1..40))).await;
    }
}

/// Opens the partition once more and compares its rows with the responses.
async fn check(disk: &Arc<Disk>, history: &History) -> Result<Vec<Violation>, EngineError> {
    let store = SimStore::new(disk, &Process::start(), Faults::NONE, 1);
    let engine = WrongOpener::new(store, Variant::Right, 10_000, 1)
        .open(PARTITION)
        .await?;
    history.check(&[engine]).await
}

#[test]
fn no_event_is_lost_duplicated_or_leaked_when_owners_change() {
    expect_none(60, Stopping::Forbidden, |seed| simulate(seed, Variant::Right, 0));
}

#[test]
fn skewed_clocks_stop_a_partition_at_worst() {
    expect_none(30, Stopping::Allowed, |seed| simulate(seed, Variant::Right, 3000));
}

#[test]
fn collecting_fences_is_caught() {
    expect_caught(1500, |seed| simulate(seed, Variant::FencesCollected, 0), |_| true);
}

#[test]
fn acknowledging_before_durable_is_caught() {
    expect_caught(
        20,
        |seed| simulate(seed, Variant::AcknowledgedBeforeDurable, 0),
        |violation| matches!(violation, Violation::Lost(_)),
    );
}

#[test]
fn writing_ids_before_entries_is_caught() {
    expect_caught(
        20,
        |seed| simulate(seed, Variant::TwoWrites, 0),
        |violation| matches!(violation, Violation::IdWithoutEntry(_)),
    );
}

#[test]
fn skipping_without_waiting_is_caught() {
    expect_caught(
        300,
        |seed| simulate(seed, Variant::SkippedWithoutWaiting, 0),
        |violation| matches!(violation, Violation::Lost(_)),
    );
}

#[test]
fn believing_the_map_instead_of_epochs_is_caught() {
    expect_caught(50, |seed| simulate(seed, Variant::MapBelieved, 0), |_| true);
}

#[test]
fn sharing_ids_between_tenants_is_caught() {
    expect_caught(
        3,
        |seed| simulate(seed, Variant::TenantsShareIds, 0),
        |violation| matches!(violation, Violation::Lost(_)),
    );
}

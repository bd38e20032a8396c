//! Several nodes in virtual time: they join, leave, crash, freeze, and are cut off from the store and from one another.

mod world;

use std::{collections::BTreeSet, time::Duration};

use openclone_cluster::batch::TenantNumber;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::time::{Instant, sleep};

use crate::sim::{
    history,
    seeds::{Report, Stopping, expect_caught, expect_none, run},
    wrong::Variant,
};
use world::{PARTITIONS, World, partition_of};

const LENGTH: Duration = Duration::from_secs(60);
/// Everything must work again this long after the last fault.
const HEALING: Duration = Duration::from_secs(60);

/// A minute of faults, then a time in which the cluster must recover.
async fn simulate(seed: u64, variant: Variant, skew: i64) -> Report {
    let mut world = World::new(seed, variant, skew);
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..random.random_range(3..6) {
        world.join().await;
    }
    let start = Instant::now();
    world.start_clients(start, LENGTH);
    while start.elapsed() < LENGTH {
        sleep(Duration::from_millis(random.random_range(2000..8000))).await;
        disturb(&mut world, &mut random).await;
    }
    world.heal();
    let recovered = world.recover(HEALING).await;
    let mut report = world.report().await;
    if let (Err(reason), None) = (recovered, &report.stopped) {
        report.failure = Some(reason);
    }
    report
}

async fn disturb(world: &mut World, random: &mut StdRng) {
    match random.random_range(0..10) {
        0 => world.join().await,
        1 => world.kill(random),
        2 => world.restart(random).await,
        3 => world.freeze(random),
        4 => world.leave(random),
        5 => world.cut_from_store(random),
        6 => world.cut_one_way(random),
        7 => world.split(random),
        8 => world.delete_map().await,
        _ => world.heal(),
    }
}

#[test]
fn nodes_lose_nothing_and_converge() {
    expect_none(12, Stopping::Forbidden, |seed| simulate(seed, Variant::Right, 0));
}

#[test]
fn skewed_clocks_of_nodes_violate_nothing() {
    expect_none(6, Stopping::Allowed, |seed| simulate(seed, Variant::Right, 3000));
}

#[test]
fn acknowledging_before_durable_is_caught_among_nodes() {
    expect_caught(
        20,
        |seed| simulate(seed, Variant::AcknowledgedBeforeDurable, 0),
        |_| true,
    );
}

#[test]
fn believing_the_map_is_caught_among_nodes() {
    expect_caught(60, |seed| simulate(seed, Variant::MapBelieved, 0), |_| true);
}

#[test]
fn a_leaving_node_hands_over_within_seconds() {
    let report = run(async {
        let mut world = World::with_prompt_store(1);
        for _ in 0..3 {
            world.join().await;
        }
        world.recover(HEALING).await.unwrap();
        let mut random = StdRng::seed_from_u64(1);
        world.leave(&mut random);
        let gap = world.longest_gap().await;
        eprintln!("longest gap of a partition after its owner left: {gap:?}");
        assert!(gap <= Duration::from_secs(5), "{gap:?}");
        world.report().await
    });
    assert_eq!((report.violations, report.stopped), (vec![], None));
}

#[test]
fn partitions_of_a_killed_node_accept_batches_again_within_fifteen_seconds() {
    let mut gaps = Vec::new();
    for seed in 1..=15 {
        let mut gap = Duration::ZERO;
        run(async {
            let mut world = World::with_prompt_store(seed);
            for _ in 0..3 {
                world.join().await;
            }
            world.recover(HEALING).await.unwrap();
            world.kill(&mut StdRng::seed_from_u64(seed));
            gap = world.longest_gap().await;
            Report::default()
        });
        gaps.push(gap);
    }
    gaps.sort();
    eprintln!("longest gap of a partition after a kill: {gaps:?}");
    assert!(gaps.iter().all(|gap| *gap <= Duration::from_secs(15)), "{gaps:?}");
}

#[test]
fn a_batch_forwarded_by_any_node_is_stored_once() {
    let report = run(async {
        let mut world = World::new(3, Variant::Right, 0);
        for _ in 0..3 {
            world.join().await;
        }
        world.recover(HEALING).await.unwrap();
        let tenant = TenantNumber(5);
        let batch = history::batch(tenant, &BTreeSet::from([1, 2, 3]), "first");
        let mut stored = 0;
        for node in world.nodes() {
            let receipt = node.submit(partition_of(tenant), batch.clone()).await.unwrap();
            world.history.record(&batch, &receipt, "first");
            stored += receipt.stored();
        }
        assert!(stored <= 3, "{stored}");
        assert_eq!(PARTITIONS, 8);
        world.report().await
    });
    assert_eq!((report.violations, report.stopped), (vec![], None));
}

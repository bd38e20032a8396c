//! Stores that cannot hold a cluster, and clocks of heartbeats.

use std::{sync::Arc, time::Duration};

use openclone_cluster::{
    bucket::{Bucket, Member},
    error::BucketError,
    plan::NodeId,
};
use tokio::time::sleep;

use crate::sim::{
    process::Process,
    store::{Disk, Faults, SimStore},
};

fn member(name: &str, incarnation: u64) -> Member {
    Member {
        id: NodeId::new(name, incarnation).unwrap(),
        address: format!("{name}:8443"),
    }
}

fn bucket(disk: &Arc<Disk>) -> Bucket {
    Bucket::new(
        Arc::new(SimStore::new(disk, &Process::start(), Faults::NONE, 1)),
        "cluster".into(),
    )
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lets_two_racers_win_is_rejected() {
    let mut store = SimStore::new(&Disk::new(), &Process::start(), Faults::NONE, 1);
    store.unconditional = true;
    let bucket = Bucket::new(Arc::new(store), "cluster".into());
    let error = bucket.test_conditional_writes("n", 1).await.unwrap_err();
    assert!(
        matches!(
            error,
            BucketError::Race {
                race: "create",
                winners: 16,
                writers: 16
            }
        ),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_faulty_connection_does_not_fail_the_race() {
    let store = SimStore::new(&Disk::new(), &Process::start(), Faults::HARSH, 1);
    let bucket = Bucket::new(Arc::new(store), "cluster".into());
    bucket.test_conditional_writes("n", 20).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_node_is_dead_when_its_heartbeat_is_older_than_the_newest() {
    let bucket = bucket(&Disk::new());
    let limit = Duration::from_secs(10);
    let [a, b] = [member("a", 1), member("b", 1)];
    bucket.beat(&a).await.unwrap();
    sleep(limit * 3).await;
    // Nobody else has written since, so `a` cannot be told apart from a slow store.
    assert_eq!(bucket.live(limit).await.unwrap().len(), 1);
    bucket.beat(&b).await.unwrap();
    let live = bucket.live(limit).await.unwrap();
    assert_eq!(live.values().collect::<Vec<_>>(), [&b]);
    bucket.stop_beating(&b).await.unwrap();
    assert!(!bucket.live(limit).await.unwrap().contains_key(&b.id));
}

#[tokio::test(start_paused = true)]
async fn of_two_incarnations_the_newer_counts() {
    let bucket = bucket(&Disk::new());
    for incarnation in [9, 10] {
        bucket.beat(&member("a", incarnation)).await.unwrap();
    }
    let live = bucket.live(Duration::from_secs(10)).await.unwrap();
    assert_eq!(live.into_values().collect::<Vec<_>>(), [member("a", 10)]);
}

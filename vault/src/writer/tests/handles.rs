//! The writer's thread ends with the last handle to it, closed or not.

use std::{
    sync::{Arc, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::bench::{batch, options};
use crate::{
    fs::sim::SimDisk,
    store::{IdStore as _, LoggedStore, Store},
    writer::Vault,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A writer on a simulated disk, and its store, which lives as long as the thread.
fn open(disk: &SimDisk) -> (Vault, Weak<dyn Store>) {
    let process = disk.process();
    let store: Arc<dyn Store> = Arc::new(LoggedStore::simulated(&process, &options().wal).unwrap());
    let seen = Arc::downgrade(&store);
    let vault = Vault::open_on(options(), Arc::new(process), store, disk.boot_id()).unwrap();
    (vault, seen)
}

/// Whether the thread has let go of the store, or does so soon.
fn ends(store: &Weak<dyn Store>) -> bool {
    let began = Instant::now();
    while store.strong_count() > 0 {
        if began.elapsed() > PATIENCE {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}

#[test]
fn a_vault_that_is_dropped_without_being_closed_finishes_and_ends() {
    let disk = SimDisk::new(1);
    let (vault, store) = open(&disk);
    let (reply, answers) = mpsc::channel();
    for event in 0..50 {
        let reply = reply.clone();
        vault.append(batch(&[event]), move |told| reply.send(told.unwrap()).unwrap());
    }
    drop(vault);
    assert_eq!(store.strong_count(), 0, "the drop has not waited for the thread");
    drop(reply);
    assert_eq!(answers.iter().map(|receipt| receipt.stored).sum::<u32>(), 50);
    let left = LoggedStore::simulated(&disk.process(), &options().wal).unwrap();
    assert!(left.groups().unwrap().is_empty(), "there was no last checkpoint");
    assert_eq!(left.estimated_ids(), 50);
}

#[test]
fn the_thread_stays_as_long_as_any_handle_does() {
    let disk = SimDisk::new(1);
    let (vault, store) = open(&disk);
    let other = vault.clone();
    drop(vault);
    let (reply, answer) = mpsc::channel();
    other.append(batch(&[1]), move |told| reply.send(told).unwrap());
    assert_eq!(answer.recv().unwrap().unwrap().stored, 1);
    assert!(store.strong_count() > 0);
    other.close().unwrap();
    drop(other);
    assert!(ends(&store));
}

#[test]
fn the_last_handle_may_be_dropped_by_the_thread_itself() {
    let disk = SimDisk::new(1);
    let (vault, store) = open(&disk);
    let last = vault.clone();
    vault.append(batch(&[1]), move |_| drop(last));
    drop(vault);
    assert!(ends(&store));
}

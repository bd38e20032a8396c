//! Users' hands: someone edits the daily file as editors and sync tools do, while events stream in.
//!
//! `OPENCLONE_EDITS=10000 cargo test --release -p openclone-vault --test it concurrent_edits` for the long form.
//!
//! What the user saved is remembered. At the next look the file must begin with exactly that, followed by whole entries
//! of ours and nothing else; which of them must be there, `watch` says.

mod edits;
mod ledger;
mod watch;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use openclone_vault::{CheckpointPolicy, State, Vault, maintenance::ProblemKind};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use self::{edits::User, ledger::Ledger};
use crate::temp_vault::{TempVault, batch, send};

const EDITS: u32 = 300;
/// New events in a batch are fewer.
const BATCH: u32 = 4;

/// Sends new events and old ones until it is told to stop; what fails is sent again.
fn stream(vault: &Vault, ledger: &Ledger, stop: &AtomicBool) {
    let mut rng = StdRng::seed_from_u64(7);
    let mut next = 0;
    while !stop.load(Ordering::Relaxed) {
        let count = rng.random_range(1..BATCH);
        let mut events: Vec<u32> = (next..next + count).collect();
        if next > 0 && rng.random_bool(0.3) {
            events.push(rng.random_range(0..next));
        }
        let prepared = batch("hands", events.clone());
        ledger.will_send(&prepared);
        match send(vault, prepared) {
            Ok(receipt) => {
                assert_eq!(
                    receipt.stored + receipt.skipped,
                    u32::try_from(events.len()).unwrap()
                );
                ledger.answered(&events);
                next += count;
            }
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
        thread::sleep(Duration::from_micros(rng.random_range(0..2000)));
    }
}

fn await_ready(vault: &Vault) {
    let start = Instant::now();
    while vault.state() != State::Ready || vault.stats().groups_incomplete > 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", vault.state());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn no_edit_costs_a_users_byte_or_an_event() {
    let edits = std::env::var("OPENCLONE_EDITS").map_or(EDITS, |text| text.parse().unwrap());
    let bench = TempVault::new();
    let mut options = bench.options();
    options.checkpoint = CheckpointPolicy {
        ids: 200,
        ..CheckpointPolicy::default()
    };
    let vault = Vault::open(options).unwrap();
    let ledger = Arc::new(Ledger::default());
    let stop = Arc::new(AtomicBool::new(false));
    let sender = {
        let (vault, ledger, stop) = (vault.clone(), Arc::clone(&ledger), Arc::clone(&stop));
        thread::spawn(move || stream(&vault, &ledger, &stop))
    };
    let mut user = User::new(&bench, &ledger);
    for edit in 0..edits {
        // What stands in the way keeps the writer waiting; so only now and then.
        if edit % 100 == 37 {
            user.obstruct();
            await_ready(&vault);
        } else {
            user.edit();
        }
        ledger.await_more(Duration::from_millis(50));
        if sender.is_finished() {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    sender.join().unwrap();
    await_ready(&vault);
    user.watch.look();
    vault.close().unwrap();
    drop(vault);
    bench.open().close().unwrap();
    user.watch.look();
    user.finish(edits);
    let report = bench.maintenance().fsck(&mut |_| {}).unwrap();
    for kind in [
        ProblemKind::DuplicateId,
        ProblemKind::NotInIndex,
        ProblemKind::WithoutId,
        ProblemKind::Zeros,
    ] {
        assert_eq!(report.faults.get(&kind), None, "{:?}", report.named);
    }
}

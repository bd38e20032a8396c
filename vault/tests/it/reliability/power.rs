//! Row 3 on a real disk with RocksDB: the power goes at any moment between two changes of the store; each sector of the log
//! that was not synced is the old or the new one, and daily files lose and tear what was not synced.

use std::{
    panic::catch_unwind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use openclone_vault::Vault;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    damage::{Durable, Snapshot},
    home::Home,
    scoreboard::{Against, Row, env_number},
    watched::{LogFiles, Watch},
};

/// The short form.
const SEEDS: u64 = 20;
/// So many are enough for a wrong writer.
const WRONG_SEEDS: u64 = 15;

/// One loss of power; says what was violated.
fn trial(seed: u64, against: Against) -> Result<(), String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let mut home = Home::new(dir.path(), against);
    let watch = Arc::new(Watch::new(&home.log()));
    let before = rng.random_range(0..6);
    let durable = end_checkpoint(&mut home, &watch, before);
    let (snapshot, durable) = moment(&mut home, &watch, before, durable, &mut rng);
    snapshot.put_back_torn(&home.path, &durable, &mut rng);
    let vault = home.open_watched(&watch, 2).map_err(|error| error.to_string())?;
    let judged = home.check_and_resend(&vault);
    vault.close().map_err(|error| error.to_string())?;
    judged.and_then(|()| home.check())
}

/// Some batches, and an end in order, after which everything is durable.
fn end_checkpoint(home: &mut Home, watch: &Arc<Watch>, batches: u32) -> Durable {
    let vault = home.open_watched(watch, 1).unwrap();
    for batch in 0..batches {
        home.send(&vault, batch).unwrap();
    }
    vault.close().unwrap();
    Snapshot::take(&home.path, LogFiles::new()).lengths()
}

/// Some more batches, and how everything looked at a random moment of that: what was durable of the daily files, too.
fn moment(
    home: &mut Home,
    watch: &Arc<Watch>,
    first: u32,
    durable: Durable,
    rng: &mut StdRng,
) -> (Snapshot, Durable) {
    let vault = home.open_watched(watch, 1).unwrap();
    let taken: Arc<Mutex<Option<Snapshot>>> = Arc::default();
    let batches = rng.random_range(1..8);
    let (slot, path) = (Arc::clone(&taken), home.path.clone());
    watch.look_at(rng.random_range(1..=batches * 2 + 3), move |log| {
        slot.lock()
            .unwrap()
            .get_or_insert_with(|| Snapshot::take(&path, log.clone()));
    });
    for batch in first..first + batches {
        home.send(&vault, batch).unwrap();
        if taken.lock().unwrap().is_some() {
            // Nobody had been told when the power went.
            home.acknowledged.remove(&batch);
            break;
        }
    }
    let closing = AtomicBool::new(taken.lock().unwrap().is_none());
    let quiet = closing.load(Ordering::Relaxed) && rng.random_bool(0.3);
    if quiet {
        *taken.lock().unwrap() = Some(Snapshot::take(&home.path, watch.durable()));
    }
    end(&vault);
    let snapshot = taken.lock().unwrap().take();
    let snapshot = snapshot.unwrap_or_else(|| Snapshot::take(&home.path, watch.durable()));
    // A checkpoint begins with syncing the files.
    let durable = if closing.into_inner() && !quiet {
        snapshot.lengths()
    } else {
        durable
    };
    (snapshot, durable)
}

fn end(vault: &Vault) {
    vault.close().unwrap();
}

#[test]
fn a_loss_of_power_loses_and_doubles_nothing() {
    let seeds = env_number("OPENCLONE_SEEDS").unwrap_or(SEEDS);
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let began = Instant::now();
        let seeds = if against == Against::Ours {
            seeds
        } else {
            WRONG_SEEDS
        };
        let mut violations = 0;
        for seed in 0..seeds {
            let outcome = catch_unwind(|| trial(seed, against)).unwrap_or_else(|_| Err("it panicked".into()));
            if let Err(violation) = outcome {
                violations += 1;
                eprintln!("{against:?}, seed {seed}: {violation}");
            }
        }
        let row = Row {
            issue: 3,
            title: "power loss with the real log and RocksDB",
            tried: "the power goes after any change of the store: each sector of the log that was not synced is the old \
                    or the new one, daily files lose, tear and zero what was not synced; then a start and everything again",
            against,
            trials: seeds,
            violations,
            seeds: format!("0..{seeds}"),
            command: format!(
                "OPENCLONE_SEEDS={seeds} cargo test --release -p openclone-vault --test it power::"
            ),
            began,
        };
        row.record();
    }
}

//! Ids in the index without events: sorted sets of them, persisted as a checkpoint of the service does it.

use std::{path::Path, sync::mpsc, thread, time::Instant};

use anyhow::Context as _;
use openclone_vault::{
    EventId,
    store::{IdStore as _, rocks::RocksStore},
};

/// As many as one checkpoint of the service moves.
const CHUNK: u64 = 1_000_000;

/// Puts the ids with the numbers `from..to` to rest in the database, which no service has open. How many a second; `None` if
/// there were none to put. What RocksDB would have to merge by now is left to whoever opens the database next.
pub(super) fn fill(db: &Path, from: u64, to: u64) -> anyhow::Result<Option<f64>> {
    if from >= to {
        return Ok(None);
    }
    let store = RocksStore::open(db)?;
    let begun = Instant::now();
    let (sets, queue) = mpsc::sync_channel(2);
    let maker = thread::spawn(move || {
        for start in (from..to).step_by(CHUNK as usize) {
            if sets.send(sorted(start, to.min(start + CHUNK))).is_err() {
                return;
            }
        }
    });
    for ids in queue {
        store.persist_ids(&ids).context("cannot put ids to rest")?;
    }
    maker
        .join()
        .ok()
        .context("the thread that makes ids has panicked")?;
    let rate = (to - from) as f64 / begun.elapsed().as_secs_f64();
    Ok(Some(rate))
}

fn sorted(from: u64, to: u64) -> Vec<EventId> {
    let mut ids: Vec<EventId> = (from..to).map(id).collect();
    ids.sort_unstable();
    ids
}

/// As evenly spread as the hashes that real ids are.
fn id(number: u64) -> EventId {
    let halves = u128::from(mix(2 * number)) << 64 | u128::from(mix(2 * number + 1));
    EventId(halves.to_be_bytes())
}

/// A bijection that leaves no pattern (the finaliser of `SplitMix64`).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_at_rest_are_those_that_were_asked_for() -> anyhow::Result<()> {
        let home = tempfile::tempdir()?;
        fill(home.path(), 0, 10_000)?;
        fill(home.path(), 10_000, 10_500)?;
        assert!(fill(home.path(), 10_500, 10_500)?.is_none());
        let store = RocksStore::open(home.path())?;
        let mut count = 0;
        store.visit_ids(&mut |_| {
            count += 1;
            true
        })?;
        assert_eq!(count, 10_500);
        assert!(store.contains(&id(0))? && store.contains(&id(10_499))? && !store.contains(&id(10_500))?);
        Ok(())
    }
}

//! The process or the power ends at any operation; syncs fail; the disk is full.

use std::io::ErrorKind;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{groups, open, record, write};
use crate::{
    fs::sim::{Area, SimDisk},
    store::Seq,
    wal::{Wal, WalError},
};

/// What a caller was told.
#[derive(Default)]
struct Ledger {
    written: Vec<Seq>,
    /// Groups whose release was begun: they may be there or not.
    released: Vec<Seq>,
    next: Seq,
}

impl Ledger {
    /// Groups that must be there.
    fn must(&self) -> Vec<Seq> {
        let must = self.written.iter().filter(|seq| !self.released.contains(seq));
        must.copied().collect()
    }

    fn work(&mut self, wal: &Wal, rng: &mut StdRng, rounds: u32) -> Result<(), WalError> {
        for _ in 0..rounds {
            if rng.random_bool(0.15) {
                let must = self.must();
                let released: Vec<Seq> = must.into_iter().filter(|_| rng.random_bool(0.9)).collect();
                self.released.extend(&released);
                wal.forget_groups(&released)?;
                continue;
            }
            self.next += 1;
            wal.write_group(self.next, &record(self.next))?;
            self.written.push(self.next);
            if rng.random_bool(0.8) {
                wal.mark_applied(self.next, &super::marker(self.next))?;
            }
        }
        Ok(())
    }

    /// What the log has must be what was told: nothing durable is missing, and nothing is there that was never written.
    fn check(&mut self, wal: &Wal, when: &str) {
        let found = groups(wal);
        for seq in self.must() {
            assert!(found.contains(&seq), "{when}: group {seq} is lost");
        }
        assert!(found.iter().all(|seq| *seq <= self.next), "{when}: {found:?}");
        // What a failed call has left is there or not, and stays so.
        self.written = found;
        self.released.clear();
    }
}

fn live(seed: u64, power: bool) {
    let mut rng = StdRng::seed_from_u64(seed);
    let disk = SimDisk::new(seed);
    let mut ledger = Ledger::default();
    for crash in 0..6 {
        disk.die_at(disk.ops() + rng.random_range(1..150));
        if let Ok(wal) = open(&disk) {
            ledger.check(&wal, &format!("seed {seed}, start {crash}"));
            let _ = ledger.work(&wal, &mut rng, 60);
        }
        match power {
            true => disk.power_loss(rng.random()),
            false => disk.kill(),
        }
    }
    let wal = open(&disk).unwrap();
    ledger.check(&wal, &format!("seed {seed}, last start"));
}

#[test]
fn the_end_of_the_process_at_any_operation_loses_no_durable_group() {
    (0..300).for_each(|seed| live(seed, false));
}

#[test]
fn a_power_loss_at_any_operation_loses_no_durable_group() {
    (0..600).for_each(|seed| live(seed, true));
}

#[test]
fn each_crash_point_of_a_scripted_run_loses_no_durable_group() {
    let script = |disk: &SimDisk, ledger: &mut Ledger| {
        if let Ok(wal) = open(disk) {
            let _ = ledger.work(&wal, &mut StdRng::seed_from_u64(3), 50);
        }
    };
    let whole = SimDisk::new(0);
    script(&whole, &mut Ledger::default());
    assert!(whole.ops() > 150, "{} operations", whole.ops());
    for point in 1..=whole.ops() {
        for power in [false, true] {
            let disk = SimDisk::new(point);
            let mut ledger = Ledger::default();
            disk.die_at(point);
            script(&disk, &mut ledger);
            match power {
                true => disk.power_loss(point),
                false => disk.kill(),
            }
            let wal = open(&disk).unwrap_or_else(|error| panic!("point {point}, power {power}: {error}"));
            ledger.check(&wal, &format!("point {point}, power {power}"));
            write(&wal, [1000]);
            disk.power_loss(point + 1);
            assert!(groups(&open(&disk).unwrap()).contains(&1000));
        }
    }
}

#[test]
fn a_failed_sync_is_told_by_its_type_and_never_believed() {
    for nth in 1..40 {
        let disk = SimDisk::new(nth);
        let mut ledger = Ledger::default();
        let mut rng = StdRng::seed_from_u64(nth);
        let Ok(wal) = open(&disk) else { panic!("it opens") };
        disk.fail_nth_sync(Area::Log, nth, ErrorKind::Other);
        let Err(error) = ledger.work(&wal, &mut rng, 60) else {
            continue;
        };
        assert!(error.is_sync_failure(), "{error}");
        let refused = wal.write_group(5000, b"more").unwrap_err();
        assert!(matches!(refused, WalError::Broken(_)), "{refused}");
        // What the next start finds in the cache is durable before anybody relies on it.
        disk.kill();
        let wal = open(&disk).unwrap();
        ledger.check(&wal, &format!("after a failed sync {nth}"));
        let before = groups(&wal);
        disk.power_loss(nth);
        assert_eq!(groups(&open(&disk).unwrap()), before, "sync {nth}");
    }
}

#[test]
fn a_full_disk_is_told_by_its_kind_and_harms_nothing() {
    for room in 0..80 {
        let disk = SimDisk::new(room);
        let mut ledger = Ledger::default();
        disk.capacity(Area::Log, Some(1000 + room * 1500));
        let outcome = open(&disk).and_then(|wal| ledger.work(&wal, &mut StdRng::seed_from_u64(room), 80));
        let Err(error) = outcome else {
            assert!(room > 20, "{room}");
            continue;
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        disk.capacity(Area::Log, None);
        disk.power_loss(room);
        let wal = open(&disk).unwrap();
        ledger.check(&wal, &format!("room {room}"));
        write(&wal, 9000..9010);
    }
}

#[test]
fn a_log_that_has_filled_its_disk_opens_and_goes_on_once_groups_are_released() {
    for room in (20_000..90_000).step_by(700) {
        let disk = SimDisk::new(room);
        disk.capacity(Area::Log, Some(room));
        let mut last = 0;
        let full = open(&disk).and_then(|wal| {
            for seq in 1..10_000 {
                wal.write_group(seq, &record(seq))?;
                last = seq;
                wal.mark_applied(seq, &super::marker(seq))?;
            }
            Ok(())
        });
        assert_eq!(full.unwrap_err().kind(), ErrorKind::StorageFull, "{room}");
        if last < 100 {
            continue;
        }
        let wal = open(&disk).unwrap();
        let before: Vec<Seq> = (1..=last).collect();
        assert!(groups(&wal).starts_with(&before), "{room}");
        wal.forget_groups(&groups(&wal)).unwrap();
        write(&wal, 20_000..20_010);
        assert_eq!(groups(&wal).len(), 10, "{room}");
    }
}

#[test]
fn a_disk_that_disappears_is_told_and_loses_nothing() {
    let disk = SimDisk::new(1);
    let wal = open(&disk).unwrap();
    write(&wal, 1..=5);
    disk.eio(Area::Log, true);
    assert!(wal.write_group(6, b"six").is_err());
    assert!(wal.reopen().is_err());
    disk.eio(Area::Log, false);
    wal.reopen().unwrap();
    assert_eq!(groups(&wal)[..5], [1, 2, 3, 4, 5]);
}

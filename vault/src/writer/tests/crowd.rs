//! More daily files than may be open, and a sync that fails while one of them makes room for another.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use jiff::{ToSpan as _, civil::date};

use super::bench::{Bench, HEADER, Told, id_of, line_of};
use crate::{
    entry::{DailyFile, PreparedBatch, PreparedFile},
    fs::sim::{Area, Op, OpKind, SimDisk},
    writer::State,
};

/// Events this far apart are of one file.
const FILES: u32 = 1_000;
/// As many files as may be open in these tests.
const OPEN: u32 = 16;

/// A writer, and events that each are of a daily file of their own.
struct Crowd {
    bench: Bench,
    acknowledged: BTreeSet<u32>,
}

impl Crowd {
    fn started(seed: u64) -> Self {
        let mut bench = Bench::new(seed);
        assert!(bench.start());
        Self {
            bench,
            acknowledged: BTreeSet::new(),
        }
    }

    /// Sends one batch for each event, all as one group.
    fn send(&mut self, events: &[u32]) -> Vec<Told> {
        let told = self
            .bench
            .commit(events.iter().map(|event| batch(*event)).collect());
        let taken = events.iter().zip(&told).filter(|(_, told)| told.is_ok());
        self.acknowledged.extend(taken.map(|(event, _)| *event));
        told
    }

    fn fill(&mut self, events: Range<u32>) {
        let events: Vec<u32> = events.collect();
        assert!(self.send(&events).iter().all(Result::is_ok));
    }

    /// Ends the process and starts the next, once more if that ends by a failed sync.
    fn restart(&mut self) {
        self.bench.kill();
        if !self.bench.start() {
            self.bench.kill();
            assert!(self.bench.start());
        }
        assert_eq!(self.bench.state(), State::Ready);
    }

    /// Each event that was acknowledged is in its file, once.
    fn check(&self, when: &str) {
        for event in &self.acknowledged {
            let path = format!("/vault/{}", daily_file(*event));
            let text = self.bench.disk.read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let count = text.matches(&line_of(*event)).count();
            assert_eq!(count, 1, "{when}: acknowledged event {event}");
        }
    }

    /// Nothing acknowledged is lost by what may come: a checkpoint, a restart, a loss of power; nor doubled by a resend.
    fn check_through_the_worst(&mut self, seed: u64) {
        self.check("at once");
        let checkpointed = self.bench.writer.as_mut().unwrap().checkpoint();
        assert!(checkpointed.is_err(), "the failed sync was believed");
        self.restart();
        self.check("after the restart");
        self.bench.power_loss(seed);
        assert!(self.bench.start());
        self.check("after the power loss");
        let all: Vec<u32> = self.acknowledged.iter().copied().collect();
        for told in self.send(&all) {
            assert_eq!(told.unwrap().stored, 0);
        }
        self.check("after everything was sent again");
    }
}

fn daily_file(event: u32) -> DailyFile {
    DailyFile {
        folder: "Audio",
        date: date(2020, 1, 1).saturating_add(i64::from(event % FILES).days()),
    }
}

fn batch(event: u32) -> PreparedBatch {
    let bytes = line_of(event).into_bytes();
    PreparedBatch {
        tenant: "default".into(),
        files: vec![PreparedFile {
            path: daily_file(event),
            header: HEADER.as_bytes().to_vec(),
            ids: vec![id_of(event)],
            ends: vec![u32::try_from(bytes.len()).unwrap()],
            hours: vec![],
            bytes,
        }],
    }
}

/// Counts syncs of daily files.
fn count_syncs(disk: &SimDisk) -> Arc<AtomicU32> {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    disk.on_op(Some(move |_: &SimDisk, op: &Op| {
        if op.kind == OpKind::Sync && op.path.ends_with(".md") {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    }));
    count
}

/// A group of more files than may be open: those of its beginning have made room for others when the journal wants to
/// know how long they are, and now others make room for them.
#[test]
fn a_sync_that_fails_between_admission_and_journal_is_never_believed() {
    let mut in_between = 0;
    for files in 4 * OPEN..6 * OPEN {
        let mut crowd = Crowd::started(u64::from(files));
        crowd.fill(0..files);
        // The files that are open now, not synced, and two more.
        let events: Vec<u32> = (files - OPEN..files).chain([0, 1]).map(|n| n + FILES).collect();
        crowd.bench.disk.fail_nth_sync(Area::Vaults, 1, ErrorKind::Other);
        let syncs = count_syncs(&crowd.bench.disk);
        let told = crowd.send(&events);
        crowd.bench.disk.on_op(None::<fn(&SimDisk, &Op)>);
        if syncs.load(Ordering::Relaxed) == 0 {
            continue;
        }
        assert!(
            matches!(crowd.bench.state(), State::Poisoned { .. }),
            "{files} files: {:?}",
            crowd.bench.state()
        );
        // Who was refused met it at admission or while it was appended.
        in_between += u32::from(told.iter().all(Result::is_ok));
        crowd.check_through_the_worst(u64::from(files));
    }
    assert!(in_between > 0, "no sync failed in between");
}

/// The process ended while a checkpoint was on its way, so there are more files that are not synced than one process has
/// at a time, and the replay has to sync some before it has seen all.
#[test]
fn a_sync_that_fails_while_a_replay_makes_room_is_never_believed() {
    for seed in 0..20 {
        let mut crowd = Crowd::started(seed);
        crowd.fill(0..4 * OPEN);
        let cut_off = crowd.bench.writer.as_mut().unwrap().begin_checkpoint();
        crowd.fill(4 * OPEN..8 * OPEN);
        crowd.bench.kill();
        drop(cut_off);
        // The first sync is of the directory in which the log is made anew.
        let disk = &crowd.bench.disk;
        disk.fail_nth_sync(Area::Vaults, 2 + seed, ErrorKind::Other);
        assert!(!crowd.bench.start(), "the failed sync was believed");
        crowd.restart();
        crowd.check("after the restart");
        crowd.bench.power_loss(seed);
        assert!(crowd.bench.start());
        crowd.check("after the power loss");
    }
}

//! `EIO` at each single sync of a run in turn: nothing is taken back that was answered, nothing is doubled.

use std::{
    collections::BTreeSet,
    panic::catch_unwind,
    sync::{Arc, Mutex},
    time::Instant,
};

use openclone_test_support::scoreboard::{Against, Row};

use super::bench::{Bench, batches_of};
use crate::{
    fs::sim::{Area, Op, OpKind, SimDisk},
    writer::State,
};

/// What a sync is for.
fn site(path: &str) -> &'static str {
    match path {
        _ if path.ends_with(".md") => "daily file",
        _ if path.ends_with(".openclone") => "marker file",
        _ if path.ends_with("/Audio") || path.ends_with("/Web") || path.ends_with("/Notes") => "folder",
        _ if path.ends_with("/vault") || path == "/" || path.starts_with("/tenants") => "directory",
        _ => "journal",
    }
}

/// Starts, and works with checkpoints on the way; what fails is taken up as the service would.
fn work(bench: &mut Bench) {
    if !restart(bench) {
        return;
    }
    for round in 0..8_u32 {
        let events: Vec<u32> = (round * 3..round * 3 + 4).collect();
        bench.send(&batches_of(&events));
        if round % 3 == 2 {
            let _ = bench.writer.as_mut().unwrap().checkpoint();
        }
        match bench.state() {
            State::Ready => {}
            State::Degraded { .. } => _ = bench.writer.as_mut().unwrap().recover(),
            State::Poisoned { .. } => {
                let refused = bench.send(&[vec![1]]);
                assert!(refused[0].is_err(), "a failed sync was believed: {refused:?}");
                bench.kill();
                assert!(restart(bench));
            }
        }
    }
}

/// A start that fails at the sync is done once more.
fn restart(bench: &mut Bench) -> bool {
    bench.start() || {
        bench.kill();
        bench.start()
    }
}

/// The sites of all syncs, in order.
fn sites(against: Against) -> Vec<&'static str> {
    let seen: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let mut bench = Bench::with(0, against);
    let noted = Arc::clone(&seen);
    bench.disk.on_op(Some(move |_: &SimDisk, op: &Op| {
        if op.kind == OpKind::Sync {
            noted.lock().unwrap().push(site(&op.path));
        }
    }));
    work(&mut bench);
    bench.disk.on_op(None::<fn(&SimDisk, &Op)>);
    drop(bench);
    Arc::into_inner(seen).unwrap().into_inner().unwrap()
}

fn trial(nth: u64, against: Against) {
    let mut bench = Bench::with(nth, against);
    bench.disk.eio_nth_sync(Area::Everywhere, nth);
    work(&mut bench);
    bench.check(&format!("EIO at sync {nth}"));
    // The next start brings to the disk what the failed sync did not, so that even the power may go.
    bench.kill();
    assert!(bench.start());
    bench.power_loss(nth);
    assert!(bench.start());
    bench.check(&format!("EIO at sync {nth}, then a power loss"));
    bench.resend_all();
}

#[test]
fn eio_at_each_sync_loses_and_doubles_nothing() {
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let began = Instant::now();
        let sites = sites(against);
        let kinds: BTreeSet<_> = sites.iter().copied().collect();
        let all = ["daily file", "directory", "folder", "journal", "marker file"];
        assert!(kinds.iter().eq(&all), "{kinds:?}");
        let trials = sites.len() as u64;
        let violations = (1..=trials).filter(|nth| catch_unwind(|| trial(*nth, against)).is_err());
        let row = Row {
            issue: 4,
            title: "EIO at each sync, simulated",
            tried: "each single sync of a run in turn answers EIO and loses what it should have written: daily file, \
                    folder, directory, marker file, journal; then a restart and a power loss; nothing is taken meanwhile",
            against,
            trials,
            violations: violations.count() as u64,
            seeds: String::new(),
            command: "cargo test --release -p openclone-vault --lib eio_at_each_sync".into(),
            began,
        };
        row.record();
    }
}

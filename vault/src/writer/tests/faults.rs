//! A disk that fills up, cannot be written, or fails to sync.

use std::{
    io::ErrorKind,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::bench::{Bench, batch, batches_of, options, path_of, started};
use crate::{
    error::AppendError,
    fs::sim::{Area, Op, OpKind, SimDisk},
    store::{LoggedStore, Store},
    writer::state::SYNC_FAILED,
    writer::{State, Vault},
};

#[test]
fn a_full_vault_is_told_and_completed_when_space_is_back() {
    for room in 0..120 {
        let mut bench = started(room);
        assert!(bench.send(&[vec![1]])[0].is_ok());
        let used = bench.disk.read(path_of(0)).unwrap().len() as u64 + 64;
        bench.disk.capacity(Area::Vaults, Some(used + room * 11));
        let told = bench.send(&[vec![2, 4], vec![4]]);
        if told[0].is_ok() {
            continue;
        }
        assert!(matches!(told[0], Err(AppendError::Storage { .. })), "{told:?}");
        assert!(told[1].is_err(), "it rests on the same entry: {told:?}");
        assert!(
            bench.send(&[vec![5]])[0].is_err(),
            "nothing newer goes to a file in doubt"
        );
        bench.disk.capacity(Area::Vaults, None);
        let again = bench.send(&[vec![2, 4]]);
        let receipt = again[0].as_ref().unwrap();
        assert_eq!((receipt.stored, receipt.skipped), (0, 2));
        assert_eq!(bench.state(), State::Ready);
        bench.resend_all();
    }
}

#[test]
fn a_full_vault_and_then_a_crash_is_completed_by_the_next_start() {
    for power in [false, true] {
        let mut bench = started(7);
        bench.send(&[vec![1]]);
        let used = bench.disk.read(path_of(0)).unwrap().len() as u64 + 64;
        bench.disk.capacity(Area::Vaults, Some(used + 30));
        assert!(bench.send(&[vec![2]])[0].is_err());
        if power {
            bench.power_loss(7)
        } else {
            bench.kill()
        }
        bench.disk.capacity(Area::Vaults, None);
        assert!(bench.start());
        bench.check("after the crash");
        bench.resend_all();
    }
}

/// Leaves the disk of the log without room, and sends events of one file until the segment in use is full.
fn fill_log(bench: &mut Bench) {
    bench.disk.capacity(Area::Log, Some(1));
    let refused = (0..20).any(|n| bench.send(&[vec![21 + n * 105]])[0].is_err());
    assert!(refused, "the log takes more than its segment holds");
    assert!(
        matches!(bench.state(), State::Degraded { .. }),
        "{:?}",
        bench.state()
    );
}

#[test]
fn a_full_disk_under_the_log_is_told_and_comes_back() {
    let mut bench = started(1);
    assert!(bench.send(&[vec![1]])[0].is_ok());
    fill_log(&mut bench);
    assert!(bench.send(&[vec![2], vec![1]])[0].is_err());
    assert!(bench.send(&[vec![1]])[0].is_err(), "nothing is taken meanwhile");
    bench.disk.capacity(Area::Log, None);
    assert!(bench.writer.as_mut().unwrap().recover());
    bench.check("after reopening");
    bench.resend_all();
}

#[test]
fn a_sync_of_a_daily_file_that_fails_is_never_believed() {
    for seed in 0..40 {
        let mut bench = started(seed);
        bench.send(&batches_of(&[1, 2, 3, 4, 5]));
        bench.disk.fail_nth_sync(Area::Vaults, 1, ErrorKind::Other);
        assert!(bench.writer.as_mut().unwrap().checkpoint().is_err());
        assert!(matches!(bench.state(), State::Poisoned { .. }));
        assert!(matches!(
            bench.send(&[vec![8]])[0],
            Err(AppendError::Unavailable { .. })
        ));
        bench.kill();
        assert!(bench.start());
        bench.check("after the restart");
        // The restart has written the bytes again: now even the power may go.
        bench.power_loss(seed);
        assert!(bench.start());
        bench.check("after the power loss");
        bench.resend_all();
    }
}

/// Two events are in their file, and a batch is in doubt because the disk was full. They are longer than a page, so that
/// they do not reach the disk along with the batch.
fn with_a_doubt(seed: u64, batch: Vec<u32>) -> Bench {
    let mut bench = started(seed);
    bench.send(&[vec![7, 14]]);
    bench.disk.capacity(Area::Vaults, Some(0));
    assert!(bench.send(&[batch])[0].is_err());
    bench.disk.capacity(Area::Vaults, None);
    bench
}

fn check_through_a_restart_and_a_power_loss(mut bench: Bench, seed: u64) {
    bench.kill();
    assert!(bench.start());
    bench.check("after the restart");
    bench.power_loss(seed);
    assert!(bench.start());
    bench.check("after the power loss");
    bench.resend_all();
}

#[test]
fn a_sync_that_fails_at_the_last_try_of_a_doubt_keeps_the_last_checkpoint_from_believing_it() {
    for seed in 0..40 {
        let mut bench = with_a_doubt(seed, vec![2]);
        bench.disk.fail_nth_sync(Area::Vaults, 1, ErrorKind::Other);
        // As the thread does when it is closed.
        let writer = bench.writer.as_mut().unwrap();
        assert!(!writer.retry_incomplete());
        assert!(writer.checkpoint().is_err());
        assert!(matches!(bench.state(), State::Poisoned { .. }));
        check_through_a_restart_and_a_power_loss(bench, seed);
    }
}

#[test]
fn a_sync_that_fails_behind_another_failure_of_the_same_group_is_never_believed() {
    for seed in 0..40 {
        let mut bench = with_a_doubt(seed, vec![12, 2]);
        bench.disk.user_mkdir("/vault/Web").unwrap();
        bench.disk.user_mkdir(path_of(2)).unwrap();
        bench.disk.fail_nth_sync(Area::Vaults, 1, ErrorKind::Other);
        assert!(!bench.writer.as_mut().unwrap().retry_incomplete());
        assert!(
            matches!(bench.state(), State::Poisoned { .. }),
            "{:?}",
            bench.state()
        );
        bench.disk.user_delete(path_of(2)).unwrap();
        check_through_a_restart_and_a_power_loss(bench, seed);
    }
}

#[test]
fn a_sync_that_fails_while_the_database_is_reopened_is_never_believed() {
    for seed in 0..40 {
        let mut bench = with_a_doubt(seed, vec![2]);
        fill_log(&mut bench);
        bench.disk.capacity(Area::Log, None);
        // The first is of the directory in which the file of ids is made anew.
        bench.disk.fail_nth_sync(Area::Vaults, 2, ErrorKind::Other);
        assert!(!bench.writer.as_mut().unwrap().recover());
        assert!(
            matches!(bench.state(), State::Poisoned { .. }),
            "{:?}",
            bench.state()
        );
        assert!(bench.send(&[vec![12]])[0].is_err());
        check_through_a_restart_and_a_power_loss(bench, seed);
    }
}

/// The next sync of a daily file fails, and from then on the database has no room.
fn fail_sync_and_fill_database(disk: &SimDisk) {
    disk.on_op(Some(|disk: &SimDisk, op: &Op| {
        if op.kind == OpKind::Sync && op.path.ends_with(".md") {
            disk.capacity(Area::Log, Some(1));
        }
    }));
}

fn make_room(disk: &SimDisk) {
    disk.on_op(None::<fn(&SimDisk, &Op)>);
    disk.capacity(Area::Log, None);
}

#[test]
fn a_failed_sync_is_not_forgotten_over_a_database_that_fails_after_it() {
    for seed in 0..40 {
        let mut bench = with_a_doubt(seed, vec![2]);
        bench.disk.capacity(Area::Vaults, Some(0));
        assert!(
            bench.send(&[vec![12]])[0].is_err(),
            "a second doubt, in another file"
        );
        bench.disk.capacity(Area::Vaults, None);
        fill_log(&mut bench);
        bench.disk.capacity(Area::Log, None);
        // The first is of the directory in which the file of ids is made anew.
        bench.disk.fail_nth_sync(Area::Vaults, 2, ErrorKind::Other);
        fail_sync_and_fill_database(&bench.disk);
        assert!(!bench.writer.as_mut().unwrap().recover());
        make_room(&bench.disk);
        assert!(
            matches!(bench.state(), State::Poisoned { .. }),
            "{:?}",
            bench.state()
        );
        let writer = bench.writer.as_mut().unwrap();
        assert!(!writer.recover() && writer.checkpoint().is_err());
        assert!(writer.retry_note(), "the next start does not know");
        check_through_a_restart_and_a_power_loss(bench, seed);
    }
}

#[test]
fn a_failed_sync_is_noted_for_the_next_start_as_soon_as_the_database_can_be_written() {
    let disk = SimDisk::new(1);
    let process = disk.process();
    let store: Arc<dyn Store> = Arc::new(LoggedStore::simulated(&process, &options().wal).unwrap());
    let mut options = options();
    options.checkpoint.ids = 1;
    let vault = Vault::open_on(options, Arc::new(process), Arc::clone(&store), disk.boot_id()).unwrap();
    fail_sync_and_fill_database(&disk);
    disk.fail_nth_sync(Area::Vaults, 1, ErrorKind::Other);
    let (reply, answer) = mpsc::channel();
    vault.append(batch(&[1]), move |told| reply.send(told).unwrap());
    let told = answer.recv().unwrap();
    let wait_until = |holds: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{told:?}, {:?}",
                vault.state()
            );
            thread::sleep(Duration::from_millis(2));
        }
    };
    wait_until(&|| matches!(vault.state(), State::Poisoned { .. }));
    // By now the database may be closed, to be reopened.
    assert!(!store.note(SYNC_FAILED).is_ok_and(|note| note.is_some()));
    make_room(&disk);
    wait_until(&|| store.note(SYNC_FAILED).is_ok_and(|note| note.is_some()));
    assert!(matches!(vault.state(), State::Poisoned { .. }));
    assert!(vault.close().is_err());
}

#[test]
fn a_sync_of_the_log_that_fails_is_never_believed_and_the_next_start_decides() {
    for nth in 1..12 {
        let mut bench = started(nth);
        bench.disk.fail_nth_sync(Area::Log, nth, ErrorKind::Other);
        for event in 0..8 {
            bench.send(&[vec![event * 7 + 1]]);
            match bench.state() {
                State::Ready => {}
                State::Degraded { .. } => assert!(bench.writer.as_mut().unwrap().recover()),
                State::Poisoned { .. } => {
                    assert!(!bench.writer.as_mut().unwrap().recover());
                    assert!(bench.send(&[vec![1]])[0].is_err());
                    bench.kill();
                    assert!(bench.start());
                }
            }
        }
        bench.check("after the restart");
        bench.power_loss(nth);
        assert!(bench.start());
        bench.check("after the power loss");
        bench.resend_all();
    }
}

#[test]
fn little_space_is_refused_before_anything_is_written() {
    let mut bench = started(4);
    bench.disk.read_only(Area::Vaults, true);
    let told = bench.send(&[vec![1]]);
    assert!(matches!(&told[0], Err(AppendError::Storage { .. })), "{told:?}");
    assert!(!bench.writer.as_ref().unwrap().has_incomplete());
    bench.disk.read_only(Area::Vaults, false);
    bench.resend_all();
}

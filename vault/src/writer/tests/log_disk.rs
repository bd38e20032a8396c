//! The disk of the log disappears, is not mounted, or is another home's.

use super::bench::{Bench, batches_of, started};
use crate::{fs::sim::Area, writer::State};

#[test]
fn a_disk_of_the_log_that_disappears_is_told_and_comes_back() {
    for seed in 0..20 {
        let mut bench = started(seed);
        assert!(bench.send(&[vec![1]])[0].is_ok());
        bench.disk.eio(Area::Log, true);
        assert!(bench.send(&[vec![2]])[0].is_err());
        assert!(bench.state() != State::Ready);
        assert!(!bench.writer.as_mut().unwrap().recover());
        bench.disk.eio(Area::Log, false);
        bench.kill();
        assert!(bench.start());
        bench.check("after the disk came back");
        bench.resend_all();
    }
}

#[test]
fn a_log_that_is_not_mounted_is_no_new_log() {
    for power in [false, true] {
        let mut bench = started(3);
        bench.send(&batches_of(&[1, 2, 3, 4, 5]));
        bench.disk.user_rename("/wal", "/elsewhere").unwrap();
        bench.disk.user_mkdir("/wal").unwrap();
        match power {
            true => bench.power_loss(3),
            false => bench.kill(),
        }
        assert!(!bench.start(), "a new log hides what was acknowledged");
        assert!(bench.disk.list("/wal").is_empty());
        bench.kill();
        bench.disk.user_delete("/wal").unwrap();
        bench.disk.user_rename("/elsewhere", "/wal").unwrap();
        assert!(bench.start());
        bench.check("after it was mounted");
        bench.resend_all();
    }
}

#[test]
fn the_log_of_another_home_is_not_replayed() {
    let (mut bench, mut other) = (started(1), Bench::new(2));
    assert!(other.start());
    other.send(&[vec![9]]);
    other.kill();
    bench.send(&[vec![1]]);
    bench.kill();
    for name in other.disk.list("/wal") {
        let bytes = other.disk.read(format!("/wal/{name}")).unwrap();
        bench.disk.user_replace(format!("/wal/{name}"), &bytes).unwrap();
    }
    let before = bench.count();
    assert!(!bench.start());
    assert_eq!(bench.count(), before);
}

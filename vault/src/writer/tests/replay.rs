//! Vaults and files that a replay cannot use.

use super::bench::{Bench, HEADER, line_of, path_of, started};
use crate::error::AppendError;

#[test]
fn a_vault_that_is_not_mounted_takes_nothing_and_loses_nothing() {
    let mut bench = started(3);
    bench.send(&[vec![1]]);
    bench.disk.user_rename("/vault", "/elsewhere").unwrap();
    bench.disk.user_mkdir("/vault").unwrap();
    let told = bench.send(&[vec![2]]);
    assert!(
        matches!(&told[0], Err(AppendError::Unavailable { reason, .. }) if reason.contains("mounted")),
        "{told:?}"
    );
    bench.kill();
    assert!(bench.start());
    assert!(bench.send(&[vec![2]])[0].is_err());
    assert!(
        bench.disk.list("/vault").is_empty(),
        "nothing is written into an empty mount point"
    );
    bench.disk.user_delete("/vault").unwrap();
    bench.disk.user_rename("/elsewhere", "/vault").unwrap();
    bench.writer.as_mut().unwrap().retry_incomplete();
    bench.check("after it was mounted");
    bench.resend_all();
}

/// After a crash of the process, its last bytes may be in the system's cache only.
#[test]
fn a_file_that_cannot_be_opened_by_a_replay_is_synced_when_it_can() {
    for seed in 0..40 {
        let mut bench = started(seed);
        bench.send(&[vec![7, 14]]);
        bench.kill();
        bench.disk.user_chmod(path_of(0), 0).unwrap();
        assert!(bench.start());
        assert!(bench.send(&[vec![1]])[0].is_err(), "nothing newer goes before it");
        if seed % 2 == 0 {
            bench.disk.user_chmod(path_of(0), 0o600).unwrap();
            assert!(bench.writer.as_mut().unwrap().retry_incomplete());
            bench.writer.as_mut().unwrap().checkpoint().unwrap();
        }
        bench.power_loss(seed);
        let _ = bench.disk.user_chmod(path_of(0), 0o600);
        assert!(bench.start());
        bench.check("after the power loss");
        bench.resend_all();
    }
}

#[test]
fn what_stands_in_the_place_of_a_file_leaves_a_replay_nothing_to_sync() {
    let obstacles: [fn(&Bench); 3] = [
        |bench| bench.disk.user_symlink(path_of(0), "/elsewhere").unwrap(),
        |bench| bench.disk.user_fifo(path_of(0)).unwrap(),
        |_| {},
    ];
    for put in obstacles {
        let mut bench = started(1);
        bench.send(&[vec![1]]);
        bench.kill();
        bench.disk.user_delete(path_of(0)).unwrap();
        put(&bench);
        assert!(bench.start());
        assert!(!bench.writer.as_ref().unwrap().has_incomplete());
    }
}

#[test]
fn what_a_user_deletes_stays_deleted_when_another_file_of_the_group_cannot_be_opened() {
    let mut bench = started(1);
    bench.send(&[vec![1, 2], vec![3]]);
    bench.kill();
    let left = format!("{HEADER}{}", line_of(2));
    bench.disk.user_rewrite(path_of(0), left.as_bytes()).unwrap();
    bench.disk.user_chmod(path_of(3), 0).unwrap();
    assert!(bench.start());
    assert!(bench.send(&[vec![9]])[0].is_ok(), "other files go on");
    bench.disk.user_chmod(path_of(3), 0o600).unwrap();
    assert!(bench.writer.as_mut().unwrap().retry_incomplete());
    assert_eq!(bench.disk.read(path_of(0)).unwrap(), left.as_bytes());
    assert_eq!(bench.count().get(&3), Some(&1));
}

use super::*;

fn ids(count: u32) -> Vec<EventId> {
    let mut ids: Vec<EventId> = (0..count)
        .map(|n| {
            EventId(
                blake3::hash(&n.to_le_bytes()).as_bytes()[..16]
                    .try_into()
                    .unwrap(),
            )
        })
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn ids_rest_whether_many_or_few() {
    let home = tempfile::tempdir().unwrap();
    let store = RocksStore::open(home.path()).unwrap();
    let all = ids(20_000);
    store.persist_ids(&all[..10_000]).unwrap();
    store.persist_ids(&all[9_000..10_100]).unwrap();
    store.persist_ids(&all[5_000..15_000]).unwrap();
    store.reopen().unwrap();
    assert!(all[..15_000].iter().all(|id| store.contains(id).unwrap()));
    assert!(!all[15_000..].iter().any(|id| store.contains(id).unwrap()));
    let mut seen = Vec::new();
    store
        .visit_ids(&mut |id| {
            seen.push(id);
            true
        })
        .unwrap();
    assert_eq!(seen, all[..15_000]);
}

#[test]
fn a_second_opening_of_one_directory_is_refused_as_busy() {
    let home = tempfile::tempdir().unwrap();
    let _store = RocksStore::open(home.path()).unwrap();
    assert_eq!(
        RocksStore::open(home.path()).unwrap_err().kind,
        io::ErrorKind::ResourceBusy
    );
}

/// A store whose database is closed, because it could not be reopened.
fn closed_store(path: &Path) -> RocksStore {
    let store = RocksStore::open(path).unwrap();
    fs::rename(path.join("CURRENT"), path.join("hidden")).unwrap();
    assert!(store.reopen().is_err());
    fs::rename(path.join("hidden"), path.join("CURRENT")).unwrap();
    store
}

#[test]
fn nobody_else_gets_at_a_database_that_is_closed_for_a_moment() {
    let home = tempfile::tempdir().unwrap();
    let store = closed_store(home.path());
    assert!(store.contains(&ids(1)[0]).is_err());
    let other = RocksStore::open(home.path());
    assert_eq!(other.unwrap_err().kind, io::ErrorKind::ResourceBusy);
    store.reopen().unwrap();
    drop(store);
    RocksStore::open(home.path()).unwrap();
}

#[test]
fn a_database_that_was_removed_or_replaced_is_not_reopened() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("db");
    let store = closed_store(&path);
    fs::remove_dir_all(&path).unwrap();
    assert!(store.reopen().is_err(), "an empty one took its place");
    fs::create_dir_all(&path).unwrap();
    assert!(store.reopen().is_err(), "an empty one took its place");
    drop(RocksStore::open(&path).unwrap());
    assert_eq!(store.reopen().unwrap_err().kind, io::ErrorKind::InvalidData);
    assert!(store.contains(&ids(1)[0]).is_err());
}

#[test]
fn a_directory_that_lost_its_beginning_is_damaged_and_not_new() {
    let home = tempfile::tempdir().unwrap();
    drop(RocksStore::open(home.path()).unwrap());
    fs::remove_file(home.path().join("CURRENT")).unwrap();
    assert_eq!(
        RocksStore::open(home.path()).unwrap_err().kind,
        io::ErrorKind::InvalidData
    );
}

#[test]
fn nobody_else_may_look_into_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("db");
    let _store = RocksStore::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

/// As a process leaves it that ends while it makes the database.
#[test]
fn one_whose_making_was_cut_off_is_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("db");
    fs::create_dir(&path).unwrap();
    for name in ["LOCK", "IDENTITY", "000001.dbtmp"] {
        fs::write(path.join(name), "").unwrap();
    }
    fs::write(path.join("MANIFEST-000001"), "half").unwrap();
    let store = RocksStore::open(&path).unwrap();
    assert_eq!(store.estimated_ids(), 0);
}

/// RocksDB's own log would need a guard of its own against flipped bits.
#[test]
fn no_id_is_ever_in_the_log_of_rocksdb() {
    let home = tempfile::tempdir().unwrap();
    let store = RocksStore::open(home.path()).unwrap();
    for count in [1, 10, 5_000] {
        store.persist_ids(&ids(count)).unwrap();
        let files = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap());
        let logs = files.filter(|file| {
            file.path()
                .extension()
                .is_some_and(|extension| extension == "log")
        });
        let bytes: u64 = logs.map(|log| log.metadata().unwrap().len()).sum();
        assert_eq!(bytes, 0, "{count} ids");
    }
}

/// A process that is killed after a file was linked into the database leaves the first name of the file behind.
#[test]
fn a_file_left_behind_by_a_killed_process_is_not_written_over() {
    let home = tempfile::tempdir().unwrap();
    let all = ids(300);
    let store = RocksStore::open(home.path()).unwrap();
    store.persist_ids(&all[..100]).unwrap();
    let files = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let linked = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "sst"))
        .max()
        .unwrap();
    fs::hard_link(linked, home.path().join("checkpointing.sst")).unwrap();
    store.persist_ids(&all[100..]).unwrap();
    store.reopen().unwrap();
    let mut count = 0;
    store
        .visit_ids(&mut |_| {
            count += 1;
            true
        })
        .unwrap();
    assert_eq!(count, 300);
}

#[test]
fn ids_that_are_persisted_at_the_same_time_are_all_there() {
    let home = tempfile::tempdir().unwrap();
    let store = RocksStore::open(home.path()).unwrap();
    let all = ids(400);
    std::thread::scope(|scope| {
        for part in all.chunks(100) {
            let store = &store;
            scope.spawn(move || part.chunks(10).for_each(|ids| store.persist_ids(ids).unwrap()));
        }
    });
    assert!(all.iter().all(|id| store.contains(id).unwrap()));
}

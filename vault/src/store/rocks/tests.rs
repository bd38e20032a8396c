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

fn journal(store: &RocksStore) -> Vec<(Seq, JournalledGroup)> {
    let groups = store.groups().unwrap();
    groups
        .into_iter()
        .map(|seq| (seq, store.group(seq).unwrap().unwrap()))
        .collect()
}

#[test]
fn groups_come_back_in_order_with_their_markers_after_a_reopening() {
    let home = tempfile::tempdir().unwrap();
    let store = RocksStore::open(home.path()).unwrap();
    for seq in [1_u64, 2, 300] {
        store.write_group(seq, &seq.to_le_bytes()).unwrap();
    }
    store.mark_applied(2, b"here").unwrap();
    store.reopen().unwrap();
    let group = |seq: Seq, marker| {
        (
            seq,
            JournalledGroup {
                record: seq.to_le_bytes().to_vec(),
                marker,
            },
        )
    };
    let expected = [group(1, None), group(2, Some(b"here".to_vec())), group(300, None)];
    assert_eq!(journal(&store), expected);
    store.forget_groups(&[1, 2]).unwrap();
    assert_eq!(journal(&store), expected[2..]);
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
    assert!(store.groups().is_err());
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
    assert!(store.groups().is_err());
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
    assert!(store.groups().unwrap().is_empty());
}

/// A database with three groups, closed, and its log.
fn closed(home: &Path) -> PathBuf {
    let store = RocksStore::open(home).unwrap();
    for seq in 1..4 {
        store.write_group(seq, &[b'x'; 700]).unwrap();
    }
    drop(store);
    let names = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path());
    names
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .max()
        .unwrap()
}

#[test]
fn zeros_at_the_end_of_the_log_are_no_damage() {
    let home = tempfile::tempdir().unwrap();
    let log = closed(home.path());
    let whole = fs::read(&log).unwrap();
    for zeros in [3, 512, 5_000, 70_000] {
        fs::write(&log, [&whole[..], &vec![0; zeros]].concat()).unwrap();
        let store = RocksStore::open(home.path()).unwrap();
        assert_eq!(store.groups().unwrap(), [1, 2, 3], "{zeros} zeros");
    }
}

#[test]
fn a_wrong_length_in_the_log_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let log = closed(home.path());
    let mut bytes = fs::read(&log).unwrap();
    bytes[5] ^= 0x40;
    fs::write(&log, bytes).unwrap();
    let error = RocksStore::open(home.path()).unwrap_err();
    assert_eq!(error.kind, io::ErrorKind::InvalidData, "{error}");
}

#[test]
fn notes_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let store = RocksStore::open(home.path()).unwrap();
    assert_eq!(store.note("a").unwrap(), None);
    store.set_note("a", b"b").unwrap();
    store.reopen().unwrap();
    assert_eq!(store.note("a").unwrap().as_deref(), Some(&b"b"[..]));
}

/// A process that is killed after a file was linked into the database leaves the first name of the file behind.
#[test]
fn a_file_left_behind_by_a_killed_process_is_not_written_over() {
    let home = tempfile::tempdir().unwrap();
    let all = ids(10_000);
    let store = RocksStore::open(home.path()).unwrap();
    store.persist_ids(&all[..5_000]).unwrap();
    let files = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let linked = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "sst"))
        .max()
        .unwrap();
    fs::hard_link(linked, home.path().join("checkpointing.sst")).unwrap();
    store.persist_ids(&all[5_000..]).unwrap();
    store.reopen().unwrap();
    let mut count = 0;
    store
        .visit_ids(&mut |_| {
            count += 1;
            true
        })
        .unwrap();
    assert_eq!(count, 10_000);
}

use std::fs;

use super::*;
use crate::{
    event_id::EventId,
    store::{Store as _, rocks::RocksStore},
};

fn open(home: &Path) -> RocksStore {
    RocksStore::open(home).unwrap()
}

/// A database in which some things were written, closed, that has kept this.
fn closed(home: &Path, content: &[u8]) {
    let store = open(home);
    store.write_group(1, b"group").unwrap();
    store.persist_ids(&[EventId([7; 16])]).unwrap();
    store.keep(&mut |to| to.write_all(content)).unwrap();
}

/// What it has kept; an error if that is not what was written.
fn take(store: &RocksStore) -> Option<io::Result<Vec<u8>>> {
    let mut kept = store.take_kept().unwrap()?;
    let mut content = Vec::new();
    Some(kept.read_to_end(&mut content).map(|_| content))
}

fn taken(home: &Path) -> Option<Vec<u8>> {
    take(&open(home)).map(io::Result::unwrap)
}

#[test]
fn it_comes_back_once() {
    for content in [vec![], vec![5], vec![6; 3 * BUFFER + 1]] {
        let home = tempfile::tempdir().unwrap();
        closed(home.path(), &content);
        let store = open(home.path());
        assert_eq!(take(&store).unwrap().unwrap(), content);
        assert!(take(&store).is_none());
        drop(store);
        assert_eq!(taken(home.path()), None);
    }
}

/// Ids that are ingested do not move the number of the last write as puts do, and an opening must not move it at all.
#[test]
fn it_comes_back_behind_ingested_ids_an_emptied_journal_and_merges() {
    for rounds in [1_u32, 40] {
        let home = tempfile::tempdir().unwrap();
        let store = open(home.path());
        for round in 0..rounds {
            let id = |n: u32| {
                let hash = blake3::hash(&(round << 16 | n).to_le_bytes());
                EventId(*hash.as_bytes().first_chunk().unwrap())
            };
            let mut ids: Vec<_> = (0..5_000).map(id).collect();
            ids.sort_unstable();
            store.write_group(u64::from(round) + 1, b"group").unwrap();
            store.persist_ids(&ids).unwrap();
            store.forget_groups(&[u64::from(round) + 1]).unwrap();
        }
        // With 40 rounds files are being merged meanwhile.
        store.keep(&mut |to| to.write_all(b"content")).unwrap();
        drop(store);
        assert_eq!(
            taken(home.path()).as_deref(),
            Some(&b"content"[..]),
            "{rounds} rounds"
        );
    }
}

#[test]
fn who_only_reads_the_database_leaves_it() {
    let home = tempfile::tempdir().unwrap();
    closed(home.path(), b"content");
    for _ in 0..3 {
        let store = open(home.path());
        assert!(store.contains(&EventId([7; 16])).unwrap());
        assert_eq!(store.groups().unwrap(), [1]);
        store.reopen().unwrap();
    }
    assert_eq!(taken(home.path()).unwrap(), b"content");
}

#[test]
fn each_write_withdraws_it_first() {
    let writes: [fn(&RocksStore); 5] = [
        |store| store.write_group(2, b"group").unwrap(),
        |store| store.mark_applied(1, b"marker").unwrap(),
        |store| store.persist_ids(&[EventId([8; 16])]).unwrap(),
        |store| store.forget_groups(&[1]).unwrap(),
        |store| store.set_note("name", b"note").unwrap(),
    ];
    for (number, write) in writes.iter().enumerate() {
        let home = tempfile::tempdir().unwrap();
        closed(home.path(), b"content");
        let store = open(home.path());
        write(&store);
        assert!(!home.path().join(NAME).exists(), "write {number}");
        assert!(take(&store).is_none());
    }
}

/// As an older version writes, which knows nothing of the file, or someone who puts an old file back.
#[test]
fn it_is_not_believed_after_a_write_that_did_not_withdraw_it() {
    let writes: [fn(&RocksStore); 2] = [
        |store| store.write_group(2, b"group").unwrap(),
        |store| store.mark_applied(1, b"marker").unwrap(),
    ];
    for write in writes {
        let home = tempfile::tempdir().unwrap();
        closed(home.path(), b"content");
        let bytes = fs::read(home.path().join(NAME)).unwrap();
        write(&open(home.path()));
        fs::write(home.path().join(NAME), bytes).unwrap();
        assert_eq!(taken(home.path()), None);
        assert!(!home.path().join(NAME).exists());
    }
}

#[test]
fn that_of_another_database_is_not_believed() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    closed(one.path(), b"content");
    closed(other.path(), b"content");
    fs::copy(one.path().join(NAME), other.path().join(NAME)).unwrap();
    assert_eq!(taken(other.path()), None);
}

/// Everything that stands in a directory.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A home that is copied, or put back from a backup: two databases with one identity, as many writes, and other ids.
#[test]
fn that_of_a_copy_which_has_gone_on_by_itself_is_not_believed() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    closed(one.path(), b"content");
    copy(one.path(), other.path());
    for (home, id) in [(&one, 8), (&other, 9)] {
        let store = open(home.path());
        assert_eq!(take(&store).unwrap().unwrap(), b"content", "a copy as it was");
        store.persist_ids(&[EventId([id; 16])]).unwrap();
        store.keep(&mut |to| to.write_all(&[id])).unwrap();
    }
    fs::copy(one.path().join(NAME), other.path().join(NAME)).unwrap();
    assert_eq!(taken(other.path()), None);
    assert_eq!(taken(one.path()).unwrap(), [8]);
}

#[test]
fn what_a_keeping_that_was_cut_off_has_left_goes() {
    let home = tempfile::tempdir().unwrap();
    closed(home.path(), b"content");
    fs::write(home.path().join(UNFINISHED), b"half").unwrap();
    assert_eq!(taken(home.path()).unwrap(), b"content");
    assert!(!home.path().join(UNFINISHED).exists());
}

#[test]
fn a_changed_byte_or_a_missing_end_shows() {
    let home = tempfile::tempdir().unwrap();
    closed(home.path(), &[9; 1000]);
    let whole = fs::read(home.path().join(NAME)).unwrap();
    let put_back = |bytes: &[u8]| {
        fs::write(home.path().join(NAME), bytes).unwrap();
        take(&open(home.path())).is_some_and(|content| content.is_ok())
    };
    assert!(put_back(&whole));
    for position in (0..whole.len()).step_by(31) {
        let mut wrong = whole.clone();
        wrong[position] ^= 1;
        assert!(!put_back(&wrong), "byte {position}");
    }
    for length in [0, 1, 2 * HASH - 1, 2 * HASH, whole.len() - 1] {
        assert!(!put_back(&whole[..length]), "{length} bytes");
    }
    assert!(!put_back(&[&whole[..], &[0]].concat()));
}

#[test]
fn what_could_not_be_written_is_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let failing = &mut |to: &mut dyn Write| {
        to.write_all(b"half")?;
        Err(io::ErrorKind::StorageFull.into())
    };
    assert_eq!(store.keep(failing).unwrap_err().kind, io::ErrorKind::StorageFull);
    assert!(!home.path().join(NAME).exists() && !home.path().join(UNFINISHED).exists());
    assert!(take(&store).is_none());
}

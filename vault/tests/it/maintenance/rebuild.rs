//! After a rebuilding, sending everything again stores nothing, whatever had happened to the database.

use std::{fs, path::Path};

use openclone_vault::{
    OpenError, Vault,
    maintenance::{Progress, Reindexed, Source},
};

use crate::temp_vault::{FILE, TempVault, batch, batch_of};

fn reindex(bench: &TempVault) -> Reindexed {
    let mut last = Progress::default();
    let done = bench
        .maintenance()
        .reindex(&mut |at| {
            assert!(at.bytes >= last.bytes && at.bytes <= at.total);
            last = at;
        })
        .unwrap();
    assert_eq!((last.bytes, last.entries), (done.bytes, done.entries));
    assert_eq!(last.bytes, last.total);
    assert_eq!(done.unread, []);
    done
}

fn stored() -> TempVault {
    let bench = TempVault::new();
    // Enough of them for a sorted file, which holds what is damaged below.
    let batches = (0..12).map(|part| batch("a", part * 500..part * 500 + 500));
    assert_eq!(
        bench.store(batches.chain([batch_of("other", "a", 0..7)])).stored,
        6007
    );
    bench
}

fn resend(bench: &TempVault) -> (u32, u32) {
    let receipt = bench.store([batch("a", 0..6000), batch_of("other", "a", 0..7)]);
    (receipt.stored, receipt.skipped)
}

fn sorted_file(db: &Path) -> std::path::PathBuf {
    let entries = fs::read_dir(db).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "sst"))
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap()
}

#[test]
fn a_database_that_is_gone_is_made_anew() {
    let bench = stored();
    fs::remove_dir_all(bench.path("db")).unwrap();
    let done = reindex(&bench);
    assert_eq!((done.files, done.entries, done.after), (2, 6007, 6007));
    assert_eq!(done.source, Source::New);
    assert_eq!(resend(&bench), (0, 6007));
    assert!(bench.maintenance().fsck(&mut |_| {}).unwrap().is_sound());
    assert!(!bench.path("db.new").exists());
}

#[test]
fn a_server_makes_what_is_gone_only_where_there_is_something_to_know() {
    let bench = stored();
    assert_eq!(bench.maintenance().reindex_if_gone().unwrap(), None);
    fs::remove_dir_all(bench.path("db")).unwrap();
    assert_eq!(
        bench.maintenance().reindex_if_gone().unwrap().unwrap().after,
        6007
    );
    assert_eq!(resend(&bench), (0, 6007));
    let fresh = TempVault::new();
    assert_eq!(fresh.maintenance().reindex_if_gone().unwrap(), None);
    assert!(!fresh.path("db").exists());
}

#[test]
fn damage_of_every_kind_names_the_way_out_and_is_moved_away() {
    let bench = stored();
    let damage: [&dyn Fn(&Path); 4] = [
        &|db| fs::write(db.join("CURRENT"), "nonsense").unwrap(),
        &|db| fs::remove_file(db.join("CURRENT")).unwrap(),
        &|db| fs::remove_file(sorted_file(db)).unwrap(),
        &|db| fs::write(sorted_file(db), "short").unwrap(),
    ];
    for (number, damage) in (1..).zip(damage) {
        damage(&bench.path("db"));
        match Vault::open(bench.options()) {
            Err(OpenError::Database { reason, .. }) => {
                assert!(reason.contains("openclone reindex"), "{reason}")
            }
            other => panic!("{number}: {other:?}"),
        }
        let done = reindex(&bench);
        let expected = bench.path(&format!("db.damaged-{number}"));
        match done.source {
            Source::Replaced { moved_to, .. } => assert_eq!(moved_to, expected),
            other => panic!("{number}: {other:?}"),
        }
        assert!(expected.is_dir());
        assert_eq!(resend(&bench), (0, 6007), "{number}");
    }
}

#[test]
fn a_damaged_block_that_an_opening_does_not_see_is_found() {
    let bench = stored();
    let file = sorted_file(&bench.path("db"));
    let mut bytes = fs::read(&file).unwrap();
    bytes[1000] ^= 0xff;
    fs::write(&file, bytes).unwrap();
    let done = reindex(&bench);
    assert!(
        matches!(done.source, Source::Replaced { .. }),
        "{:?}",
        done.source
    );
    assert_eq!(resend(&bench), (0, 6007));
}

#[test]
fn ids_are_merged_and_those_of_copies_too_and_none_is_taken_out() {
    let bench = stored();
    let text = bench.read(FILE);
    let (half, rest) = text.split_at(text.find("- **10:50** event 3000").unwrap());
    bench.write(
        "Journal/2026-02-26.sync-conflict-20260227-101010-ABCDEFG.md",
        rest,
    );
    bench.write(FILE, half);
    let done = reindex(&bench);
    assert_eq!(done.source, Source::Merged);
    assert_eq!((done.before, done.after, done.files), (6007, 6007, 3));
    fs::remove_dir_all(bench.path("db")).unwrap();
    assert_eq!(reindex(&bench).after, 6007);
    bench.write(FILE, "");
    assert_eq!(reindex(&bench).after, 6007);
    assert_eq!(resend(&bench), (0, 6007));
}

#[test]
fn a_rebuilding_that_was_cut_off_is_done_again() {
    let bench = stored();
    fs::remove_dir_all(bench.path("db")).unwrap();
    fs::create_dir_all(bench.path("db.new")).unwrap();
    fs::write(bench.path("db.new/CURRENT"), "half").unwrap();
    reindex(&bench);
    // Everything done but the last move.
    fs::rename(bench.path("db"), bench.path("db.new")).unwrap();
    bench.write(FILE, "");
    assert_eq!(reindex(&bench).after, 6007, "what was complete is used");
    assert_eq!(resend(&bench), (0, 6007));
}

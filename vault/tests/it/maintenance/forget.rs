//! What was forgotten is gone, stays gone, and nothing else is touched.

use std::fs;

use openclone_vault::{
    OpenError,
    maintenance::{Forget, Forgotten, MaintenanceError, ProblemKind},
};

use crate::temp_vault::{FILE, TempVault, batch, id};

/// The plugin's events from the sixth on: 10:00:05 in Madrid.
const SINCE: &str = "2026-02-26T09:00:05Z";

fn what(plugin: &str) -> Forget<'_> {
    Forget {
        plugin,
        since: SINCE.parse().unwrap(),
        tenant: None,
    }
}

fn forget(bench: &TempVault) -> Forgotten {
    bench.maintenance().forget(&what("a"), bench.options()).unwrap()
}

/// With what users write before, between, below and behind entries.
fn edited() -> (TempVault, String) {
    let bench = TempVault::new();
    bench.store([batch("a", 0..10), batch("a-b", 0..10)]);
    let mut text = bench.read(FILE).replace(
        &format!("^oc-{}\n", id("a", 6)),
        &format!("^oc-{}\n  - my own thought\n\n- **bold**\r\n", id("a", 6)),
    );
    text.push_str("no newline at the end");
    bench.write(FILE, &text);
    let mut kept = text.clone();
    for event in 5..10 {
        let ending = format!("^oc-{}\n", id("a", event));
        let end = kept.find(&ending).unwrap() + ending.len();
        let start = kept[..end].rfind("- **10:").unwrap();
        kept.replace_range(start..end, "");
    }
    // What a user put under an entry takes its place.
    let kept = kept.replace("  - my own thought", "- my own thought");
    (bench, kept)
}

#[test]
fn only_the_entries_of_that_plugin_since_then_go() {
    let (bench, kept) = edited();
    let done = forget(&bench);
    assert_eq!(bench.read(FILE), kept);
    let mut ids: Vec<_> = (5..10).map(|event| id("a", event)).collect();
    ids.sort_unstable();
    assert_eq!((done.ids, done.timeless), (ids, 0));
    assert_eq!(done.files, [(bench.vault_path(FILE).display().to_string(), 5)]);
    assert_eq!(done.failed, []);
    assert_eq!(forget(&bench).ids, [], "there is nothing left");
    assert_eq!(bench.read(FILE), kept);
}

#[test]
fn a_dry_run_tells_the_same_and_changes_nothing() {
    let (bench, _) = edited();
    let before = bench.read(FILE);
    let server = bench.open();
    let told = bench.maintenance().would_forget(&what("a")).unwrap();
    server.close().unwrap();
    drop(server);
    assert_eq!(bench.read(FILE), before);
    assert!(!bench.path("forgotten").exists());
    assert_eq!(told, forget(&bench));
}

#[test]
fn no_retry_brings_them_back_even_after_the_index_was_lost() {
    let (bench, kept) = edited();
    forget(&bench);
    let resend = |when: &str| {
        let receipt = bench.store([batch("a", 0..10)]);
        assert_eq!((receipt.stored, receipt.skipped), (0, 10), "{when}");
        assert_eq!(bench.read(FILE), kept, "{when}");
    };
    resend("at once");
    bench.maintenance().reindex(&mut |_| {}).unwrap();
    resend("after a merge");
    fs::remove_dir_all(bench.path("db")).unwrap();
    let done = bench.maintenance().reindex(&mut |_| {}).unwrap();
    assert_eq!((done.forgotten, done.after), (5, 20));
    resend("after a rebuilding");
    assert!(bench.maintenance().fsck(&mut |_| {}).unwrap().is_sound());
}

#[test]
fn copies_lose_them_too_and_an_edited_time_keeps_an_entry() {
    let (bench, kept) = edited();
    let copy = "Journal/2026-02-26 (conflicted copy).md";
    bench.write(
        copy,
        &bench
            .read(FILE)
            .replace("[at:: 2026-02-26T10:00:07+01:00]", "[at:: seven]"),
    );
    let done = forget(&bench);
    assert_eq!((done.files.len(), done.timeless), (2, 1));
    assert_eq!(bench.read(FILE), kept);
    assert!(
        bench.read(copy).contains("[at:: seven]")
            && !bench
                .read(copy)
                .contains("[at:: 2026-02-26T10:00:08+01:00] [ref:: \"[8](x)#^oc-*\"] [via:: a@")
    );
}

#[test]
fn events_that_an_editor_brought_back_are_reported_and_forgotten_again() {
    let (bench, kept) = edited();
    let before = bench.read(FILE);
    assert_eq!(bench.maintenance().would_forget_again(None).unwrap().ids, []);
    forget(&bench);
    let note = format!("see ![[{FILE}#^oc-{}]] and [[x#^oc-{0}|it]]\n", id("a", 7));
    bench.write("note.md", &note);
    assert!(bench.maintenance().fsck(&mut |_| {}).unwrap().is_sound());

    // An editor saves its old buffer, and a sync tool keeps a copy elsewhere.
    bench.write(FILE, &before);
    fs::create_dir(bench.vault_path("Archive")).unwrap();
    bench.write("Archive/old.md", &before);
    let report = bench.maintenance().fsck(&mut |_| {}).unwrap();
    assert_eq!(report.faults[&ProblemKind::ForgottenAgain], 10);
    assert!(report.named[0].to_string().contains("openclone forget --again"));
    let told = bench.maintenance().would_forget_again(None).unwrap();
    assert_eq!(bench.read(FILE), before);
    let done = bench.maintenance().forget_again(None, bench.options()).unwrap();
    assert_eq!((done.ids.len(), done.files.len()), (5, 2));
    assert_eq!(told, done);
    assert_eq!(
        (bench.read(FILE), bench.read("Archive/old.md")),
        (kept.clone(), kept)
    );
    assert_eq!(bench.read("note.md"), note);
    assert!(bench.maintenance().fsck(&mut |_| {}).unwrap().is_sound());
    let forgotten = fs::read_to_string(bench.path("forgotten")).unwrap();
    assert_eq!(forgotten.lines().filter(|line| !line.starts_with('#')).count(), 5);
}

#[test]
fn fields_edited_by_hand_keep_an_entry_and_say_so() {
    let (bench, _) = edited();
    let at = "[at:: 2026-02-26T10:00:07+01:00]";
    let text = bench.read(FILE);
    let entry = text
        .split("- **")
        .find(|entry| entry.contains(at) && entry.contains("[via:: a@"))
        .unwrap();
    for (edit, timeless, unnamed, forgotten) in [
        (entry.replace(at, "[at:: seven]"), 1, 0, 4),
        (entry.replace(at, ""), 1, 0, 4),
        (entry.replace(at, "[at:: 2026-02-25T10:00:07+01:00]"), 0, 0, 4),
        (entry.replace("[via:: a@1.0.0]", ""), 0, 1, 4),
        (entry.replace("[via:: a@1.0.0]", "[via:: b@1.0.0]"), 0, 0, 4),
        (entry.replace(at, "[at:: 2026-02-26T09:00:07Z]"), 0, 0, 5),
    ] {
        bench.write(FILE, &text.replace(entry, &edit));
        let told = bench.maintenance().would_forget(&what("a")).unwrap();
        assert_eq!(
            (told.timeless, told.unnamed, told.ids.len()),
            (timeless, unnamed, forgotten),
            "{edit}"
        );
    }
    // The page's own words about time do not matter: each entry has its offset.
    for zone in ["America/New_York", "nowhere", ""] {
        bench.write(
            FILE,
            &text.replace("timezone: Europe/Madrid", &format!("timezone: {zone}")),
        );
        let told = bench.maintenance().would_forget(&what("a")).unwrap();
        assert_eq!((told.timeless, told.unnamed, told.ids.len()), (0, 0, 5), "{zone}");
        let report = bench.maintenance().fsck(&mut |_| {}).unwrap();
        assert!(report.is_sound(), "{zone}: {report:?}");
    }
}

#[test]
fn nothing_is_forgotten_while_a_server_runs_or_without_a_database() {
    let (bench, _) = edited();
    let before = bench.read(FILE);
    let server = bench.open();
    let refused = bench.maintenance().forget(&what("a"), bench.options());
    assert!(matches!(
        refused,
        Err(MaintenanceError::Open(OpenError::InUse { .. }))
    ));
    server.close().unwrap();
    drop(server);
    fs::remove_dir_all(bench.path("db")).unwrap();
    let refused = bench.maintenance().forget(&what("a"), bench.options());
    assert!(refused.unwrap_err().to_string().contains("openclone reindex"));
    assert_eq!(bench.read(FILE), before);
    assert!(!bench.path("forgotten").exists());
}

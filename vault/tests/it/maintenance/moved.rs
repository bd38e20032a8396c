//! Pages that users have moved, renamed, archived or formatted anew: their entries are still found, and can be forgotten.

use std::fs;

use openclone_vault::{
    EventId,
    maintenance::{Forget, Forgotten},
};

use crate::temp_vault::{FILE, TempVault, batch, id, raw_ref};

/// Where users put a page.
const PLACES: [&str; 6] = [
    "Archive/2026/2026-02-26.md",
    "2026-02-26.md",
    "Journal/2026/2026-02-26.md",
    "Journal/Thursday.MD",
    "Journal/2026-02-26 (conflicted copy).md",
    ".trash/Journal/2026-02-26.md",
];

fn moved_to(place: &str) -> TempVault {
    let home = TempVault::new();
    home.store([batch("a", 0..10), batch("b", 0..3)]);
    let target = home.vault_path(place);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::rename(home.vault_path(FILE), target).unwrap();
    home
}

fn find(home: &TempVault, wanted: &str) -> Vec<(String, EventId)> {
    let vault = home.path("vault").display().to_string();
    let mut found = Vec::new();
    let missed = home.maintenance().find(wanted, None, &mut |place| {
        let path = place.path.trim_start_matches(&vault).trim_start_matches('/');
        found.push((path.to_owned(), place.id));
    });
    assert_eq!(missed.unwrap().unread, []);
    found
}

fn what(plugin: &str) -> Forget<'_> {
    Forget {
        plugin,
        since: jiff::Timestamp::UNIX_EPOCH,
        tenant: None,
    }
}

fn forget(home: &TempVault, plugin: &str) -> Forgotten {
    home.maintenance().forget(&what(plugin), home.options()).unwrap()
}

#[test]
fn moved_pages_are_searched_checked_indexed_and_forgotten() {
    for place in PLACES {
        let home = moved_to(place);
        let expected = vec![(place.to_owned(), id("a", 4))];
        assert_eq!(find(&home, &id("a", 4).to_string()), expected, "{place}");
        assert_eq!(find(&home, &raw_ref(4)), expected, "{place}");

        let report = home.maintenance().fsck(&mut |_| {}).unwrap();
        assert!(report.is_sound(), "{place}: {report:?}");
        let copied: u64 = report.folders.values().map(|folder| folder.copied).sum();
        assert_eq!((report.removed, copied), (0, 13), "{place}");

        fs::remove_dir_all(home.path("db")).unwrap();
        let indexed = home.maintenance().reindex(&mut |_| {}).unwrap();
        assert_eq!(indexed.after, 13, "{place}");
        let again = home.store([batch("a", 0..10)]);
        assert_eq!((again.stored, again.skipped), (0, 10), "{place}");

        let done = forget(&home, "a");
        assert_eq!((done.ids.len(), done.failed.len()), (10, 0), "{place}");
        let left = home.read(place);
        assert_eq!(left.matches(" ^oc-").count(), 3, "{place}");
        assert!(!left.contains(&id("a", 4).to_string()), "{place}");
        assert!(left.contains(&id("b", 2).to_string()), "{place}");
    }
}

#[test]
fn links_to_events_and_notes_of_users_are_left_alone() {
    let home = moved_to("Archive/2026-02-26.md");
    let event = id("a", 4);
    let note = format!(
        "# My note\n\n- **10:00** see [[Journal/2026-02-26#^oc-{event}]]\n![[Journal/2026-02-26#^oc-{event}]]\n\
         [it](Journal/2026-02-26.md#%5Eoc-{event})\n"
    );
    home.write("note.md", &note);
    assert_eq!(find(&home, &event.to_string()).len(), 1);
    assert_eq!(forget(&home, "a").ids.len(), 10);
    assert_eq!(find(&home, &event.to_string()), []);
    assert_eq!(home.read("note.md"), note);
    let report = home.maintenance().fsck(&mut |_| {}).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn a_symbolic_link_is_named_and_not_followed() {
    let home = moved_to("Archive/2026-02-26.md");
    let elsewhere = home.path("elsewhere");
    fs::rename(home.vault_path("Archive"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, home.vault_path("Archive")).unwrap();
    let link = home.vault_path("Archive").display().to_string();
    let missed = home
        .maintenance()
        .find(&raw_ref(4), None, &mut |_| panic!("found"));
    assert_eq!(missed.unwrap().links, std::slice::from_ref(&link));
    let done = forget(&home, "a");
    assert_eq!((done.ids.len(), done.links), (0, vec![link]));
    let page = fs::read_to_string(elsewhere.join("2026-02-26.md")).unwrap();
    assert!(page.contains(&id("a", 4).to_string()));
}

/// A day of all source types, and the same page as formatters have left it.
const ORIGINAL: &str = include_str!("../../data/formatted/original.md");
/// `prettier --prose-wrap always`, version 3.10.1.
const WRAPPED: &str = include_str!("../../data/formatted/prettier.md");
/// Bullets made tasks, then `prettier --prose-wrap never`.
const TASKS: &str = include_str!("../../data/formatted/tasks.md");

/// By plugin, the events that would be forgotten, and how many have lost their time or their plugin.
fn seen(page: &str) -> (Vec<Vec<EventId>>, u64, u64) {
    let home = TempVault::new();
    home.store([batch("x", 0..1)]);
    home.write(FILE, page);
    let plugins = page
        .split("[via:: ")
        .skip(1)
        .map(|rest| rest.split('@').next().unwrap());
    let plugins: std::collections::BTreeSet<&str> =
        plugins.map(|plugin| plugin.trim_start_matches('"')).collect();
    assert!(plugins.len() > 5, "{plugins:?}");
    let (mut events, mut timeless, mut unnamed) = (Vec::new(), 0, 0);
    for plugin in plugins {
        let done = home.maintenance().would_forget(&what(plugin)).unwrap();
        events.push(done.ids);
        timeless += done.timeless;
        unnamed += done.unnamed;
    }
    (events, timeless, unnamed)
}

#[test]
fn formatted_pages_have_the_same_entries_with_the_same_fields() {
    let expected = seen(ORIGINAL);
    assert_eq!(expected.0.iter().map(Vec::len).sum::<usize>(), 45);
    assert_eq!((expected.1, expected.2), (0, 0));
    let tabs = WRAPPED.replace("\n  ", "\n\t");
    let nested = ORIGINAL.replace('\n', "\n    ");
    let other = ORIGINAL.replace("\n- **", "\r\n*   **");
    for page in [WRAPPED, TASKS, &tabs, &nested, &other] {
        assert_eq!(seen(page), expected, "{}", &page[..600]);
    }
}

#[test]
fn references_are_found_in_formatted_pages() {
    let refs = ORIGINAL.split("[ref:: ").skip(1);
    let refs: Vec<&str> = refs.map(|rest| rest.split(']').next().unwrap()).collect();
    assert!(refs.len() > 10);
    for page in [WRAPPED, TASKS] {
        let home = TempVault::new();
        home.store([batch("x", 0..1)]);
        home.write(FILE, page);
        for wanted in &refs {
            assert_eq!(find(&home, wanted).len(), 1, "{wanted}");
        }
    }
}

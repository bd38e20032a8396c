//! A check counts what there is and names what is off; finding says where.

use std::fs;

use openclone_vault::{
    OpenError,
    maintenance::{FsckReport, MaintenanceError, ProblemKind},
};

use crate::temp_vault::{FILE, TempVault, batch, batch_of, id, raw_ref, send};

fn check(bench: &TempVault) -> FsckReport {
    bench.maintenance().fsck(&mut |_| {}).unwrap()
}

/// Kind, and file and line relative to the vault.
fn faults(bench: &TempVault) -> Vec<(ProblemKind, String)> {
    let vault = bench.path("vault").display().to_string();
    let report = check(bench);
    assert_eq!(report.is_sound(), report.named.is_empty());
    let relative = |place: &str| place.replace(&vault, "").trim_start_matches('/').to_owned();
    let named = report.named.iter();
    named.map(|fault| (fault.kind, relative(&fault.place))).collect()
}

fn stored() -> TempVault {
    let bench = TempVault::new();
    assert_eq!(bench.store([batch("a", 0..10), batch("b", 0..5)]).stored, 15);
    bench
}

#[test]
fn a_sound_vault_is_counted() {
    let bench = stored();
    bench.store([batch_of("other", "a", 0..3)]);
    let report = check(&bench);
    assert!(report.is_sound(), "{report:?}");
    let counts: Vec<_> = report
        .folders
        .iter()
        .map(|((tenant, folder), count)| (tenant.as_str(), folder.as_str(), count.files, count.events))
        .collect();
    assert_eq!(
        counts,
        [("default", "Journal", 1, 15), ("other", "Journal", 1, 3)]
    );
    assert_eq!((report.indexed, report.removed, report.groups), (18, 0, 0));
}

#[test]
fn what_users_may_do_is_no_fault() {
    let bench = stored();
    let text = bench.read(FILE).replace('\n', "\r\n");
    let edited = format!("\u{feff}{text}\r\n# Mine\r\n- **bold** words\r\n  - [ ] task");
    bench.write(FILE, &edited);
    bench.write("Journal/2026-02-26 (conflicted copy).md", &text);
    bench.write("Journal/2026-02-27.md", "# my own day\n");
    assert_eq!(faults(&bench), []);
    let removed: String = text.lines().take(12).map(|line| format!("{line}\n")).collect();
    bench.write(FILE, &removed);
    let report = check(&bench);
    assert!(report.is_sound());
    assert_eq!(report.removed, 0, "they still stand in the copy");
    assert_eq!(
        report.folders[&("default".to_owned(), "Journal".to_owned())].copies,
        1
    );
}

#[test]
fn every_fault_is_named_with_its_line() {
    let bench = stored();
    let good = bench.read(FILE);
    let lines: Vec<&str> = good.lines().collect();
    assert!(lines[10].starts_with("- **10:00**") && lines[11].starts_with("  second"));

    bench.write(FILE, &good.replace(&format!(" ^oc-{}", id("a", 1)), ""));
    assert_eq!(faults(&bench), [(ProblemKind::WithoutId, format!("{FILE}:13"))]);

    bench.write(FILE, &format!("{good}{}\n{}\n", lines[10], lines[11]));
    assert_eq!(faults(&bench), [(ProblemKind::DuplicateId, format!("{FILE}:41"))]);

    bench.write(FILE, &good.replace("date: 2026-02-26", "date: 2026-02-27"));
    assert_eq!(faults(&bench), [(ProblemKind::Header, FILE.to_owned())]);

    bench.write(FILE, &format!("{good}\0\0\0\n"));
    assert_eq!(faults(&bench), [(ProblemKind::Zeros, format!("{FILE}:41"))]);

    let foreign = good.replace(&id("a", 2).to_string(), &id("c", 2).to_string());
    bench.write(FILE, &foreign);
    assert_eq!(faults(&bench), [(ProblemKind::NotInIndex, format!("{FILE}:15"))]);
    assert_eq!(check(&bench).removed, 1);

    bench.write(FILE, &good);
    fs::remove_file(bench.vault_path(".openclone")).unwrap();
    assert_eq!(faults(&bench), [(ProblemKind::Marker, ".openclone".to_owned())]);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_checked() {
    let bench = stored();
    let secret = bench.path("secret");
    fs::write(&secret, "mine").unwrap();
    std::os::unix::fs::symlink(&secret, bench.vault_path("Journal/2026-02-27.md")).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        bench.vault_path("Journal/2026-02-28.md"),
        rustix::fs::Mode::RWXU,
    )
    .unwrap();
    let report = check(&bench);
    assert_eq!(report.faults[&ProblemKind::Unreadable], 2);
    assert_eq!(
        report.folders[&("default".to_owned(), "Journal".to_owned())].events,
        15
    );
}

#[test]
fn a_database_that_is_gone_or_damaged_is_a_fault() {
    let bench = stored();
    fs::write(bench.path("db/CURRENT"), "nonsense").unwrap();
    assert_eq!(check(&bench).faults[&ProblemKind::Database], 1);
    fs::remove_dir_all(bench.path("db")).unwrap();
    let report = check(&bench);
    assert_eq!(report.faults[&ProblemKind::Database], 1);
    assert!(report.named[0].to_string().contains("openclone reindex"));
    assert!(!bench.path("db").exists(), "a check makes nothing");
}

#[test]
fn nothing_is_checked_or_rebuilt_while_a_server_runs() {
    let bench = stored();
    let vault = bench.open();
    let is_busy = |error: MaintenanceError| matches!(error, MaintenanceError::Open(OpenError::InUse { .. }));
    assert!(is_busy(bench.maintenance().fsck(&mut |_| {}).unwrap_err()));
    assert!(is_busy(bench.maintenance().reindex(&mut |_| {}).unwrap_err()));
    assert_eq!(send(&vault, batch("a", 0..12)).unwrap().stored, 2);
    vault.close().unwrap();
}

#[test]
fn events_are_found_by_their_id_and_by_their_raw_ref() {
    let bench = stored();
    bench.store([batch_of("other", "a", 0..3)]);
    let find = |wanted: &str, tenant| {
        let mut places = Vec::new();
        let unread = bench.maintenance().find(wanted, tenant, &mut |place| {
            places.push((place.tenant, place.line, place.id));
        });
        assert_eq!(unread.unwrap().unread, []);
        places
    };
    let default = "default".to_owned();
    let second = id("a", 1);
    for text in [
        format!("{second}"),
        format!("^oc-{second}"),
        format!("oc-{second}"),
    ] {
        assert_eq!(find(&text, None), [(default.clone(), 13, second)]);
    }
    let by_ref = find(&raw_ref(1), Some("default"));
    assert_eq!(by_ref, [(default.clone(), 13, second), (default, 33, id("b", 1))]);
    assert_eq!(find(&raw_ref(1), None).len(), 3);
    assert_eq!(find("1", None), []);
    assert_eq!(find("", None), []);
}

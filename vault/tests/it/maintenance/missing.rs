//! A vault or a folder that is not there is an error, never "nothing to do".

use std::{fs, os::unix::fs::symlink};

use openclone_vault::{
    EventId,
    maintenance::{Forget, MaintenanceError, ProblemKind},
};

use crate::temp_vault::{FILE, TempVault, batch, raw_ref};

const WHAT: Forget<'_> = Forget {
    plugin: "a",
    since: jiff::Timestamp::UNIX_EPOCH,
    tenant: None,
};

fn stored() -> TempVault {
    let home = TempVault::new();
    assert_eq!(home.store([batch("a", 0..10)]).stored, 10);
    home
}

/// The ways in which a vault may not be where it should be.
fn lose_vault(home: &TempVault, is_mount_point: bool) {
    fs::rename(home.path("vault"), home.path("elsewhere")).unwrap();
    if is_mount_point {
        fs::create_dir(home.path("vault")).unwrap();
    }
}

fn assert_says_missing(outcome: Result<impl std::fmt::Debug, MaintenanceError>) {
    match outcome {
        Err(MaintenanceError::First(reason)) => {
            assert!(
                reason.contains("missing") && reason.contains("nothing was changed"),
                "{reason}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn commands_refuse_when_the_vault_is_missing_and_change_nothing() {
    for is_mount_point in [false, true] {
        for database_is_gone in [false, true] {
            let home = stored();
            lose_vault(&home, is_mount_point);
            if database_is_gone {
                fs::remove_dir_all(home.path("db")).unwrap();
            } else {
                let report = home.maintenance().fsck(&mut |_| {}).unwrap();
                assert!(!report.is_sound(), "{report:?}");
            }
            assert_says_missing(home.maintenance().would_forget(&WHAT));
            assert_says_missing(home.maintenance().forget(&WHAT, home.options()));
            assert_says_missing(home.maintenance().reindex(&mut |_| {}));
            assert!(!home.path("forgotten").exists());
            assert_eq!(home.path("db").exists(), !database_is_gone);
            let mut found = 0;
            let unread = home.maintenance().find(&raw_ref(1), None, &mut |_| found += 1);
            assert_eq!((found, unread.unwrap().unread.len()), (0, 1));
            // Once it is back, everything is as before.
            if is_mount_point {
                fs::remove_dir(home.path("vault")).unwrap();
            }
            fs::rename(home.path("elsewhere"), home.path("vault")).unwrap();
            home.maintenance().reindex(&mut |_| {}).unwrap();
            let again = home.store([batch("a", 0..10)]);
            assert_eq!((again.stored, again.skipped), (0, 10));
        }
    }
}

#[test]
fn forget_of_an_unknown_tenant_is_an_error() {
    let home = stored();
    let what = Forget {
        tenant: Some("nobody"),
        ..WHAT
    };
    let refused = home.maintenance().forget(&what, home.options());
    assert!(matches!(refused, Err(MaintenanceError::First(_))), "{refused:?}");
}

#[test]
fn a_folder_that_cannot_be_read_is_reported_and_the_others_are_checked() {
    let home = stored();
    let web = home.vault_path("Web");
    symlink(home.path("elsewhere"), &web).unwrap();
    let named = web.display().to_string();

    let report = home.maintenance().fsck(&mut |_| {}).unwrap();
    let problems: Vec<_> = report
        .named
        .iter()
        .map(|one| (one.kind, one.place.clone()))
        .collect();
    assert_eq!(problems, [(ProblemKind::Unreadable, named.clone())]);
    let events: u64 = report.folders.values().map(|folder| folder.events).sum();
    assert_eq!(events, 10);

    let mut found: Vec<EventId> = Vec::new();
    let unread = home
        .maintenance()
        .find(&raw_ref(1), None, &mut |place| found.push(place.id));
    assert_eq!(found.len(), 1);
    assert_eq!(unread.unwrap().unread[0].0, named);

    let merged = home.maintenance().reindex(&mut |_| {}).unwrap();
    assert_eq!((merged.after, merged.unread.len()), (10, 1));
    let done = home.maintenance().forget(&WHAT, home.options()).unwrap();
    assert_eq!((done.ids.len(), done.failed.len()), (10, 1));
    assert_eq!(done.failed[0].0, named);
    assert!(!home.read(FILE).contains("^oc-"));
}

#[test]
fn a_new_index_is_not_made_while_a_folder_cannot_be_read() {
    for in_the_way in [true, false] {
        let home = stored();
        fs::remove_dir_all(home.path("db")).unwrap();
        let web = home.vault_path("Web");
        if in_the_way {
            fs::write(&web, "a file").unwrap();
        } else {
            symlink(home.path("elsewhere"), &web).unwrap();
        }
        for outcome in [
            home.maintenance().reindex(&mut |_| {}).map(Some),
            home.maintenance().reindex_if_gone(),
        ] {
            match outcome {
                Err(MaintenanceError::First(reason)) => assert!(reason.contains("Web"), "{reason}"),
                other => panic!("{other:?}"),
            }
        }
        assert!(!home.path("db").exists());
        fs::remove_file(&web).unwrap();
        assert_eq!(home.maintenance().reindex(&mut |_| {}).unwrap().after, 10);
    }
}

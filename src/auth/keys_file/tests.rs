use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn record(id: &str) -> KeyRecord {
    KeyRecord {
        id: id.into(),
        tenant: "ana".into(),
        label: "teléfono \"1\"".into(),
        scopes: vec![Scope::Ingest, Scope::PluginsRead],
        plugin: Some("voice-journal".into()),
        requests_per_minute: Some(0),
        events_per_second: None,
        created_at: "2026-02-26T14:30:00Z".parse().ok(),
        expires_at: None,
        revoked_at: None,
        hash: blake3::hash(b"x"),
    }
}

#[test]
fn what_is_written_is_read_and_private() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    assert!(KeysFile::read(&path).unwrap().is_none());
    for id in ["aaaaaaaa", "bbbbbbb2"] {
        KeysFile::change(&path, |file| {
            file.keys.push(record(id));
            Ok(())
        })
        .unwrap();
    }
    let file = KeysFile::read(&path).unwrap().unwrap();
    assert_eq!(file.keys, [record("aaaaaaaa"), record("bbbbbbb2")]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing temporary is left"
    );
}

#[test]
fn changes_at_once_come_one_after_another() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    std::thread::scope(|scope| {
        for n in 0..8_u8 {
            let path = &path;
            scope.spawn(move || {
                let id = format!("aaaaaaa{}", (b'a' + n) as char);
                KeysFile::change(path, |file| {
                    file.keys.push(record(&id));
                    Ok(())
                })
                .unwrap();
            });
        }
    });
    assert_eq!(KeysFile::read(&path).unwrap().unwrap().keys.len(), 8);
}

#[test]
fn each_fault_is_named_in_one_line() {
    let good = KeysFile {
        keys: vec![record("aaaaaaaa")],
        ..KeysFile::empty()
    }
    .render()
    .unwrap();
    assert!(KeysFile::parse(&good).is_ok());
    for (from, to, expected) in [
        (
            "\"ingest\"",
            "\"ingest:jornal\"",
            "key aaaaaaaa: unknown scope \"ingest:jornal\"; allowed: *",
        ),
        ("\"ana\"", "\"..\"", "tenant \"..\": a tenant has only"),
        ("\"ana\"", "\"CON\"", "tenant \"CON\""),
        ("tenant", "tennant", "line 6: unknown field `tennant`"),
        ("voice-journal", "Voice", "plugin \"Voice\""),
        ("2026-02-26T", "26/2/26 ", "created_at"),
        ("[[key]]", "[[key", "line 4: "),
        ("aaaaaaaa", "../../..", "key number 1: id"),
        ("hash_key", "#", "hash_key"),
    ] {
        let error = KeysFile::parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(
            error.contains(expected) && !error.contains('\n'),
            "{expected}: {error}"
        );
    }
    let twice = format!("{good}{}", &good[good.find("[[key]]").unwrap()..]);
    assert_eq!(KeysFile::parse(&twice).unwrap_err(), "duplicate key aaaaaaaa");
    assert!(
        KeysFile::parse("").is_err(),
        "an editor that has just cut the file must not end all keys"
    );
}

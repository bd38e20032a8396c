//! The commands for keys, and error messages of an invalid setup.

use std::{fs, process::Command};

use super::{command, run};

#[test]
fn keys_are_created_listed_and_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (code, key, outcome) = run(
        &home,
        &[
            "keys",
            "add",
            "--tenant",
            "ana",
            "--label",
            "phone",
            "--scope",
            "ingest:journal",
            "--expires",
            "90d",
        ],
    );
    assert_eq!(
        (code, key.lines().count()),
        (Some(0), 1),
        "stdout is the key alone: {key} {outcome}"
    );
    let id = openclone::auth::token::id_of(key.trim()).unwrap();
    assert!(outcome.contains(id) && !outcome.contains(key.trim()));
    let secret = key.trim().split('_').nth(2).unwrap();
    assert!(
        !fs::read_to_string(home.join("keys.toml"))
            .unwrap()
            .contains(secret)
    );
    let (_, list, _) = run(&home, &["keys", "list"]);
    assert!(
        list.contains(id) && list.contains("active") && list.contains("never") && !list.contains(secret),
        "{list}"
    );
    assert_eq!(run(&home, &["keys", "revoke", id]).0, Some(0));
    let (code, again, _) = run(&home, &["keys", "revoke", key.trim()]);
    assert!(code == Some(0) && again.contains("already"), "{again}");
    let (_, list, _) = run(&home, &["keys", "list", "--json", "--tenant", "ana"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(
        (&list[0]["state"], &list[0]["scopes"][0]),
        (&"revoked".into(), &"ingest:journal".into())
    );
}

#[test]
fn bad_keys_are_one_clear_error_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let long = "x".repeat(65);
    for (tenant, extra, expected) in [
        ("..", ["--scope", "ingest"], "--tenant \"..\": "),
        ("CON", ["--scope", "ingest"], "--tenant \"CON\": "),
        ("con", ["--scope", "ingest"], "reserved for a device"),
        (&long, ["--scope", "ingest"], "1 to 64 characters"),
        (
            "ana",
            ["--scope", "ingest:jornal"],
            "unknown scope \"ingest:jornal\"; allowed: ",
        ),
        (
            "ana",
            ["--expires", "0d"],
            "--expires \"0d\": this time is in the past",
        ),
        ("ana", ["--plugin", "My_Plugin"], "--plugin \"My_Plugin\""),
    ] {
        let mut arguments = vec!["keys", "add", "--label", "l", "--tenant", tenant];
        arguments.extend(extra);
        let (code, out, error) = run(&home, &arguments);
        assert_eq!(
            (code, out.as_str(), error.lines().count()),
            (Some(2), "", 1),
            "{error}"
        );
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let (code, _, error) = run(&home, &["keys", "revoke", "aaaaaaaa"]);
    assert!(
        code == Some(1) && error.contains("key aaaaaaaa does not exist"),
        "{error}"
    );
    assert!(!home.exists());
    fs::create_dir(&home).unwrap();
    fs::write(home.join("keys.toml"), "hash_key = 5\n").unwrap();
    for arguments in [
        &["keys", "list"][..],
        &["serve", "--listen", "127.0.0.1:0"],
        &["keys", "add", "--tenant", "a", "--label", "l"],
    ] {
        let (code, out, error) = run(&home, arguments);
        assert_eq!(
            (code, out.as_str(), error.lines().count()),
            (Some(1), "", 1),
            "{error}"
        );
        assert!(error.contains("keys.toml: line 1: "), "{error}");
    }
    assert_eq!(fs::read_dir(&home).unwrap().count(), 1);
}

#[test]
fn tls_files_that_do_not_match_are_one_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        let path = |end: &str| {
            dir.path()
                .join(format!("{name}.{end}"))
                .to_str()
                .unwrap()
                .to_owned()
        };
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=localhost",
            ])
            .args(["-keyout", &path("key"), "-out", &path("pem")])
            .output();
        made.is_ok_and(|made| made.status.success())
            .then(|| (path("pem"), path("key")))
    };
    let (Some((cert, _)), Some((_, key))) = (make("a"), make("b")) else {
        return; // no openssl here
    };
    let home = dir.path().join("home");
    let output = command(&home)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .envs([
            ("OPENCLONE_SERVER__TLS_CERT", cert),
            ("OPENCLONE_SERVER__TLS_KEY", key),
        ])
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), error.lines().count()),
        (Some(1), 1),
        "{error}"
    );
    assert!(
        error.contains("server.tls_cert and server.tls_key do not match"),
        "{error}"
    );
    assert!(!home.exists());
}

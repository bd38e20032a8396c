//! Installing, upgrading, enabling and trying plugins, as a user does.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use super::write;

/// `openclone plugins` with everything that a user keeps in a temporary directory; `input` is typed.
fn as_user(root: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    use std::{io::Write as _, process::Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_openclone"))
        .arg("plugins")
        .args(arguments)
        .current_dir(root)
        .env("HOME", root)
        .env("OPENCLONE_HOME", root.join("home"))
        .env("XDG_STATE_HOME", root.join("state"))
        .env("XDG_CONFIG_HOME", root.join("config"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// A plugin of very personal events: each time it runs it sends one, unless it is off.
fn health_plugin(dir: &Path, version: &str) {
    let manifest = format!(
        r#"{{"id": "openclone-pulse", "name": "Pulse", "version": "{version}", "platform": ["linux"], "source_types": ["health"],
        "sensitivity": "HIGH", "run": ["./pulse.sh"],
        "config_schema": {{"openclone.enabled": {{"type": "boolean", "default": false}}}}}}"#
    );
    write(dir, "plugin.json", &manifest);
    write(
        dir,
        "README.md",
        "# Pulse\n\n## Install\n\nNothing.\n\n## Setup\n\nNothing.\n",
    );
    write(dir, "openclone.conf", "# new\nopenclone.enabled = true\n");
    write(dir, "dist/built.js", "built\n");
    let script = r#"#!/usr/bin/env bash
set -eu
grep -q '^openclone.enabled = true' openclone.conf || exit 3
now=$(date +%s)
printf '{"source_type": "health", "platform": "linux", "device_id": "test-001", "plugin_id": "openclone-pulse",
  "plugin_version": "1.0.0", "timestamp": %s, "events": [{"timestamp": %s, "raw_ref": "p1", "data": {"heart_rate": 61}}]}' "$now" "$now" |
  curl --silent --show-error --fail --noproxy '*' --data @- --header 'Content-Type: application/json' \
    --header "X-API-Key: $(cat "$OPENCLONE_API_KEY_FILE")" "$OPENCLONE_ENDPOINT/api/v1/ingest"
"#;
    write(dir, "pulse.sh", script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(dir.join("pulse.sh"), mode).unwrap();
}

#[test]
fn enabling_asks_for_consent_and_an_upgrade_keeps_what_the_user_has_set() {
    let work = tempfile::tempdir().unwrap();
    let root = work.path();
    let source = root.join("plugins/openclone-pulse");
    health_plugin(&source, "1.0.0");
    write(root, "plugins/catalog.json", "{}");
    // an id is looked for in the checkout around the working directory, with or without the prefix
    let (code, out, err) = as_user(root, &["install", "pulse"], "");
    assert!(
        code == 0 && out.contains("installed openclone-pulse 1.0.0"),
        "{out}{err}"
    );
    let installed = root.join("home/plugins/openclone-pulse");
    let conf = || fs::read_to_string(installed.join("openclone.conf")).unwrap();
    assert_eq!(
        conf(),
        "# new\nopenclone.enabled = false\n",
        "an installed copy starts switched off"
    );
    assert!(
        installed.join("dist/built.js").exists(),
        "it keeps what was built"
    );

    let consent = root.join("state/openclone/consent/openclone-pulse.json");
    let key = root.join("home/plugin-keys/openclone-pulse");
    let enable = ["enable", "openclone-pulse"];
    let (code, _, err) = as_user(root, &enable, "y\n");
    assert!(
        code == 1 && err.contains("did not agree") && !consent.exists() && !key.exists(),
        "{err}"
    );
    let (code, out, err) = as_user(root, &enable, "yes\n");
    assert_eq!(code, 0, "{out}{err}");
    let mode = |path: &Path| {
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
    };
    assert_eq!((mode(&consent), mode(&key)), (0o600, 0o600));
    let keys = fs::read_to_string(root.join("home/keys.toml")).unwrap();
    assert!(
        keys.contains("ingest:health") && keys.contains("openclone-pulse"),
        "{keys}"
    );
    let secret = fs::read_to_string(&key).unwrap();
    let unit = root.join("config/systemd/user/openclone-plugin-openclone-pulse.service");
    if cfg!(target_os = "linux") {
        let text = fs::read_to_string(&unit).unwrap();
        assert!(
            text.contains("LoadCredential=api-key:") && !text.contains(secret.trim()),
            "{text}"
        );
    }

    fs::write(
        installed.join("openclone.conf"),
        "# mine\nopenclone.enabled = true\n",
    )
    .unwrap();
    health_plugin(&source, "1.4.0");
    let (code, out, _) = as_user(root, &["install", "./plugins/openclone-pulse"], "");
    assert!(
        code == 0 && out.contains("upgraded openclone-pulse from 1.0.0 to 1.4.0"),
        "{out}"
    );
    assert!(
        conf().starts_with("# mine") && !out.contains("stays off"),
        "{out}"
    );
    let (_, out, _) = as_user(root, &enable, "");
    assert!(out.contains("enabled"), "it does not ask again: {out}");
    assert_eq!(fs::read_to_string(&key).unwrap(), secret, "and keeps its key");
    health_plugin(&source, "2.0.0");
    let (_, out, _) = as_user(root, &["install", "openclone-pulse"], "");
    assert!(out.contains("stays off until you agree"), "{out}");

    let (code, out, err) = as_user(root, &["disable", "openclone-pulse"], "");
    assert_eq!(code, 0, "{out}{err}");
    assert!(!consent.exists() && !key.exists() && !unit.exists() && conf().contains("enabled = false"));
    assert!(
        fs::read_to_string(root.join("home/keys.toml"))
            .unwrap()
            .contains("revoked_at")
    );
    let (code, _, err) = as_user(root, &["run", "openclone-pulse"], "");
    assert!(
        code == 1 && err.contains("openclone plugins enable openclone-pulse"),
        "{err}"
    );
}

#[test]
fn a_trial_shows_what_would_be_stored_and_tests_the_behaviour() {
    let work = tempfile::tempdir().unwrap();
    let dir = work.path().join("openclone-pulse");
    health_plugin(&dir, "1.0.0");
    let (code, out, err) = as_user(work.path(), &["try", "./openclone-pulse"], "");
    assert!(
        code == 0 && out.contains("=== Health/") && out.contains("[ref:: p1]"),
        "{out}{err}"
    );
    let (code, out, err) = as_user(work.path(), &["test", "./openclone-pulse"], "");
    assert!(
        code == 0 && !out.contains("FAILED") && out.matches("ok  ").count() == 7,
        "{out}{err}"
    );
    // one that does not ask whether it is on
    let script = fs::read_to_string(dir.join("pulse.sh")).unwrap();
    fs::write(dir.join("pulse.sh"), script.replace("|| exit 3", "|| true")).unwrap();
    let (code, out, _) = as_user(work.path(), &["test", "./openclone-pulse"], "");
    assert!(
        code == 1 && out.contains("FAILED  it sends nothing until it is enabled"),
        "{out}"
    );
    assert!(
        !work.path().join("home").exists(),
        "the user's home is left alone"
    );
}

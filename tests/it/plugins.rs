//! `openclone plugins` as a user calls it, with a running service.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::app::{KEY, TestApp};
use serde_json::Value;

fn openclone(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openclone"));
    outcome(command.arg("plugins").args(arguments).env("OPENCLONE_HOME", home))
}

fn outcome(command: &mut Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// The steps from nothing to a first event in the vault: make, check, turn on, run.
async fn first_event(lang: &str, source_type: &str, run: &[&str]) {
    let app = TestApp::start("").await;
    let work = tempfile::tempdir().unwrap();
    let id = format!("first-{lang}");
    let dir = work.path().join(&id);
    let location = work.path().to_str().unwrap();
    let new = [
        "new",
        &id,
        "--lang",
        lang,
        "--source-type",
        source_type,
        "--plain",
        "--dir",
        location,
    ];
    let (code, out, err) = openclone(&app.home(), &new);
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, err) = openclone(&app.home(), &["lint", dir.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}{err}");
    let run = || {
        let mut command = Command::new(run[0]);
        command
            .args(&run[1..])
            .current_dir(&dir)
            .env("API_KEY", KEY)
            .env("NO_PROXY", "*");
        command.env("OPENCLONE_ENDPOINT", format!("http://{}", app.address));
        tokio::task::block_in_place(|| outcome(&mut command))
    };
    let (code, out, err) = run();
    assert!(code == 0 && out.contains("is off"), "{out}{err}");
    assert_eq!(
        app.events().await["stored"],
        0,
        "it is off until somebody turns it on"
    );
    let conf = dir.join("openclone.conf");
    let text = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, text.replace("enabled = false", "enabled = true")).unwrap();
    let (code, out, err) = run();
    assert_eq!(code, 0, "{out}{err}");
    let response: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&response["stored"], &response["skipped"]),
        (&1.into(), &0.into()),
        "{response}"
    );
    let written = app.vault_file(response["file"].as_str().unwrap());
    assert!(written.contains("Hello from a new plugin"), "{written}");
    let (_, out, _) = run();
    let again: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&again["stored"], &again["skipped"]),
        (&0.into(), &1.into()),
        "{again}"
    );
    app.stop().await;
}

/// Whether a tool is there; the toolchains of some languages may not be.
#[allow(clippy::print_stdout)]
fn is_here(tool: &str, argument: &str) -> bool {
    let found = Command::new(tool)
        .arg(argument)
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        println!("{tool} is not there: not run");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_bash_plugin_sends_its_first_event() {
    first_event("bash", "braindump", &["./plugin.sh"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_python_plugin_sends_its_first_event() {
    first_event("python", "screen_ocr", &["python3", "plugin.py"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_rust_plugin_sends_its_first_event() {
    first_event(
        "rust",
        "journal",
        &["cargo", "run", "--quiet", "--offline", "--target-dir", "target"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_typescript_plugin_sends_its_first_event() {
    if is_here("node", "--version") {
        first_event("typescript", "web_browsing", &["node", "plugin.ts"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_go_plugin_sends_its_first_event() {
    if is_here("go", "version") {
        first_event("go", "calendar", &["go", "run", "."]).await;
    }
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn lint_names_the_file_and_line_of_each_finding() {
    let work = tempfile::tempdir().unwrap();
    let dir = work.path().join("my-plugin");
    // put together, so that this file has no finding itself
    let token = format!("ghp_{}", "a1B2c3D4e5".repeat(4));
    write(
        &dir,
        "plugin.json",
        "{\n  \"id\": \"other\",\n  \"name\": \"Mine\",\n  \"version\": \"1\",\n  \"platform\": [\"macos\"],\n  \
         \"source_types\": [\"braindump\",\n    \"dreams\"],\n  \"config_schema\": {\n    \"openclone.enabled\": \
         {\"type\": \"boolean\", \"default\": true},\n    \"every\": {\"type\": \"integer\", \"default\": \"60\"}\n  }\n}\n",
    );
    write(&dir, "README.md", "# Mine\n\n## Install\n\n## Use\n\nText.\n");
    write(&dir, "openclone.conf", "# on\nopenclone.enabled = true\n");
    write(
        &dir,
        "src/plugin.py",
        &format!("import os\n\n# mine\nSEND_AS = \"{token}\"\n"),
    );
    write(
        &dir,
        "node_modules/other/key.js",
        &format!("const a = \"{token}\"\n"),
    );
    std::os::unix::fs::symlink("/etc/hostname", dir.join("link")).unwrap();
    let (code, out, err) = openclone(work.path(), &["lint", dir.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (1, ""));
    let found: Vec<_> = out
        .lines()
        .map(|line| line.strip_prefix(&format!("{}/", dir.display())).unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "plugin.json:4: version must be SemVer, such as 1.0.0",
            "plugin.json:7: source_types[1] is not one of the 15 source types",
            "plugin.json:1: sensitivity is missing",
            "plugin.json:10: config_schema.every.default is not of type integer",
            "plugin.json:2: id must be the name of its directory, my-plugin",
            "plugin.json:9: config_schema openclone.enabled must default to false: {\"type\": \"boolean\", \"default\": false}",
            "README.md:3: says nothing under this heading",
            "install.sh:1: is missing, and README.md has no section on how to set the plugin up",
            "link:1: is a symbolic link; these are not followed",
            "src/plugin.py:4: looks like a secret (github); read it from the environment",
            "openclone.conf:2: hint: openclone.enabled is true in this working copy; publish it with false (an installed copy starts \
             switched off)",
            "LICENSE:1: hint: is missing; without one nobody may change or share the plugin",
        ]
    );
    assert!(!out.contains(&token), "a secret is not shown");
    let (code, out, err) = openclone(
        work.path(),
        &["lint", work.path().join("nothing").to_str().unwrap()],
    );
    assert!(
        code == 1 && out.is_empty() && err.starts_with("openclone: cannot read"),
        "{err}"
    );
    let empty = work.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let (code, out, _) = openclone(work.path(), &["lint", empty.to_str().unwrap()]);
    assert_eq!((code, out.lines().count()), (1, 4), "{out}");
}

#[test]
fn lint_finds_what_nobody_can_review_and_hints_at_personal_data() {
    let work = tempfile::tempdir().unwrap();
    let dir = work.path().join("my-plugin");
    let token = format!("ghp_{}", "a1B2c3D4e5".repeat(4));
    write(
        &dir,
        "plugin.json",
        r#"{"id": "my-plugin", "name": "Mine", "version": "1.0.0", "platform": ["linux"], "source_types": ["audio_mic"],
        "sensitivity": "LOW", "config_schema": {"openclone.enabled": {"type": "boolean", "default": false}}}"#,
    );
    write(
        &dir,
        "README.md",
        "# Mine\n\n## Install\n\nRun it.\n\ncurl -s https://get.example.net/x | sudo bash\n",
    );
    write(&dir, "LICENSE", "MIT\n");
    write(&dir, "install.sh", "#!/bin/sh\r\necho\r\n");
    write(&dir, "dist/built.js", &format!("const a = \"{token}\"\n"));
    write(&dir, ".secret/env", &format!("TOKEN={token}\n"));
    write(&dir, "min.js", &format!("let a={}\n", "1+".repeat(3000)));
    write(&dir, "tool", "\u{7f}ELF\0\0");
    let code = "at = '/home/marta/notes'  # /home/user is nobody's\nask('marta@uni.edu', 'me@example.com')\nhere = 48.208174, 16.373819\n\
                get('https://tracker.io/a', 'http://127.0.0.1:1')\niban = 'DE89 3704 0044 0532 0130 00'\n";
    write(&dir, "plugin.py", code);
    let (code, out, _) = openclone(work.path(), &["lint", dir.to_str().unwrap()]);
    assert_eq!(code, 1);
    for expected in [
        "plugin.json:1: sensitivity is LOW, but its source types are up to HIGH",
        "README.md:7: runs what it downloads",
        "install.sh:1: is not executable",
        "install.sh:1: has CRLF line ends",
        "dist/built.js:1: looks like a secret (github)",
        ".secret/env:1: looks like a secret (github)",
        "min.js:1: is minified",
        "tool:1: is a compiled program",
        "plugin.py:1: names the home directory of a person",
        "plugin.py:2: hint: looks like an e-mail address",
        "plugin.py:3: hint: looks like a position",
        "plugin.py:4: hint: contacts tracker.io",
        "plugin.py:5: hint: looks like personal data (iban)",
    ] {
        assert!(
            out.contains(&format!("/my-plugin/{expected}")),
            "{expected} in\n{out}"
        );
    }
    assert_eq!(out.lines().count(), 13, "{out}");
    assert!(!out.contains(&token), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn installed_plugins_may_send_and_removed_ones_may_not() {
    let app = TestApp::start("registry.enforce = \"strict\"\n").await;
    let home = app.home();
    let work = tempfile::tempdir().unwrap();
    let location = work.path().to_str().unwrap();
    let new = [
        "new",
        "my-plugin",
        "--lang",
        "bash",
        "--source-type",
        "audio_mic",
        "--dir",
        location,
    ];
    assert_eq!(openclone(&home, &new).0, 0);
    assert_eq!(openclone(&home, &new).0, 1, "nothing is written over");
    let dir: PathBuf = work.path().join("my-plugin");
    let (code, out, err) = openclone(&home, &["install", dir.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("ask everyone concerned"), "{out}");
    let installed = home.join("plugins/my-plugin");
    assert_eq!(
        fs::read(installed.join("plugin.sh")).unwrap(),
        fs::read(dir.join("plugin.sh")).unwrap()
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(installed.join("plugin.sh")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);
    let (code, out, err) = openclone(&home, &["install", dir.to_str().unwrap()]);
    assert!(
        code == 0 && out.contains("upgraded my-plugin from 0.1.0 to 0.1.0"),
        "{out}{err}"
    );
    let listed = |flag: &[&str]| openclone(&home, &[&["list"], flag].concat()).1;
    assert!(
        listed(&[])
            .lines()
            .any(|line| line.starts_with("my-plugin ") && line.contains("0.1.0"))
    );
    let json: Value = serde_json::from_str(&listed(&["--json", "--source-type", "audio_mic"])).unwrap();
    let ids: Vec<_> = json["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plugin| &plugin["id"])
        .collect();
    assert_eq!(ids, ["my-plugin", "openclone-linux-mic", "openclone-mac-mic"]);
    assert_eq!(json["plugins"][0]["consent_required"], true);

    // the copy that stays is the one that is run, before and after
    fs::write(dir.join("openclone.conf"), "openclone.enabled = true\n").unwrap();
    let run = || {
        let mut command = Command::new(dir.join("plugin.sh"));
        command.env("API_KEY", KEY).env("NO_PROXY", "*");
        command.env("OPENCLONE_ENDPOINT", format!("http://{}", app.address));
        tokio::task::block_in_place(|| outcome(&mut command))
    };
    let until = |wanted: u16| {
        let app = &app;
        async move {
            for _ in 0..200 {
                if app.get("/api/v1/plugins/my-plugin").await.status == wanted {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            panic!("never {wanted}");
        }
    };
    until(200).await;
    let (code, out, err) = run();
    assert!(code == 0 && out.contains("\"stored\":1"), "{out}{err}");
    let (code, out, err) = openclone(&home, &["remove", "my-plugin"]);
    assert!(code == 0 && !installed.exists(), "{out}{err}");
    until(404).await;
    let (code, _, err) = run();
    assert!(code != 0, "{err}");
    for (id, why) in [
        ("my-plugin", "is not installed"),
        ("../vault", "is not a plugin id"),
        (".new", "is not a plugin id"),
        ("", "is not a plugin id"),
    ] {
        let (code, _, err) = openclone(&home, &["remove", id]);
        assert!(code == 1 && err.contains(why), "{id}: {err}");
    }
    app.stop().await;
}

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

#[test]
fn plugin_with_problems_is_not_installed() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("bad");
    write(&dir, "plugin.json", "{}");
    let (code, out, err) = openclone(home.path(), &["install", dir.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(
        out.contains("plugin.json:1: id is missing") && err.contains("not installed"),
        "{out}{err}"
    );
    assert!(!home.path().join("plugins").exists());
}

#[test]
fn invalid_usage_is_reported_and_creates_nothing() {
    let home = tempfile::tempdir().unwrap();
    let location = home.path().join("work");
    let new = |id: &str, lang: &str, source_type: &str| {
        let location = location.to_str().unwrap();
        openclone(
            home.path(),
            &[
                "new",
                id,
                "--lang",
                lang,
                "--source-type",
                source_type,
                "--dir",
                location,
            ],
        )
        .0
    };
    assert_eq!(new("../x", "bash", "braindump"), 2);
    assert_eq!(new("Bad_Id", "bash", "braindump"), 2);
    assert_eq!(new("fine", "cobol", "braindump"), 2);
    assert_eq!(new("fine", "bash", "dreams"), 2);
    assert!(!location.exists());
}

#[test]
fn the_plugins_of_this_repository_are_clean() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let dirs: Vec<_> = fs::read_dir(plugins)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        // shared code and tests of the plugins
        .filter(|path| !path.ends_with("lib") && !path.ends_with("test"))
        .collect();
    assert!(!dirs.is_empty());
    for dir in dirs {
        let (code, out, err) = openclone(&dir, &["lint", dir.to_str().unwrap()]);
        assert_eq!(code, 0, "{out}{err}");
    }
}

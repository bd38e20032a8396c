//! `openclone plugins` as a user calls it, with a running service.

mod enable;
mod lint;

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

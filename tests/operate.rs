//! What an operator uses: the commands for keys, completions and manual, traces, and the files and tables under `docs/`.

#![allow(clippy::unwrap_used, missing_docs)]
#[allow(dead_code)]
#[path = "common/app.rs"]
mod common;

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use common::{TestApp, http};
use openclone::config::options::OPTIONS;

const BIN: &str = env!("CARGO_BIN_EXE_openclone");

fn command(home: &Path) -> Command {
    let mut command = Command::new(BIN);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OPENCLONE_") || name == "API_KEY")
    {
        command.env_remove(name);
    }
    command.env("OPENCLONE_HOME", home).stdin(Stdio::null());
    command
}

fn run(home: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(home).args(arguments).output().unwrap();
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

fn docs(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// All pages but the results of the rigs, which are for those who work on the service.
fn all_docs(dir: PathBuf) -> String {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let entries =
        entries.filter(|path| !path.ends_with("RELIABILITY.md") && !path.ends_with("reliability.jsonl"));
    let texts = entries.map(|path| {
        if path.is_dir() {
            all_docs(path)
        } else {
            fs::read_to_string(path).unwrap_or_default()
        }
    });
    texts.collect()
}

/// The words that begin with `prefix` and go on with letters, digits and underscores.
fn words(text: &str, prefix: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_word(c))
        .filter(|word| word.starts_with(prefix) && word.len() > prefix.len())
        .map(str::to_owned)
        .collect()
}

#[test]
fn keys_are_made_shown_and_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (code, key, told) = run(
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
        "stdout is the key alone: {key} {told}"
    );
    let id = openclone::auth::token::id_of(key.trim()).unwrap();
    assert!(told.contains(id) && !told.contains(key.trim()));
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
        ("ana", ["--expires", "0d"], "--expires \"0d\": that has passed"),
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
        code == Some(1) && error.contains("there is no key aaaaaaaa"),
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
        error.contains("server.tls_cert and server.tls_key do not go together"),
        "{error}"
    );
    assert!(!home.exists());
}

#[test]
fn completions_and_manual_know_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let help = run(dir.path(), &["--help"]).1;
    let commands: Vec<_> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    assert!(commands.len() >= 7, "{help}");
    let manual = run(dir.path(), &["man"]).1;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, _) = run(dir.path(), &["completions", shell]);
        assert_eq!(code, Some(0));
        assert!(commands.iter().all(|name| script.contains(name)), "{shell}");
    }
    assert!(
        commands
            .iter()
            .all(|name| manual.contains(&format!("openclone\\-{name}(1)"))),
        "{manual}"
    );
    let pages = dir.path().join("man1");
    fs::create_dir(&pages).unwrap();
    assert_eq!(
        run(dir.path(), &["man", "--dir", pages.to_str().unwrap()]).0,
        Some(0)
    );
    assert!(
        commands
            .iter()
            .all(|name| pages.join(format!("openclone-{name}.1")).exists())
    );
    assert_eq!(run(dir.path(), &["completions", "tcsh"]).0, Some(2));
}

/// Takes whatever is exported, and keeps the bytes.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let state = Arc::clone(&kept);
    let export = axum::routing::post(move |body: axum::body::Bytes| async move {
        state.lock().unwrap().extend_from_slice(&body);
        // an empty message
        (
            [("content-type", "application/grpc"), ("grpc-status", "0")],
            vec![0_u8; 5],
        )
    });
    let router = axum::Router::new().route(
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        export,
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), kept)
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_carry_the_request_id_and_logs_are_json() {
    let (endpoint, kept) = collector().await;
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(&dir.path().join("home"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .envs([
            ("OPENCLONE_TELEMETRY__OTLP_ENDPOINT", endpoint.as_str()),
            ("OPENCLONE_LOG__FORMAT", "json"),
            ("OPENCLONE_LOG__LEVEL", "openclone=debug"),
            ("API_KEY", common::KEY),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap();
    let address = url.strip_prefix("listening on http://").unwrap().parse().unwrap();
    let key = format!("X-API-Key: {}", common::KEY);
    let lines = [&key, "X-Request-Id: traced-7", "Content-Type: application/json"];
    let answer = http(
        address,
        "POST",
        "/api/v1/ingest",
        &lines,
        &common::braindump("secret thought", "1"),
    )
    .await;
    assert_eq!(
        (answer.status, answer.headers["x-request-id"].as_str()),
        (200, "traced-7")
    );
    let grpc = http(
        address,
        "POST",
        "/openclone.v1.AccessService/GetAccess",
        &[&key, "Content-Type: application/grpc-web"],
        "",
    )
    .await;
    assert!(
        !grpc.headers["x-request-id"].is_empty(),
        "gRPC answers carry one as well"
    );
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
        .await
        .unwrap();
    assert!(output.status.success());
    let exported = String::from_utf8_lossy(&kept.lock().unwrap()).into_owned();
    for expected in [
        "openclone",
        "request",
        "batch",
        "traced-7",
        "/api/v1/ingest",
        "my-plugin",
    ] {
        assert!(
            exported.contains(expected),
            "{expected} is missing in {exported:?}"
        );
    }
    let logs = String::from_utf8(output.stderr).unwrap();
    assert!(!exported.contains("secret thought") && !logs.contains("secret thought"));
    assert!(!exported.contains(common::KEY) && !logs.contains(common::KEY));
    let parsed: Vec<serde_json::Value> = logs
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        parsed.iter().any(|line| line["span"]["id"] == "traced-7"),
        "{logs}"
    );
}

#[test]
fn a_collector_that_is_away_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(&dir.path().join("home"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("OPENCLONE_TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:9")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("listening on"));
    let since = Instant::now();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(since.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_page_on_operations_lists_every_option_with_its_default() {
    let page = docs("operations.md");
    let (_, after) = page.split_once("## Options\n").unwrap();
    let (section, _) = after.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| {
        let (key, rest) = line.strip_prefix("| `")?.split_once("` | `")?;
        Some((key.to_owned(), rest.split_once("` |")?.0.to_owned()))
    });
    let listed: BTreeSet<_> = rows.collect();
    let known: BTreeSet<_> = OPTIONS
        .iter()
        .map(|option| (option.key.to_owned(), option.default.to_owned()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn variables_in_the_documents_exist() {
    let text = all_docs(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"));
    let options = OPTIONS
        .iter()
        .map(|option| format!("OPENCLONE_{}", option.key.replace('.', "__").to_uppercase()));
    let known: BTreeSet<_> = options
        .chain(["HOME", "CONFIG", "ENDPOINT"].map(|name| format!("OPENCLONE_{name}")))
        .collect();
    let unknown: Vec<_> = words(&text, "OPENCLONE_").difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn both_quick_starts_give_the_same_commands() {
    let blocks =
        |text: String| -> Vec<String> { text.split("```").skip(1).step_by(2).map(str::to_owned).collect() };
    let (english, spanish) = (blocks(docs("quick-start.md")), blocks(docs("inicio-rapido.md")));
    assert!(english.len() >= 4);
    assert_eq!(english, spanish);
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_alerts_and_page_name_the_figures_there_are() {
    let app = TestApp::start("").await;
    app.post(&common::braindump("x", "1")).await;
    let text = app.get("/metrics").await.body;
    app.stop().await;
    let names = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next());
    let known: BTreeSet<_> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let dashboard: serde_json::Value = serde_json::from_str(&docs("grafana/openclone.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
    let used = docs("grafana/openclone.json") + &docs("prometheus/openclone.rules.yml");
    let unknown: Vec<_> = words(&used, "openclone_").difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let page = words(&docs("operations.md"), "openclone_");
    let base = |name: &String| {
        name.trim_end_matches("_bucket")
            .trim_end_matches("_sum")
            .trim_end_matches("_count")
            .to_owned()
    };
    let undocumented: Vec<_> = known
        .iter()
        .map(base)
        .filter(|name| !page.contains(name))
        .collect();
    assert!(undocumented.is_empty(), "{undocumented:?}");
}

#[test]
fn systemd_accepts_the_unit_and_finds_it_confined() {
    let dir = tempfile::tempdir().unwrap();
    let unit = dir.path().join("openclone.service");
    fs::write(
        &unit,
        docs("systemd/openclone.service").replace("/usr/local/bin/openclone", BIN),
    )
    .unwrap();
    let analyze = |arguments: &[&str]| {
        Command::new("systemd-analyze")
            .args(arguments)
            .arg(&unit)
            .output()
    };
    let Ok(verified) = analyze(&["verify", "--man=no"]) else {
        return; // no systemd here
    };
    let told = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(
        verified.status.success() && !told.contains("openclone.service"),
        "{told}"
    );
    let rated = analyze(&["security", "--offline=yes", "--threshold=20"]).unwrap();
    assert!(
        rated.status.success(),
        "more exposed than 2.0: {}",
        String::from_utf8_lossy(&rated.stdout)
    );
}

#[test]
fn launchd_would_start_the_service_and_keep_it_up() {
    let plist = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/launchd/dev.openclone.ingest.plist");
    let read = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let Ok(output) = Command::new("python3").args(["-c", read]).arg(plist).output() else {
        return; // no Python here
    };
    assert!(output.status.success(), "{output:?}");
    let job: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(job["Label"], "dev.openclone.ingest");
    let dir = tempfile::tempdir().unwrap();
    let arguments: Vec<_> = job["ProgramArguments"]
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .collect();
    let mut arguments: Vec<_> = arguments.iter().map(|one| one.as_str().unwrap()).collect();
    arguments.push("--print-config");
    let mut tried = command(dir.path());
    for (name, value) in job["EnvironmentVariables"].as_object().unwrap() {
        tried.env(name, value.as_str().unwrap());
    }
    let output = tried.args(&arguments).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{told}");
    assert!(
        told.contains("format = \"json\" # variable OPENCLONE_LOG__FORMAT"),
        "{told}"
    );
    assert_eq!((&job["RunAtLoad"], &job["Umask"]), (&true.into(), &0o077.into()));
    assert_eq!(job["KeepAlive"]["SuccessfulExit"], false);
    // The service may take ten seconds to end.
    assert!(job["ExitTimeOut"].as_u64().unwrap() > 10);
}

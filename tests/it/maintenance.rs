//! The maintenance commands as processes, on the vault of a service that was killed.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

const KEY: &str = "test-key-of-the-tests";

fn openclone(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openclone"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OPENCLONE_")) {
        command.env_remove(name);
    }
    command
        .env("OPENCLONE_HOME", home)
        .env("OPENCLONE_VAULT__TIMEZONE", "UTC")
        .env("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "0")
        .env("API_KEY", KEY)
        .stdin(Stdio::null());
    command
}

/// Exit code, stdout, stderr.
fn run(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = openclone(home).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A service; killed with the value, as by `kill -9`.
struct Serve {
    child: Child,
    address: String,
}

impl Serve {
    fn start(home: &Path) -> Self {
        let mut child = openclone(home)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap()
            .to_owned();
        Self { child, address }
    }

    /// Sends events of one plugin; stored and skipped.
    fn send(&self, plugin: &str, events: std::ops::Range<u32>) -> (u64, u64) {
        let events: Vec<_> = events
            .map(|event| {
                let timestamp = 1_708_258_800 + event;
                serde_json::json!({"timestamp": timestamp, "data": {"text": format!("event {event}")},
                    "raw_ref": format!("{plugin} {event}")})
            })
            .collect();
        let body = serde_json::json!({"source_type": "journal", "platform": "linux", "device_id": "test-001",
            "plugin_id": plugin, "plugin_version": "1.0.0", "timestamp": 1_708_258_800, "events": events})
        .to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let host = &self.address;
        write!(
            stream,
            "POST /api/v1/ingest HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let body = response.split("\r\n\r\n").nth(1).unwrap();
        let outcome: serde_json::Value = serde_json::from_str(body).unwrap();
        (
            outcome["stored"].as_u64().unwrap(),
            outcome["skipped"].as_u64().unwrap(),
        )
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn killed_after_twenty() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let serve = Serve::start(&home);
    assert_eq!(serve.send("a", 0..10), (10, 0));
    assert_eq!(serve.send("b", 0..10), (10, 0));
    drop(serve);
    (dir, home)
}

fn daily_file(home: &Path) -> PathBuf {
    let mut files = fs::read_dir(home.join("vault/Journal")).unwrap();
    files.next().unwrap().unwrap().path()
}

#[test]
fn events_deleted_after_a_crash_stay_deleted() {
    let (_dir, home) = killed_after_twenty();
    let (code, outcome, _) = run(&home, &["fsck"]);
    assert_eq!(code, 0, "{outcome}");
    assert!(
        outcome.contains("journal: ")
            && outcome.contains("total: 20 events")
            && outcome.ends_with("no problems found\n"),
        "{outcome}"
    );

    let since = ["forget", "--plugin", "a", "--since", "2024-02-18T12:20:05Z"];
    let (code, outcome, _) = run(&home, &[&since[..], &["--dry-run"]].concat());
    assert_eq!((code, outcome.lines().last()), (0, Some("would delete 5 events")));
    assert!(fs::read_to_string(daily_file(&home)).unwrap().contains("event 7"));
    let (code, outcome, error) = run(&home, &since);
    let deleted = outcome.lines().any(|line| line == "deleted 5 events");
    assert_eq!((code, deleted), (0, true), "{outcome}{error}");

    let text = fs::read_to_string(daily_file(&home)).unwrap();
    assert_eq!(text.matches("^oc-").count(), 15);
    let serve = Serve::start(&home);
    assert_eq!(serve.send("a", 0..10), (0, 10));
    assert_eq!(serve.send("b", 0..10), (0, 10));
    drop(serve);
    fs::remove_dir_all(home.join("db")).unwrap();
    let (code, outcome, error) = run(&home, &["reindex"]);
    assert_eq!(code, 0, "{error}");
    assert!(
        outcome.contains("kept 5 ids of forgotten events")
            && outcome.contains("built a new index with 20 ids"),
        "{outcome}"
    );
    let serve = Serve::start(&home);
    assert_eq!(serve.send("a", 0..10), (0, 10));
    drop(serve);
    assert_eq!(fs::read_to_string(daily_file(&home)).unwrap(), text);
}

#[test]
fn maintenance_fails_with_one_line_while_a_service_runs() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let serve = Serve::start(&home);
    assert_eq!(serve.send("a", 0..3), (3, 0));
    for command in [
        &["fsck"][..],
        &["reindex"],
        &["forget", "--plugin", "a", "--since", "2020-01-01"],
    ] {
        let (code, outcome, error) = run(&home, command);
        assert_eq!((code, outcome.as_str()), (1, ""), "{command:?}");
        assert!(
            error.contains("is in use by another openclone process; stop it first"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1);
    }
    let (code, outcome, _) = run(&home, &["find", "a 1"]);
    let location = format!("{}:12 ^oc-", daily_file(&home).display());
    assert!(code == 0 && outcome.starts_with(&location), "{outcome}");
    assert_eq!(run(&home, &["find", "a 99"]).0, 1);
    assert_eq!(serve.send("a", 0..4), (1, 3));
}

#[test]
fn service_without_its_database_reads_ids_from_the_vault() {
    let (_dir, home) = killed_after_twenty();
    fs::remove_dir_all(home.join("db")).unwrap();
    let (code, outcome, _) = run(&home, &["fsck"]);
    assert!(
        code == 1 && outcome.contains("it is gone; `openclone reindex`"),
        "{outcome}"
    );
    let serve = Serve::start(&home);
    assert_eq!(serve.send("a", 0..11), (1, 10));
    drop(serve);
    let text = fs::read_to_string(daily_file(&home)).unwrap();
    assert_eq!(text.matches("^oc-").count(), 21);
}

#[test]
fn a_damaged_database_stops_the_start_and_is_replaced() {
    let (_dir, home) = killed_after_twenty();
    fs::write(home.join("db/CURRENT"), "nonsense").unwrap();
    let (code, _, error) = run(&home, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        code == 1 && error.contains("`openclone reindex` makes a new one"),
        "{error}"
    );
    let (code, outcome, error) = run(&home, &["reindex"]);
    assert!(code == 0 && outcome.contains("db.damaged-1"), "{outcome}{error}");
    assert!(home.join("db.damaged-1").is_dir());
    let serve = Serve::start(&home);
    assert_eq!(serve.send("a", 0..10), (0, 10));
}

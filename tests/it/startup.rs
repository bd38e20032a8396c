//! The start of the binary: a failed start prints one line, exits with 1 and changes nothing; then the first commands.

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::process::{Serve, command, http, limited, text};
use tempfile::TempDir;

/// Every path under `dir` with its content.
fn everything(dir: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(everything(&path));
            found.push((path, None));
        } else {
            let content = fs::read(&path).ok();
            found.push((path, content));
        }
    }
    found.sort();
    found
}

/// Starts, and expects one line on stderr that has `expected` in it, exit code 1, and nothing changed under `dir`.
#[track_caller]
fn fails(dir: &TempDir, arguments: &[&str], variables: &[(&str, &str)], expected: &str) {
    let before = everything(dir.path());
    let mut command = command(&dir.path().join("home"));
    let output: Output = command
        .arg("serve")
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains(expected) && error.lines().count() == 1,
        "{expected:?} is not the one line of {error:?}"
    );
    assert!(output.stdout.is_empty());
    assert!(
        everything(dir.path()) == before,
        "something was changed: {:?}",
        everything(dir.path())
    );
}

fn home_with(name: &str, content: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("home")).unwrap();
    fs::write(dir.path().join("home").join(name), content).unwrap();
    dir
}

#[test]
fn bad_options_name_place_and_reason() {
    let free = ["--listen", "127.0.0.1:0"];
    let dir = home_with("openclone.toml", b"[limits]\nburst = 0\n");
    fails(
        &dir,
        &free,
        &[],
        "openclone.toml, key limits.burst: 0 is not allowed; allowed: a whole number",
    );
    let dir = home_with("openclone.toml", b"[limit]\nburst = 1\n");
    fails(
        &dir,
        &free,
        &[],
        "openclone.toml, line 2: unknown key limit.burst; did you mean limits.burst?",
    );
    let dir = home_with("openclone.toml", b"[limits\n");
    fails(&dir, &free, &[], "not valid TOML");
    let dir = tempfile::tempdir().unwrap();
    fails(
        &dir,
        &free,
        &[("OPENCLONE_VAULT__TIMEZONE", "Mars/Base")],
        "variable OPENCLONE_VAULT__TIMEZONE: \"Mars/Base\"",
    );
    fails(&dir, &["--listen", "0.0.0.0:0"], &[], "flag --listen");
    fails(&dir, &["--listen", "nowhere"], &[], "flag --listen");
    fails(
        &dir,
        &["--config", "/nonexistent/x.toml"],
        &[],
        "cannot read /nonexistent/x.toml",
    );
    let cert = [
        ("OPENCLONE_SERVER__TLS_CERT", "/nonexistent/c"),
        ("OPENCLONE_SERVER__TLS_KEY", "/nonexistent/k"),
    ];
    fails(&dir, &free, &cert, "cannot use server.tls_cert /nonexistent/c");
}

#[test]
fn a_bad_key_stops_the_start_and_is_not_shown() {
    let free = ["--listen", "127.0.0.1:0"];
    fails(
        &home_with(".env", b"A=1\nAPI_KEY=short\n"),
        &free,
        &[],
        ".env, line 2: API_KEY is too short",
    );
    fails(
        &home_with(".env", b"API_KEY=\xff\xfe\n"),
        &free,
        &[],
        ".env: not UTF-8",
    );
    fails(
        &tempfile::tempdir().unwrap(),
        &free,
        &[("API_KEY", "short")],
        "variable API_KEY: API_KEY is too short",
    );
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("home/.env")).unwrap();
    fails(&dir, &free, &[], "cannot use");
}

#[test]
fn obstacles_are_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    fails(&dir, &["--listen", &address], &[], "the port is in use");
    let free = ["--listen", "127.0.0.1:0"];
    fs::write(dir.path().join("home"), "").unwrap();
    fails(&dir, &free, &[], "home: not a directory");
    fails(
        &dir,
        &free,
        &[("OPENCLONE_HOME", "/proc/openclone")],
        "cannot use /proc",
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    fails(
        &dir,
        &["--listen", "127.0.0.1:0", "--vault", file.to_str().unwrap()],
        &[],
        "file: not a directory",
    );
}

#[test]
fn a_second_process_on_a_home_is_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let first = Serve::start(&home, &[]);
    let output = command(&home)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("is in use by another openclone process"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
    assert_eq!(first.terminate(), Some(0));
}

#[test]
fn a_first_start_shows_its_key_and_the_commands_work() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let serve = Serve::start(&home, &[]);
    assert!(serve.lines[2].starts_with("API key oc_"), "{:?}", serve.lines);
    let event =
        |n: u32| format!(r#"{{"timestamp":1708258800,"data":{{"text":"line {n}"}},"raw_ref":"r{n}"}}"#);
    let mut file = fs::File::create(dir.path().join("batches.ndjson")).unwrap();
    for n in 0..200 {
        writeln!(
            file,
            r#"{{"source_type":"notes","platform":"web","device_id":"test-1","plugin_id":"p","plugin_version":"1.0.0","timestamp":1708258800,"events":[{},{}]}}"#,
            event(n),
            event(n + 1)
        )
        .unwrap();
    }
    let ingest = |endpoint: &str| {
        let mut ingest = command(&home);
        ingest
            .args(["ingest", "--retry-for", "1", "--endpoint", endpoint])
            .arg(dir.path().join("batches.ndjson"));
        ingest.output().unwrap()
    };
    let first = ingest(&serve.url);
    assert_eq!(
        text(&first.stdout),
        "stored 201, skipped 199\n",
        "{}",
        text(&first.stderr)
    );
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(text(&ingest(&serve.url).stdout), "stored 0, skipped 400\n");
    writeln!(file, "{{\"source_type\":\"notes\"").unwrap();
    let faulty = ingest(&serve.url);
    assert_eq!(text(&faulty.stdout), "stored 0, skipped 400, rejected 1\n");
    assert!(
        text(&faulty.stderr).contains("batches.ndjson:201: it is not JSON"),
        "{}",
        text(&faulty.stderr)
    );
    assert_eq!(faulty.status.code(), Some(1));
    let status = command(&home)
        .args(["status", "--endpoint", &serve.url])
        .output()
        .unwrap();
    assert!(
        text(&status.stdout).contains(": ready\n") && status.status.success(),
        "{}",
        text(&status.stdout)
    );
    let url = serve.url.clone();
    assert_eq!(serve.terminate(), Some(0));
    let status = command(&home)
        .args(["status", "--json", "--endpoint", &url])
        .output()
        .unwrap();
    assert!(text(&status.stdout).contains("\"up\": false"));
    assert_eq!(status.status.code(), Some(1));
    let gone = ingest(&url);
    assert_eq!(
        (gone.status.code(), text(&gone.stdout)),
        (Some(1), "stored 0, skipped 0\n".to_owned())
    );
    assert!(
        text(&gone.stderr).contains("nothing will be duplicated"),
        "{}",
        text(&gone.stderr)
    );
}

#[test]
fn usage_faults_are_2_and_print_config_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let usage = command(&home).args(["serve", "--nonsense"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    let printed = command(&home)
        .args(["serve", "--print-config", "--listen", "127.0.0.1:9"])
        .env("OPENCLONE_LIMITS__BURST", "7")
        .env("API_KEY", "never-shown-key")
        .output()
        .unwrap();
    let shown = text(&printed.stdout);
    assert!(
        shown.contains("burst = 7 # variable OPENCLONE_LIMITS__BURST"),
        "{shown}"
    );
    assert!(
        shown.contains("listen = \"127.0.0.1:9\" # flag --listen") && !shown.contains("never-shown"),
        "{shown}"
    );
    assert!(!home.exists());
}

#[test]
fn a_limit_of_file_sizes_is_an_error_and_not_a_signal() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = limited(&dir.path().join("home"), "ulimit -f 1");
    let output = serve.args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("openclone: "), "{output:?}");
}

#[test]
fn sighup_does_not_end_the_service() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(&dir.path().join("home"), &[]);
    let pid = rustix::process::Pid::from_raw(serve.pid() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    assert_eq!(http(&serve.url, "GET", "/healthz", &[], "").0, 200);
    assert!(serve.is_running());
    assert_eq!(serve.terminate(), Some(0));
}

#[test]
fn a_pipe_or_device_in_place_of_a_file_stops_the_start() {
    for name in ["keys.toml", ".env", "openclone.toml"] {
        for make in ["mkfifo", "ln -s /dev/zero", "ln -s /dev/full"] {
            let dir = home_with("other", b"");
            let path = dir.path().join("home").join(name);
            let made = Command::new("sh")
                .args(["-c", &format!("{make} '{}'", path.display())])
                .status();
            assert!(made.unwrap().success());
            let mut serve = command(&dir.path().join("home"));
            let output = serve.args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
            let error = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{name}, {make}: {error}");
            assert!(error.contains("not a regular file"), "{name}, {make}: {error}");
        }
    }
}

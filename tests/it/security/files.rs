//! Other users of the machine can read nothing below the home, whatever the umask.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use super::record;
use crate::{
    batches::{add_key, json},
    process::{Serve, command, http, text},
};

#[test]
fn everything_below_the_home_is_private() {
    let began = Instant::now();
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let start = || {
        // a shell sets the umask, since nothing safe does
        let program = command(&home).get_program().to_owned();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "umask 000; exec \"$0\" serve --listen 127.0.0.1:0"])
            .arg(program)
            .env("OPENCLONE_HOME", &home)
            .env("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "0")
            .stdin(Stdio::null());
        let lines = if home.join(".env").exists() { 2 } else { 3 };
        Serve::spawn(&mut shell, lines)
    };
    let serve = start();
    let first = serve.lines[2].strip_prefix("API key ").unwrap().to_owned();
    let ana = add_key(&home, "ana", &["*"], None);
    for key in [&first, &ana] {
        let line = format!("X-API-Key: {key}");
        let lines = [line.as_str(), "Content-Type: application/json"];
        let (status, _, body) = http(&serve.url, "POST", "/api/v1/ingest", &lines, &json(&["m1", "m2"]));
        assert_eq!(status, 200, "{body}");
    }
    let mut walked = walk(&home);
    assert_eq!(serve.terminate(), Some(0));
    let forget = command(&home)
        .args([
            "forget",
            "--plugin",
            "my-plugin",
            "--since",
            "2020-01-01T00:00:00Z",
        ])
        .output()
        .unwrap();
    assert!(forget.status.success(), "{}", text(&forget.stderr));
    let reindex = command(&home).arg("reindex").output().unwrap();
    assert!(reindex.status.success(), "{}", text(&reindex.stderr));
    start().kill();
    walked += walk(&home);
    assert!(walked > 20, "only {walked} paths");
    record(
        "Files are their owner's",
        "a run with umask 000, two tenants, forget, reindex and a restart; a path below the home other than 0600 or 0700",
        walked,
        String::new(),
        began,
    );
}

/// Looks at all paths; how many there are.
fn walk(path: &Path) -> u64 {
    let metadata = fs::symlink_metadata(path).unwrap();
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_dir() {
        assert_eq!(mode, 0o600, "{}: {mode:o}", path.display());
        return 1;
    }
    assert_eq!(mode, 0o700, "{}: {mode:o}", path.display());
    let entries = fs::read_dir(path).unwrap();
    1 + entries.map(|entry| walk(&entry.unwrap().path())).sum::<u64>()
}

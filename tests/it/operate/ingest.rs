//! `openclone ingest`: files of batches, some of them damaged.

use std::fs;

use super::run;
use crate::{app::braindump, process::Serve};

/// One line.
fn batch(text: &str, raw_ref: &str) -> String {
    braindump(text, raw_ref).replace('\n', " ")
}

#[test]
fn damaged_lines_are_named_and_all_other_batches_are_stored() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let serve = Serve::start(&home, &[]);
    let file = dir.path().join("events.ndjson");
    let torn = batch("torn", "t");
    let lines = [
        format!("\u{feff}{}", batch("behind a byte order mark", "1")),
        torn[..torn.len() / 2].to_owned(),
        batch("behind a torn line", "2"),
        batch("invalid", "3").replace("\"test-001\"", "\"?\""),
        batch("behind an invalid batch", "4")
            .replace("{", "{\n")
            .replace("}", "\n}"),
        torn[..20].to_owned(),
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let name = file.to_str().unwrap();
    let arguments = ["ingest", "--endpoint", &serve.url, name];
    let (code, stdout, stderr) = run(&home, &arguments);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert_eq!(stdout, "stored 3, skipped 0, rejected 3\n", "{stderr}");
    let last = lines.join("\n").lines().count();
    for start in [
        format!("openclone: {name}:2: it is not JSON"),
        format!("openclone: {name}:4: device_id: "),
        format!("openclone: {name}:{last}: it is not JSON: it breaks off"),
    ] {
        assert!(
            stderr.lines().any(|line| line.starts_with(&start)),
            "{start}\n{stderr}"
        );
    }
    let (_, again, _) = run(&home, &arguments);
    assert_eq!(again, "stored 0, skipped 3, rejected 3\n");
    drop(serve);
    let (_, _, gone) = run(
        &home,
        &[
            "ingest",
            "--retry-for",
            "0",
            "--endpoint",
            "http://127.0.0.1:1",
            name,
        ],
    );
    assert!(gone.contains("batches have no response"), "{gone}");
}

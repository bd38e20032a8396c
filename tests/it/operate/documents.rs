//! The tables in `docs/` and the files in `deploy/` match the program.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use openclone::config::options::OPTIONS;

use super::{BIN, all_docs, command, deploy, docs, words};
use crate::app::TestApp;

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = all_docs(root.join("docs")) + &all_docs(root.join("deploy"));
    let options = OPTIONS
        .iter()
        .map(|option| format!("OPENCLONE_{}", option.key.replace('.', "__").to_uppercase()));
    let known: BTreeSet<_> = options
        .chain(["HOME", "CONFIG", "ENDPOINT", "SOURCE"].map(|name| format!("OPENCLONE_{name}")))
        .collect();
    let unknown: Vec<_> = words(&text, "OPENCLONE_").difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn both_getting_started_pages_give_the_same_commands() {
    let blocks =
        |text: String| -> Vec<String> { text.split("```").skip(1).step_by(2).map(str::to_owned).collect() };
    let (english, spanish) = (
        blocks(docs("getting-started.md")),
        blocks(docs("getting-started.es.md")),
    );
    assert!(english.len() >= 4);
    assert_eq!(english, spanish);
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_alerts_and_page_name_existing_metrics() {
    let app = TestApp::start("").await;
    app.post(&crate::app::braindump("x", "1")).await;
    let text = app.get("/metrics").await.body;
    app.stop().await;
    let names = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next());
    let known: BTreeSet<_> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let dashboard: serde_json::Value = serde_json::from_str(&deploy("grafana/openclone.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
    let used = deploy("grafana/openclone.json") + &deploy("prometheus/openclone.rules.yml");
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
        deploy("systemd/openclone.service").replace("/usr/local/bin/openclone", BIN),
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
    let outcome = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(
        verified.status.success() && !outcome.contains("openclone.service"),
        "{outcome}"
    );
    let rated = analyze(&["security", "--offline=yes", "--threshold=20"]).unwrap();
    assert!(
        rated.status.success(),
        "more exposed than 2.0: {}",
        String::from_utf8_lossy(&rated.stdout)
    );
}

#[test]
fn launchd_file_starts_the_service_and_keeps_it_running() {
    let plist = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/launchd/dev.openclone.ingest.plist");
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
    let outcome = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{outcome}");
    assert!(
        outcome.contains("format = \"json\" # variable OPENCLONE_LOG__FORMAT"),
        "{outcome}"
    );
    assert_eq!((&job["RunAtLoad"], &job["Umask"]), (&true.into(), &0o077.into()));
    assert_eq!(job["KeepAlive"]["SuccessfulExit"], false);
    // The service may take ten seconds to end.
    assert!(job["ExitTimeOut"].as_u64().unwrap() > 10);
}

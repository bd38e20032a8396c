//! Keys appear only in the file that stores them: not in logs at level trace, not in responses, and not in a core dump after a
//! crash.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
    time::Instant,
};

use openclone_client::v1::{IngestBatchRequest, IngestRequest, ingest_service_client::IngestServiceClient};

use super::record;
use crate::{
    batches::{batch, json, with},
    process::{command, http, text},
};

const WRONG: &str = "oc_wrongone_abcdefghijklmnopqrstuvwxyz234567_wrongg";

/// A process that tells the log everything, and works in a directory of its own.
fn talkative(dir: &Path, arguments: &[&str], lines: usize) -> (Child, Vec<String>) {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(dir.join("log"))
        .unwrap();
    let mut child = command(&dir.join("home"))
        .args(arguments)
        .current_dir(dir)
        .env("OPENCLONE_LOG__LEVEL", "trace")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let reader = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = reader.take(lines).map(Result::unwrap).collect();
    (child, lines)
}

#[test]
fn keys_are_in_no_log_no_response_and_no_core_dump() {
    let began = Instant::now();
    let dir = tempfile::tempdir().unwrap();
    let (mut serve, lines) = talkative(dir.path(), &["serve", "--listen", "127.0.0.1:0"], 3);
    let url = lines[0].strip_prefix("listening on ").unwrap();
    let key = lines[2].strip_prefix("API key ").unwrap();
    let upstream = ["gateway", "--upstream", url, "--listen", "127.0.0.1:0"];
    let (mut gateway, lines) = talkative(dir.path(), &upstream, 2);
    let remote = lines[0].strip_prefix("listening on ").unwrap();
    let mut said = String::new();
    for url in [url, remote] {
        for key in [key, WRONG] {
            let line = format!("X-API-Key: {key}");
            let lines = [line.as_str(), "Content-Type: application/json"];
            for body in [json(&["a"]), "{".to_owned(), json(&["a"]).replace("test-1", "?")] {
                let (_, head, body) = http(url, "POST", "/api/v1/ingest", &lines, &body);
                said += &(head + &body);
            }
            for path in ["/api/v1/plugins", "/metrics", "/readyz", "/nowhere"] {
                let (_, head, body) = http(url, "GET", path, &lines, "");
                said += &(head + &body);
            }
        }
    }
    said += &over_grpc(url, key);
    let added = command(&dir.path().join("home"))
        .args(["keys", "add", "--tenant", "ana", "--label", "l"])
        .output()
        .unwrap();
    let second = text(&added.stdout).trim().to_owned();
    said += &text(&added.stderr);
    said += &over_grpc(url, &second);
    crash(dir.path(), &mut serve);
    let _ = gateway.kill();
    let _ = gateway.wait();
    let log = fs::read_to_string(dir.path().join("log")).unwrap();
    assert!(
        log.contains("TRACE") && log.contains("responded"),
        "it has not outcome everything"
    );
    for secret in [key, WRONG, &second] {
        let core = secret.split('_').max_by_key(|part| part.len()).unwrap();
        assert!(core.len() >= 20, "{secret}");
        for (location, text) in [("log", &log), ("responses", &said)] {
            let line = text.lines().find(|line| line.contains(core));
            assert!(line.is_none(), "{location}: {line:?}");
        }
    }
    record(
        "Keys stay secret",
        "serve and gateway at log level trace, right and invalid keys on every transport, then a crash; a key in log, response or core",
        3,
        String::new(),
        began,
    );
}

fn over_grpc(url: &str, key: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut client = IngestServiceClient::connect(url.to_owned()).await.unwrap();
        let mut said = String::new();
        for key in [key, WRONG] {
            let message = IngestBatchRequest {
                batch: Some(batch(&["g"])),
            };
            said += &format!(
                "{:?}",
                client
                    .ingest_batch(with(key, message))
                    .await
                    .map_err(|e| e.to_string())
            );
            let requests = tokio_stream::iter([IngestRequest {
                sequence: 1,
                batch: Some(batch(&["h"])),
            }]);
            match client.ingest(with(key, requests)).await {
                Ok(responses) => said += &format!("{:?}", responses.into_inner().message().await),
                Err(status) => said += &format!("{status:?}"),
            }
        }
        said
    })
}

/// Ends it by a signal at which a core is written, where that is allowed.
fn crash(dir: &Path, child: &mut Child) {
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let fields: Vec<_> = core.split_whitespace().collect();
    assert!(["0", "1"].contains(&fields[4]), "{core}");
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
    let status = child.wait().unwrap();
    assert!(
        !std::os::unix::process::ExitStatusExt::core_dumped(&status),
        "{status:?}"
    );
    let cores = fs::read_dir(dir).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("core")
    });
    assert_eq!(cores.count(), 0);
}

//! `kill -9`: acknowledged events survive, and sending the same file again leaves every event in the vault once.
//!
//! The real binary receives 100,000 events from `openclone ingest` and is killed when a random share of them is in the vault.

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs,
    hash::{BuildHasher as _, RandomState},
    path::{Path, PathBuf},
    process::{Child, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::process::{Serve, command, text};
use tempfile::TempDir;

const EVENTS: usize = 100_000;
const BATCH: usize = 500;
/// Bytes that an event takes in the vault, at least: a kill after this many for each event comes before the end.
const EVENT_BYTES: u64 = 100;
const LIMITS_OFF: (&str, &str) = ("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "0");

/// A home, and a file of all events beside it.
struct Scene {
    dir: TempDir,
}

/// The output of `openclone ingest`.
#[derive(Debug)]
struct Outcome {
    code: Option<i32>,
    stored: usize,
    skipped: usize,
    stderr: String,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("events.ndjson"), all_events()).unwrap();
        Self { dir }
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn serve(&self, listen: &str) -> Serve {
        let is_first = !self.home().join(".env").exists();
        let mut serve = command(&self.home());
        serve
            .env(LIMITS_OFF.0, LIMITS_OFF.1)
            .args(["serve", "--listen", listen]);
        Serve::spawn(&mut serve, if is_first { 3 } else { 2 })
    }

    fn ingest(&self, url: &str, retry_for: &str) -> Child {
        command(&self.home())
            .args(["ingest", "--retry-for", retry_for, "--endpoint", url])
            .arg(self.dir.path().join("events.ndjson"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Kills the service when the vault has grown by a random share of what `events` events need.
    fn kill_in_the_middle(&self, serve: Serve, sender: &mut Child, events: usize) {
        let target = self.vault_bytes() + random_below(events as u64 * EVENT_BYTES);
        let start = Instant::now();
        while self.vault_bytes() < target {
            assert!(start.elapsed() < Duration::from_secs(60), "it does not get on");
            assert!(sender.try_wait().unwrap().is_none(), "it ended before the kill");
            thread::sleep(Duration::from_micros(200));
        }
        serve.kill();
    }

    fn vault_bytes(&self) -> u64 {
        files(&self.home().join("vault"))
            .iter()
            .filter_map(|path| Some(fs::metadata(path).ok()?.len()))
            .sum()
    }

    /// All that stands in the vault: the numbers of the events, in order, and how many different ids there are.
    fn vault(&self) -> (Vec<usize>, usize) {
        let (mut numbers, mut ids) = (Vec::new(), HashSet::new());
        for path in files(&self.home().join("vault")) {
            let content = fs::read_to_string(&path).unwrap();
            let (header, items) = content.split_once("\n---\n\n").unwrap();
            assert!(
                header.starts_with("---\nopenclone: 2\n"),
                "{}: {header}",
                path.display()
            );
            // Headings of hours and the blank lines around them belong to no entry.
            for line in items.lines().filter(|line| line.starts_with("- ")) {
                let (_, rest) = line.split_once("** time ").unwrap_or_else(|| panic!("{line}"));
                let (number, _) = rest.split_once(' ').unwrap();
                let (_, id) = line.rsplit_once(" ^oc-").unwrap_or_else(|| panic!("{line}"));
                numbers.push(number.parse().unwrap());
                ids.insert(id.to_owned());
            }
        }
        numbers.sort_unstable();
        (numbers, ids.len())
    }

    #[track_caller]
    fn assert_each_once(&self) {
        let (numbers, ids) = self.vault();
        assert!(numbers.into_iter().eq(0..EVENTS), "not every event once");
        assert_eq!(ids, EVENTS);
    }
}

/// Documented batches as NDJSON, of three source types; each third event is known by its content, the others by their
/// `raw_ref`.
fn all_events() -> String {
    let mut lines = String::new();
    for batch in 0..EVENTS / BATCH {
        let source_type = ["braindump", "notes", "journal"][batch % 3];
        write!(
            lines,
            r#"{{"source_type":"{source_type}","platform":"linux","device_id":"550e8400-e29b-41d4-a716-446655440000","plugin_id":"crash-test","plugin_version":"1.0.0","timestamp":1708258800.0,"events":["#
        )
        .unwrap();
        for number in batch * BATCH..(batch + 1) * BATCH {
            let comma = if number % BATCH == 0 { "" } else { "," };
            let raw_ref = match number % 3 {
                0 => String::new(),
                _ => format!(r#","raw_ref":"ref-{number}""#),
            };
            write!(
                lines,
                r#"{comma}{{"timestamp":1708258800.5,"data":{{"text":"time {number} of a day"}}{raw_ref}}}"#
            )
            .unwrap();
        }
        lines.push_str("]}\n");
    }
    lines
}

/// The daily files of a vault.
fn files(vault: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(vault).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

fn random_below(limit: u64) -> u64 {
    // each state has random keys
    RandomState::new().hash_one(()) % limit
}

fn outcome(output: &Output) -> Outcome {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let counts = stdout
        .trim_end()
        .strip_prefix("stored ")
        .and_then(|rest| rest.split_once(", skipped "));
    let (stored, skipped) = counts.unwrap_or_else(|| panic!("{stdout:?} {stderr}"));
    Outcome {
        code: output.status.code(),
        stored: stored.parse().unwrap(),
        skipped: skipped.parse().unwrap(),
        stderr,
    }
}

#[test]
fn kill_9_loses_and_duplicates_nothing() {
    let scene = Scene::new();
    for _ in 0..3 {
        let serve = scene.serve("127.0.0.1:0");
        let mut sender = scene.ingest(&serve.url, "0");
        scene.kill_in_the_middle(serve, &mut sender, EVENTS / 3);
        let outcome = outcome(&sender.wait_with_output().unwrap());
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(
            outcome.stderr.contains("nothing will be duplicated"),
            "{outcome:?}"
        );
    }
    let serve = scene.serve("127.0.0.1:0");
    let last = outcome(&scene.ingest(&serve.url, "0").wait_with_output().unwrap());
    assert_eq!(
        (last.code, last.stored + last.skipped),
        (Some(0), EVENTS),
        "{last:?}"
    );
    scene.assert_each_once();
    let again = outcome(&scene.ingest(&serve.url, "0").wait_with_output().unwrap());
    assert_eq!((again.stored, again.skipped), (0, EVENTS), "{again:?}");
    assert_eq!(serve.terminate(), Some(0));
    scene.assert_each_once();
}

#[test]
fn acknowledged_events_survive_kill_9() {
    let scene = Scene::new();
    let serve = scene.serve("127.0.0.1:0");
    let mut sender = scene.ingest(&serve.url, "0");
    scene.kill_in_the_middle(serve, &mut sender, EVENTS);
    let answered = outcome(&sender.wait_with_output().unwrap()).stored;
    // the start completes what the journal has
    assert_eq!(scene.serve("127.0.0.1:0").terminate(), Some(0));
    let (numbers, ids) = scene.vault();
    assert!(
        numbers.len() >= answered,
        "{} of {answered} answered",
        numbers.len()
    );
    assert_eq!(ids, numbers.len(), "something stands there twice");
}

#[test]
fn sender_resumes_after_kill_9() {
    let scene = Scene::new();
    let serve = scene.serve("127.0.0.1:0");
    let url = serve.url.clone();
    let mut sender = scene.ingest(&url, "60");
    scene.kill_in_the_middle(serve, &mut sender, EVENTS);
    let serve = scene.serve(url.strip_prefix("http://").unwrap());
    let outcome = outcome(&sender.wait_with_output().unwrap());
    assert_eq!(
        (outcome.code, outcome.stored + outcome.skipped),
        (Some(0), EVENTS),
        "{outcome:?}"
    );
    scene.assert_each_once();
    assert_eq!(serve.terminate(), Some(0));
}

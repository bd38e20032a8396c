//! The table: what `cases.json` may say.
//!
//! A step is an object with one member, the name of a variant of [`Step`]: `{"flush": {"timeout": 5}}`. Steps come one
//! after the other; a response that differs from what a step expects fails the case.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::proxy::Fault;

/// One row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Kebab-case; part of the plugin's id.
    pub(crate) name: String,
    /// What it shows, in one line.
    pub(crate) about: String,
    /// Over the runner's own options, for each `open` of the case.
    #[serde(default)]
    pub(crate) options: Map<String, Value>,
    /// Variables for the service.
    #[serde(default)]
    pub(crate) server: BTreeMap<String, String>,
    /// Whether the state directory is on a file system of 2 MiB; skipped where none can be mounted.
    #[serde(default)]
    pub(crate) small_disk: bool,
    /// Whether it is also played with `--quick`.
    #[serde(default)]
    pub(crate) quick: bool,
    /// Whether it is played only with `--long`.
    #[serde(default)]
    pub(crate) long: bool,
    /// Seconds it may take.
    #[serde(default = "default_limit")]
    pub(crate) limit: f64,
    pub(crate) steps: Vec<Step>,
    #[serde(default)]
    pub(crate) expect: Expect,
}

/// What is done next, and what is expected of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// Makes a client; `error` is the name of the error expected. With `manifest`, of the plugin that the step `plugin` has
    /// written. `{dir}` at the beginning of an option is the directory of the case.
    Open {
        #[serde(default)]
        manifest: bool,
        #[serde(default)]
        options: Map<String, Value>,
        error: Option<String>,
    },
    /// Sends events as they stand here. A member `ahead` of an event becomes a timestamp so many seconds from now.
    Send {
        events: Vec<Map<String, Value>>,
        error: Option<String>,
        index: Option<usize>,
    },
    /// Sends `count` events with `bytes` of text each. With `error` it ends at that error, wherever it comes.
    Bulk {
        prefix: String,
        count: usize,
        bytes: usize,
        error: Option<String>,
    },
    /// Has the driver send `count` events of its own.
    Generate {
        prefix: String,
        count: usize,
        error: Option<String>,
    },
    /// Opens a client for each source type, sends the documented events of `tests/data`, and closes it.
    Samples {
        typed: bool,
    },
    Flush {
        timeout: f64,
        error: Option<String>,
    },
    Close {
        timeout: f64,
        error: Option<String>,
    },
    /// The figures named are exactly these, at the latest after `within` seconds (0: at once).
    Stats {
        are: BTreeMap<String, u64>,
        #[serde(default)]
        within: f64,
    },
    /// `on_error` was reported all of `errors`, `on_rejected` exactly `rejected`, at the latest after `within` seconds.
    Reported {
        #[serde(default)]
        errors: Vec<String>,
        #[serde(default)]
        rejected: Vec<String>,
        #[serde(default)]
        within: f64,
    },
    /// Writes `plugin.json` (the id is the runner's) and `openclone.conf`, and installs the plugin into the service.
    Plugin {
        manifest: Map<String, Value>,
        conf: String,
    },
    /// The client's settings are these.
    Config(Value),
    /// Writes a file of the directory that plugins share, or removes it.
    Share {
        path: String,
        text: Option<String>,
    },
    /// Whether capture is paused.
    Paused(bool),
    /// Writes the key that the service takes, or another one, to the file `key` in the directory of the case.
    Key {
        good: bool,
    },
    /// `on_recovered` was called so many times, at the latest after `within` seconds.
    Recovered {
        times: u64,
        within: f64,
    },
    ReportHealth {
        state: String,
        reason: String,
    },
    /// The service shows this report, at the latest after `within` seconds.
    Health {
        state: String,
        reason: String,
        within: f64,
    },
    /// SIGINT: the driver ends soon, and says how many events stay queued.
    Interrupt {},
    /// Prints the client; that it does not show the key is checked in any case.
    Show {},
    /// What the proxy does from now on; `null` forwards everything. Open connections are closed.
    Fault(Option<Fault>),
    Server(Action),
    /// `kill` is SIGKILL, `stop` SIGTERM; `restart` is SIGKILL and a new process.
    Driver(Action),
    /// Damages the last segment of the spool while no driver runs.
    Damage(Damage),
    /// Fills the small disk up, or frees it again.
    Disk(Disk),
    Sleep(f64),
    /// Repairs the dead letter of this `raw_ref`, and sends it with `openclone ingest`.
    Repair(String),
    /// A second driver of each SDK that is there opens a client with the same state directory.
    Rival {
        error: String,
    },
    /// The driver itself opens a second client with the same state directory: in another thread, and by another copy of the
    /// package where the language has such a thing.
    RivalInside {
        error: String,
    },
    /// The last batches went over this protocol: `json` or `grpc`; the other one was not used since the case began if `only`.
    Went {
        over: String,
        #[serde(default)]
        only: bool,
        /// Requests of this protocol, at most.
        most: Option<u64>,
    },
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Start,
    Stop,
    Kill,
    Restart,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Damage {
    /// Cuts the last three bytes off.
    Truncate,
    /// Turns a bit in the payload of the frame in the middle.
    Flip,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Disk {
    Fill,
    Free,
}

/// How the case ends. Without a word here every event that was queued is in the vault.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// `raw_ref`s of the events in `dead-letter/`, no others.
    #[serde(default)]
    pub(crate) dead_letter: Vec<String>,
    /// `raw_ref`s that may be nowhere.
    #[serde(default)]
    pub(crate) lost: Vec<String>,
    /// Some events were dropped: those that are nowhere are as many as the client counted as `dropped`, and more than none.
    #[serde(default)]
    pub(crate) dropped: bool,
    /// A copy of a damaged segment is in `dead-letter/`; what stood behind the damage may be nowhere else.
    #[serde(default)]
    pub(crate) copied_segment: bool,
}

fn default_limit() -> f64 {
    20.0
}

/// Reads the table.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no table of cases", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_can_be_read_and_names_are_unique_and_fit_into_a_plugin_id() {
        let cases = read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases.json"))).unwrap();
        let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), cases.len());
        for name in names {
            assert!(name.len() <= 50, "{name}");
            let is_part = |part: &str| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            };
            assert!(name.split('-').all(is_part), "{name}");
        }
    }
}

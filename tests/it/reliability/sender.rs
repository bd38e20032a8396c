//! Sends batches to a service over HTTP, records the responses, and checks the vault against them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use super::faulty_service;
use crate::process::{self, Serve};
use openclone_test_support::scoreboard::Against;

const KEY: &str = "key-of-the-reliability-tests";
/// Events in a batch.
const EVENTS: u32 = 4;

/// What was sent, and what was answered 200.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) home: PathBuf,
    /// Whose writer the service has.
    pub(crate) against: Against,
    /// Characters in each event's text.
    size: usize,
    pub(crate) sent: BTreeSet<u32>,
    pub(crate) acknowledged: BTreeSet<u32>,
}

/// An response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) stored: u32,
    pub(crate) skipped: u32,
}

impl Sender {
    pub(crate) fn new(home: PathBuf, size: usize) -> Self {
        Self::with(home, size, Against::Ours)
    }

    pub(crate) fn with(home: PathBuf, size: usize, against: Against) -> Self {
        Self {
            home,
            against,
            size,
            sent: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
        }
    }

    /// `openclone serve` without limits of rate.
    pub(crate) fn serve(&self) -> Serve {
        self.serve_limited(":")
    }

    /// As [`Self::serve`], after a line of shell.
    pub(crate) fn serve_limited(&self, limits: &str) -> Serve {
        let mut command = match self.against {
            Against::Ours => {
                let mut command = process::limited(&self.home, limits);
                command.args(["serve", "--listen", "127.0.0.1:0"]);
                command
            }
            invalid => faulty_service::command(invalid, &self.home, limits),
        };
        command
            .env("API_KEY", KEY)
            .env("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "0")
            .env("OPENCLONE_VAULT__MIN_FREE", "0");
        Serve::spawn(&mut command, 2)
    }

    /// Sends a batch; an error when no response came.
    pub(crate) fn send(&mut self, url: &str, batch: u32) -> io::Result<Outcome> {
        self.sent.insert(batch);
        let outcome = post(url, &body(batch, self.size))?;
        if outcome.status == 200 {
            self.acknowledged.insert(batch);
        }
        Ok(outcome)
    }

    /// Every acknowledged event is there once, none is there twice, and no line is broken.
    pub(crate) fn check(&self) -> Result<(), String> {
        let counts = count(&self.home.join("vault"))?;
        for event in self.acknowledged.iter().flat_map(|batch| events_of(*batch)) {
            if counts.get(&event) != Some(&1) {
                return Err(format!(
                    "acknowledged event {event} stands there {:?} times",
                    counts.get(&event)
                ));
            }
        }
        match counts.iter().find(|(_, count)| **count > 1) {
            Some((event, count)) => Err(format!("event {event} stands there {count} times")),
            None => Ok(()),
        }
    }

    /// Everything again that has no response (or really everything), and each event is there once.
    pub(crate) fn resend(&mut self, url: &str, everything: bool) -> Result<(), String> {
        for batch in self.sent.clone() {
            if everything || !self.acknowledged.contains(&batch) {
                let outcome = self
                    .send(url, batch)
                    .map_err(|error| format!("batch {batch} again: {error}"))?;
                if outcome.status != 200 || outcome.stored + outcome.skipped != EVENTS {
                    return Err(format!("batch {batch} again: {outcome:?}"));
                }
            }
        }
        self.check()
    }
}

/// Sends a body; an error when no response came.
pub(crate) fn post(url: &str, body: &str) -> io::Result<Outcome> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let length = body.len();
    write!(
        stream,
        "POST /api/v1/ingest HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-API-Key: {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    outcome(&response).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn outcome(response: &str) -> Option<Outcome> {
    let (head, body) = response.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let number = |name| {
        body[name]
            .as_u64()
            .map_or(0, |number| u32::try_from(number).unwrap())
    };
    Some(Outcome {
        status,
        stored: number("stored"),
        skipped: number("skipped"),
    })
}

fn events_of(batch: u32) -> std::ops::Range<u32> {
    batch * EVENTS..(batch + 1) * EVENTS
}

/// A documented batch; every other event is known by its content only.
pub(crate) fn body(batch: u32, size: usize) -> String {
    let mut body = String::from(
        r#"{"source_type":"braindump","platform":"linux","device_id":"test-001","plugin_id":"reliability","plugin_version":"1.0.0","timestamp":1708258800.0,"events":["#,
    );
    let text = "word ".repeat(size / 5);
    for event in events_of(batch) {
        let comma = if event % EVENTS == 0 { "" } else { "," };
        let raw_ref = if event % 2 == 0 {
            String::new()
        } else {
            format!(r#","raw_ref":"ref-{event}""#)
        };
        write!(
            body,
            r#"{comma}{{"timestamp":1708258800.5,"data":{{"text":"time {event} {text}end"}}{raw_ref}}}"#
        )
        .unwrap();
    }
    body + "]}"
}

/// How often each event stands in a vault.
fn count(vault: &Path) -> Result<BTreeMap<u32, u32>, String> {
    let mut counts = BTreeMap::new();
    for path in fs::read_dir(vault.join("Braindump"))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
    {
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (_, items) = text
            .split_once("\n---\n\n")
            .ok_or_else(|| format!("{}: no header", path.display()))?;
        for line in items.lines() {
            let event =
                event_of(line).ok_or_else(|| format!("{}: a broken line: {line:.200}", path.display()))?;
            *counts.entry(event).or_default() += 1;
        }
    }
    Ok(counts)
}

fn event_of(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once("** time ")?;
    let is_whole = rest.contains("end") && rest.contains(" ^oc-") && !line.contains('\0');
    rest.split(' ').next().filter(|_| is_whole)?.parse().ok()
}

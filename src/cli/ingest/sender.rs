//! Sends batches over one stream, and over a new one when it is lost.
//!
//! Batches without an outcome are sent again; the service skips those that it has stored.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use openclone_client::{
    stream::{Backoff, Failure, Hint, Outcome, Stream, Violation, WINDOW},
    v1::{Batch, IngestRequest},
};
use prost::Message as _;
use tokio::{sync::mpsc, time::sleep};
use tonic::{
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

use super::{Found, Origin, Summary, progress::Progress};

/// The first delay before another attempt.
const RETRY_BASE: Duration = Duration::from_millis(200);
/// The longest delay, unless the service asks for more.
const RETRY_CAP: Duration = Duration::from_secs(5);
/// Violations printed for a batch, at most.
const LISTED: usize = 5;

/// The service to send to, and how long to try.
pub(super) struct Service {
    pub(super) channel: Channel,
    pub(super) key: MetadataValue<Ascii>,
    pub(super) uri: String,
    pub(super) retry_for: Duration,
}

/// Sends batches.
pub(super) struct Sender {
    service: Service,
    progress: Progress,
    /// Batches without an outcome, oldest first.
    window: VecDeque<Sent>,
    backoff: Backoff,
    failing_since: Option<Instant>,
    is_input_done: bool,
    is_broken: bool,
    summary: Summary,
}

/// The result of sending.
pub(super) struct Sending {
    pub(super) summary: Summary,
    /// Whether a file could not be read to its end.
    pub(super) is_broken: bool,
    pub(super) end: anyhow::Result<()>,
}

/// A batch without an outcome.
struct Sent {
    origin: Origin,
    batch: Batch,
    bytes: u64,
}

impl Sender {
    pub(super) fn new(service: Service, progress: Progress) -> Self {
        Self {
            service,
            progress,
            window: VecDeque::new(),
            backoff: Backoff::new(RETRY_BASE, RETRY_CAP),
            failing_since: None,
            is_input_done: false,
            is_broken: false,
            summary: Summary::default(),
        }
    }

    /// Sends all batches until each has its outcome or the retry limit is reached.
    pub(super) async fn send_all(mut self, mut finds: mpsc::Receiver<Found>) -> Sending {
        let end = loop {
            let Err(failure) = self.run_stream(&mut finds).await else {
                break Ok(());
            };
            let is_final = matches!(failure, Failure::Denied(_)) || failure.hint() == Hint::NotImplemented;
            let failing_since = *self.failing_since.get_or_insert_with(Instant::now);
            if is_final || failing_since.elapsed() >= self.service.retry_for {
                break Err(self.gave_up(&failure));
            }
            sleep(self.backoff.next(failure.retry_after())).await;
        };
        Sending {
            summary: self.summary,
            is_broken: self.is_broken,
            end,
        }
    }

    /// Runs one stream until everything has its outcome.
    async fn run_stream(&mut self, finds: &mut mpsc::Receiver<Found>) -> Result<(), Failure> {
        let Service { channel, key, .. } = &self.service;
        let mut stream = Stream::open(channel.clone(), key.clone()).await?;
        for sent in &self.window {
            sent.send(&mut stream);
        }
        while !(self.is_input_done && self.window.is_empty()) {
            tokio::select! {
                outcome = stream.next() => {
                    let ended = || Failure::again("the service ended the stream");
                    self.apply(outcome?.ok_or_else(ended)?)?;
                }
                found = finds.recv(), if !self.is_input_done && self.window.len() < WINDOW => {
                    self.take(found, &mut stream);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, found: Option<Found>, stream: &mut Stream) {
        match found {
            None => self.is_input_done = true,
            Some(Found::Batch { origin, batch, bytes }) => {
                let sent = Sent { origin, batch, bytes };
                sent.send(stream);
                self.window.push_back(sent);
            }
            Some(Found::Invalid {
                origin,
                reason,
                bytes,
            }) => {
                self.summary.rejected += 1;
                self.progress.report(&format!("{origin}: {reason}"));
                self.progress.advance(bytes, &self.summary);
            }
            Some(Found::Broken { origin, reason }) => {
                self.is_broken = true;
                self.progress.report(&format!("{origin}: {reason}"));
            }
        }
    }

    /// Applies the outcome of the oldest batch.
    fn apply(&mut self, outcome: Outcome) -> Result<(), Failure> {
        let violations = match outcome {
            Outcome::Failed(failure) => return Err(failure),
            Outcome::Accepted { stored, skipped } => {
                self.summary.stored += stored;
                self.summary.skipped += skipped;
                Vec::new()
            }
            Outcome::Rejected(violations) => violations,
        };
        let Some(sent) = self.window.pop_front() else {
            return Ok(());
        };
        if !violations.is_empty() {
            self.summary.rejected += sent.batch.events.len().max(1) as u64;
            self.progress
                .report(&format!("{}: {}", sent.origin, list(&violations)));
        }
        self.backoff.reset();
        self.failing_since = None;
        self.progress.advance(sent.bytes, &self.summary);
        Ok(())
    }

    fn gave_up(&self, failure: &Failure) -> anyhow::Error {
        let (uri, open) = (&self.service.uri, self.window.len());
        anyhow::anyhow!(
            "{uri}: {failure}; {open} batches have no response and the rest was not sent; run the command again, nothing will be duplicated"
        )
    }
}

impl Sent {
    fn send(&self, stream: &mut Stream) {
        stream.send(|sequence| {
            let request = IngestRequest {
                sequence,
                batch: Some(self.batch.clone()),
            };
            Bytes::from(request.encode_to_vec())
        });
    }
}

fn list(violations: &[Violation]) -> String {
    let listed = violations
        .iter()
        .take(LISTED)
        .map(|violation| violation.text.as_str());
    listed.collect::<Vec<_>>().join("; ")
}

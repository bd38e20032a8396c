//! Sends batches over one stream, up to 32 ahead of their answers, and starts a new stream when one is lost: what has no
//! answer is sent again, and the service skips what it has. What the service refuses for now is sent again after one
//! wait, all of it together and before anything new.

use std::{collections::VecDeque, time::Duration};

use openclone_client::v1::{
    Batch, IngestRequest, IngestResponse, ingest_response::Outcome,
    ingest_service_client::IngestServiceClient,
};
use tokio::{sync::mpsc, time::sleep};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Status, Streaming,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};
use tonic_types::StatusExt as _;

use super::{
    Found, IN_FLIGHT, Origin, Summary,
    progress::Progress,
    retry::{Retry, is_transient},
};

/// Sends batches.
pub(super) struct Sender {
    client: IngestServiceClient<Channel>,
    key: MetadataValue<Ascii>,
    uri: String,
    retry: Retry,
    progress: Progress,
    window: VecDeque<Sent>,
    /// What was refused for now, and the last reason.
    refused: VecDeque<Sent>,
    refusal: Option<Status>,
    next_sequence: u64,
    is_input_done: bool,
    is_broken: bool,
    summary: Summary,
}

/// How it went.
pub(super) struct Sending {
    pub(super) summary: Summary,
    /// Whether a file could not be read to its end.
    pub(super) is_broken: bool,
    pub(super) end: anyhow::Result<()>,
}

/// A batch without an answer.
struct Sent {
    sequence: u64,
    origin: Origin,
    batch: Batch,
    bytes: u64,
}

struct Stream {
    requests: mpsc::Sender<IngestRequest>,
    answers: Streaming<IngestResponse>,
}

impl Sender {
    pub(super) fn new(
        channel: Channel,
        key: MetadataValue<Ascii>,
        uri: String,
        retry_for: Duration,
        progress: Progress,
    ) -> Self {
        Self {
            client: IngestServiceClient::new(channel),
            key,
            uri,
            retry: Retry::new(retry_for),
            progress,
            window: VecDeque::new(),
            refused: VecDeque::new(),
            refusal: None,
            next_sequence: 1,
            is_input_done: false,
            is_broken: false,
            summary: Summary::default(),
        }
    }

    /// Sends all that is found, until every batch has its answer or the service is given up.
    pub(super) async fn send_all(mut self, mut finds: mpsc::Receiver<Found>) -> Sending {
        let end = loop {
            let lost = match self.run_stream(&mut finds).await {
                Ok(()) => break Ok(()),
                Err(lost) => lost,
            };
            match self.retry.wait(&lost) {
                Some(wait) => sleep(wait).await,
                None => break Err(self.given_up(&lost)),
            }
        };
        Sending {
            summary: self.summary,
            is_broken: self.is_broken,
            end,
        }
    }

    /// One stream from its opening to its end; `Err` when it was lost.
    async fn run_stream(&mut self, finds: &mut mpsc::Receiver<Found>) -> Result<(), Status> {
        self.window.append(&mut self.refused);
        let mut stream = self.open().await?;
        for sent in &self.window {
            stream.send(sent).await?;
        }
        while !(self.is_input_done && self.window.is_empty() && self.refused.is_empty()) {
            if self.window.is_empty() && !self.refused.is_empty() {
                self.send_refused_again(&stream).await?;
            }
            let has_room = !self.is_input_done && self.refused.is_empty() && self.window.len() < IN_FLIGHT;
            tokio::select! {
                answer = stream.answers.message(), if !self.window.is_empty() => {
                    let answer = answer?.ok_or_else(|| Status::unavailable("the service ended the stream"))?;
                    self.wait(answer);
                }
                found = finds.recv(), if has_room => self.take(found, &stream).await?,
            }
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<Stream, Status> {
        // all of the window fits, so sending never waits
        let (requests, receiver) = mpsc::channel(IN_FLIGHT);
        let mut request = Request::new(ReceiverStream::new(receiver));
        request.metadata_mut().insert("x-api-key", self.key.clone());
        let answers = self.client.ingest(request).await?.into_inner();
        Ok(Stream { requests, answers })
    }

    async fn take(&mut self, found: Option<Found>, stream: &Stream) -> Result<(), Status> {
        match found {
            None => self.is_input_done = true,
            Some(Found::Batch { origin, batch, bytes }) => {
                let sent = Sent {
                    sequence: self.sequence(),
                    origin,
                    batch,
                    bytes,
                };
                let handed = stream.send(&sent).await;
                // without an answer it is sent again, so it stays even if the stream is lost
                self.window.push_back(sent);
                handed?;
            }
            Some(Found::Fault {
                origin,
                reason,
                bytes,
            }) => {
                self.summary.rejected += 1;
                self.progress.tell(&format!("{origin}: {reason}"));
                self.progress.advance(bytes, &self.summary);
            }
            Some(Found::Broken { origin, reason }) => {
                self.is_broken = true;
                self.progress.tell(&format!("{origin}: {reason}"));
            }
        }
        Ok(())
    }

    fn wait(&mut self, answer: IngestResponse) {
        let has_sequence = |sent: &Sent| sent.sequence == answer.sequence;
        let Some(sent) = self
            .window
            .iter()
            .position(has_sequence)
            .and_then(|index| self.window.remove(index))
        else {
            return;
        };
        let error = match answer.outcome {
            Some(Outcome::Result(result)) => {
                self.summary.stored += u64::from(result.stored);
                self.summary.skipped += u64::from(result.skipped);
                return self.settled(&sent);
            }
            Some(Outcome::Error(error)) => to_status(error),
            None => Status::unavailable("an answer without outcome"),
        };
        if is_transient(&error) {
            self.refused.push_back(sent);
            self.refusal = Some(error);
            return;
        }
        self.summary.rejected += sent.batch.events.len().max(1) as u64;
        self.progress
            .tell(&format!("{}: {}", sent.origin, explain(&error)));
        self.settled(&sent);
    }

    fn settled(&mut self, sent: &Sent) {
        self.retry.progressed();
        self.progress.advance(sent.bytes, &self.summary);
    }

    async fn send_refused_again(&mut self, stream: &Stream) -> Result<(), Status> {
        self.window.append(&mut self.refused);
        let Some(refusal) = self.refusal.take() else {
            return Ok(());
        };
        match self.retry.wait(&refusal) {
            Some(wait) => sleep(wait).await,
            None => return Err(refusal),
        }
        for sent in &self.window {
            stream.send(sent).await?;
        }
        Ok(())
    }

    fn sequence(&mut self) -> u64 {
        self.next_sequence += 1;
        self.next_sequence - 1
    }

    fn given_up(&self, lost: &Status) -> anyhow::Error {
        let open = self.window.len();
        anyhow::anyhow!(
            "{}: {}; {open} batches have no answer and the rest was not sent: run it again, nothing will be doubled",
            self.uri,
            explain(lost)
        )
    }
}

impl Stream {
    async fn send(&self, sent: &Sent) -> Result<(), Status> {
        let request = IngestRequest {
            sequence: sent.sequence,
            batch: Some(sent.batch.clone()),
        };
        self.requests
            .send(request)
            .await
            .map_err(|_| Status::unavailable("the stream was lost"))
    }
}

fn to_status(error: tonic_types::Status) -> Status {
    use prost::Message as _;
    let details = error.encode_to_vec();
    Status::with_details(tonic::Code::from(error.code), error.message, details.into())
}

/// The message, and the fields at fault.
fn explain(status: &Status) -> String {
    let fields = status
        .get_details_bad_request()
        .map(|bad| bad.field_violations)
        .unwrap_or_default();
    if fields.is_empty() {
        return innermost(status);
    }
    let fields: Vec<_> = fields
        .iter()
        .take(5)
        .map(|fault| format!("{} {}", fault.field, fault.description))
        .collect();
    fields.join("; ")
}

/// Transport errors say the least at the top.
fn innermost(status: &Status) -> String {
    let mut source = std::error::Error::source(status);
    let mut text = status.message().to_owned();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

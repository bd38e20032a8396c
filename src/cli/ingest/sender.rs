//! Sends batches over one stream, up to 32 ahead of their responses, and opens a new stream when one is lost.
//!
//! Batches without a response are sent again; the service skips those that it has stored. Batches that the service rejects
//! temporarily are sent again together after one delay, before any new batch.

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
    /// Batches rejected temporarily, and the last reason.
    rejected: VecDeque<Sent>,
    rejection: Option<Status>,
    next_sequence: u64,
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

/// A batch without a response.
struct Sent {
    sequence: u64,
    origin: Origin,
    batch: Batch,
    bytes: u64,
}

struct Stream {
    requests: mpsc::Sender<IngestRequest>,
    responses: Streaming<IngestResponse>,
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
            rejected: VecDeque::new(),
            rejection: None,
            next_sequence: 1,
            is_input_done: false,
            is_broken: false,
            summary: Summary::default(),
        }
    }

    /// Sends all batches until each has its response or the retry limit is reached.
    pub(super) async fn send_all(mut self, mut finds: mpsc::Receiver<Found>) -> Sending {
        let end = loop {
            let lost = match self.run_stream(&mut finds).await {
                Ok(()) => break Ok(()),
                Err(lost) => lost,
            };
            match self.retry.wait(&lost) {
                Some(wait) => sleep(wait).await,
                None => break Err(self.gave_up(&lost)),
            }
        };
        Sending {
            summary: self.summary,
            is_broken: self.is_broken,
            end,
        }
    }

    /// Runs one stream to its end; `Err` when it was lost.
    async fn run_stream(&mut self, finds: &mut mpsc::Receiver<Found>) -> Result<(), Status> {
        self.window.append(&mut self.rejected);
        let mut stream = self.open().await?;
        for sent in &self.window {
            stream.send(sent).await?;
        }
        while !(self.is_input_done && self.window.is_empty() && self.rejected.is_empty()) {
            if self.window.is_empty() && !self.rejected.is_empty() {
                self.send_rejected_again(&stream).await?;
            }
            let accepts_more =
                !self.is_input_done && self.rejected.is_empty() && self.window.len() < IN_FLIGHT;
            tokio::select! {
                response = stream.responses.message(), if !self.window.is_empty() => {
                    let response = response?.ok_or_else(|| Status::unavailable("the service ended the stream"))?;
                    self.handle_response(response);
                }
                found = finds.recv(), if accepts_more => self.take(found, &stream).await?,
            }
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<Stream, Status> {
        // the channel holds the whole window, so sending never waits
        let (requests, receiver) = mpsc::channel(IN_FLIGHT);
        let mut request = Request::new(ReceiverStream::new(receiver));
        request.metadata_mut().insert("x-api-key", self.key.clone());
        let responses = self.client.ingest(request).await?.into_inner();
        Ok(Stream { requests, responses })
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
                // kept even if the stream is lost, to be sent again
                self.window.push_back(sent);
                handed?;
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
        Ok(())
    }

    fn handle_response(&mut self, response: IngestResponse) {
        let has_sequence = |sent: &Sent| sent.sequence == response.sequence;
        let Some(sent) = self
            .window
            .iter()
            .position(has_sequence)
            .and_then(|index| self.window.remove(index))
        else {
            return;
        };
        let error = match response.outcome {
            Some(Outcome::Result(result)) => {
                self.summary.stored += u64::from(result.stored);
                self.summary.skipped += u64::from(result.skipped);
                return self.complete(&sent);
            }
            Some(Outcome::Error(error)) => to_status(error),
            None => Status::unavailable("the response has no outcome"),
        };
        if is_transient(&error) {
            self.rejected.push_back(sent);
            self.rejection = Some(error);
            return;
        }
        self.summary.rejected += sent.batch.events.len().max(1) as u64;
        self.progress
            .report(&format!("{}: {}", sent.origin, explain(&error)));
        self.complete(&sent);
    }

    fn complete(&mut self, sent: &Sent) {
        self.retry.progressed();
        self.progress.advance(sent.bytes, &self.summary);
    }

    async fn send_rejected_again(&mut self, stream: &Stream) -> Result<(), Status> {
        self.window.append(&mut self.rejected);
        let Some(rejection) = self.rejection.take() else {
            return Ok(());
        };
        match self.retry.wait(&rejection) {
            Some(wait) => sleep(wait).await,
            None => return Err(rejection),
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

    fn gave_up(&self, lost: &Status) -> anyhow::Error {
        let open = self.window.len();
        anyhow::anyhow!(
            "{}: {}; {open} batches have no response and the rest was not sent; run the command again, nothing will be duplicated",
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

/// The message, or the invalid fields.
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
        .map(|error| format!("{} {}", error.field, error.description))
        .collect();
    fields.join("; ")
}

/// The innermost source of a transport error, which says most.
fn innermost(status: &Status) -> String {
    let mut source = std::error::Error::source(status);
    let mut text = status.message().to_owned();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

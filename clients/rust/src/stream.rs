//! One gRPC stream of batches: encoded requests go in, the outcome of each batch comes out, in the same order.
//!
//! This is the layer below the SDK's spool, for programs that keep their batches themselves, such as `openclone ingest`.
//! The caller keeps each batch until its outcome is known, has at most [`WINDOW`] without one, and sends those again over a
//! new stream when a stream is lost. The service skips what it has stored, so that is safe.

mod backoff;
mod codec;
mod outcome;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

use self::codec::Encoded;
use crate::v1::{IngestResponse, ingest_response};

pub use backoff::Backoff;
pub use outcome::{Failure, Hint, Outcome, Violation};

/// Batches without an outcome, at most; the service has no more in flight either.
pub const WINDOW: usize = 32;

const PATH: &str = "/openclone.v1.IngestService/Ingest";

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    requests: mpsc::Sender<Bytes>,
    responses: Streaming<IngestResponse>,
    sent: u64,
    received: u64,
}

impl Stream {
    /// Opens a stream over `channel` with an API key.
    ///
    /// # Errors
    /// When the service cannot be reached or rejects the key.
    pub async fn open(channel: Channel, key: MetadataValue<Ascii>) -> Result<Self, Failure> {
        let mut client = Grpc::new(channel);
        client
            .ready()
            .await
            .map_err(|error| Failure::of_transport(&error))?;
        let (requests, queue) = mpsc::channel(WINDOW);
        let mut request = Request::new(ReceiverStream::new(queue));
        request.metadata_mut().insert("x-api-key", key);
        let opened = client
            .streaming(request, PathAndQuery::from_static(PATH), Encoded)
            .await;
        Ok(Self {
            requests,
            responses: opened.map_err(|status| Failure::of_status(&status))?.into_inner(),
            sent: 0,
            received: 0,
        })
    }

    /// Sends a batch: `encode` returns the encoded `IngestRequest` with that sequence. Never waits.
    pub fn send(&mut self, encode: impl FnOnce(u64) -> Bytes) {
        // never full, see `WINDOW`; closed when the stream has ended, which `next` reports
        let _ = self.requests.try_send(encode(self.sent));
        self.sent += 1;
    }

    /// The outcome of the oldest batch without one; `None` when the service ended the stream while none was outstanding.
    /// Cancelling it loses nothing.
    ///
    /// # Errors
    /// When the stream was lost, or the responses do not match the requests.
    pub async fn next(&mut self) -> Result<Option<Outcome>, Failure> {
        let response = self.responses.message().await;
        let Some(response) = response.map_err(|status| Failure::of_status(&status))? else {
            return match self.received == self.sent {
                true => Ok(None),
                false => Err(Failure::again("the service ended the stream")),
            };
        };
        if response.sequence != self.received || self.received == self.sent {
            return Err(Failure::again("the service responded out of order"));
        }
        self.received += 1;
        Ok(Some(match response.outcome {
            Some(ingest_response::Outcome::Result(result)) => Outcome::Accepted {
                stored: result.stored.into(),
                skipped: result.skipped.into(),
            },
            Some(ingest_response::Outcome::Error(error)) => Outcome::of_error(&error),
            None => Outcome::Failed(Failure::again("the service gave a response without an outcome")),
        }))
    }
}

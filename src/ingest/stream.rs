//! One stream of batches: a task reads and hands each to the writer, and the answers wait in the order of the requests.
//!
//! Answers that were not fetched yet are bounded, so a client that does not read them, or sends faster than the disk
//! takes, is no longer read from, and HTTP/2 flow control holds it. A batch once handed to the writer is completed even
//! if the client goes away.

use std::{pin::Pin, sync::Arc};

use openclone_client::v1::{IngestRequest, IngestResponse, ingest_response::Outcome};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt as _, wrappers::ReceiverStream};
use tonic::{Status, Streaming};

use super::refused;
use crate::{
    admission::Way,
    auth::Principal,
    error::IngestError,
    pipeline::{Pending, Pipeline},
};

type Answers = Pin<Box<dyn Stream<Item = Result<IngestResponse, Status>> + Send>>;

/// What the reader knows of an answer.
enum Coming {
    Pending(u64, Pending),
    Refused(u64, IngestError),
    /// The stream itself is at an end.
    Last(Status),
}

/// The answers to `requests`, in order.
pub(super) fn answers(
    pipeline: Arc<Pipeline>,
    principal: Principal,
    requests: Streaming<IngestRequest>,
) -> Answers {
    let in_flight = principal.limits.config().max_in_flight_batches as usize;
    // one more waits outside the channel, for the writer
    let (sender, receiver) = mpsc::channel((in_flight - 1).max(1));
    tokio::spawn(read(pipeline, principal, requests, sender));
    Box::pin(ReceiverStream::new(receiver).then(answer))
}

async fn read(
    pipeline: Arc<Pipeline>,
    principal: Principal,
    mut requests: Streaming<IngestRequest>,
    sender: mpsc::Sender<Coming>,
) {
    let draining = pipeline.lifecycle.draining();
    tokio::pin!(draining);
    loop {
        let next = tokio::select! {
            biased;
            () = sender.closed() => return,
            () = &mut draining => Next::Drained,
            message = requests.message() => Next::from(message),
        };
        let coming = match next {
            Next::Request(request) => handle(&pipeline, &principal, request).await,
            Next::End => return,
            Next::Failed(status) => Coming::Last(status),
            Next::Drained => match pipeline.lifecycle.vault() {
                Err(error) => Coming::Last(error.into()),
                Ok(_) => return,
            },
        };
        let is_last = matches!(coming, Coming::Last(_));
        if sender.send(coming).await.is_err() || is_last {
            return;
        }
    }
}

enum Next {
    Request(IngestRequest),
    End,
    Failed(Status),
    Drained,
}

impl From<Result<Option<IngestRequest>, Status>> for Next {
    fn from(message: Result<Option<IngestRequest>, Status>) -> Self {
        match message {
            Ok(Some(request)) => Self::Request(request),
            Ok(None) => Self::End,
            Err(status) => Self::Failed(status),
        }
    }
}

async fn handle(pipeline: &Pipeline, principal: &Principal, request: IngestRequest) -> Coming {
    let sequence = request.sequence;
    let submitted = match &request.batch {
        Some(batch) => pipeline.submit(principal, batch, Way::Stream).await,
        None => Err(IngestError::missing("batch")),
    };
    match submitted {
        Ok(pending) => Coming::Pending(sequence, pending),
        Err(error) => Coming::Refused(sequence, error),
    }
}

async fn answer(coming: Coming) -> Result<IngestResponse, Status> {
    let (sequence, outcome) = match coming {
        Coming::Pending(sequence, pending) => (sequence, pending.settle().await),
        Coming::Refused(sequence, error) => (sequence, Err(error)),
        Coming::Last(status) => return Err(status),
    };
    let outcome = match outcome {
        Ok(result) => Outcome::Result(result),
        Err(error) => Outcome::Error(in_band(refused(error))),
    };
    Ok(IngestResponse {
        sequence,
        outcome: Some(outcome),
    })
}

/// A status as a message: what tonic carries as details is that message already, encoded.
fn in_band(status: Status) -> tonic_types::Status {
    tonic_types::Status::decode(status.details()).unwrap_or_else(|_| tonic_types::Status {
        code: status.code() as i32,
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

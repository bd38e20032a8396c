//! One stream of batches: a task reads and hands each to the writer, and the answers wait in the order of the requests.
//!
//! Answers that were not fetched yet are bounded, so a client that does not read them, or sends faster than the disk
//! takes, is no longer read from, and HTTP/2 flow control holds it. A batch once handed to the writer is completed even
//! if the client goes away.
//!
//! A stream outlives the check of its key, so the key is looked at again: with every batch, and every other second while
//! none comes. When it was revoked or has ended, so has the stream, with UNAUTHENTICATED after the answers that are due.

use std::{pin::Pin, sync::Arc, time::Duration};

use openclone_client::v1::{IngestRequest, IngestResponse, ingest_response::Outcome};
use prost::Message as _;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};
use tokio_stream::{Stream, StreamExt as _, wrappers::ReceiverStream};
use tonic::{Status, Streaming};

use super::{
    RequestId,
    admission::OnOverload,
    pipeline::{Pending, Pipeline},
    service::refused,
    undecodable as unread,
};
use crate::{auth::Principal, error::IngestError};

/// How often the key of a stream is looked at while no batch comes.
const RENEWAL: Duration = Duration::from_secs(2);

type Answers = Pin<Box<dyn Stream<Item = Result<IngestResponse, Status>> + Send>>;

/// What the reader knows of an answer.
enum Coming {
    Pending(u64, Pending),
    Refused(u64, IngestError),
}

/// The answers to `requests`, in order.
pub(super) fn answers(
    pipeline: Arc<Pipeline>,
    principal: Principal,
    requests: Streaming<IngestRequest>,
    id: RequestId,
) -> Answers {
    let in_flight = principal.limits.config().max_in_flight_batches as usize;
    // one more waits outside the channel, for the writer
    let (sender, receiver) = mpsc::channel((in_flight - 1).max(1));
    let (end, ended) = oneshot::channel();
    tokio::spawn(async move {
        let last = read(&pipeline, &principal, requests, &sender).await;
        // before the channel ends, so that it is there when the answers have run out
        if let Some(last) = last {
            let _ = end.send(last);
        }
        drop(sender);
    });
    let last = tokio_stream::once(ended)
        .then(|ended| ended)
        .filter_map(|status| status.ok().map(Err));
    let answers = ReceiverStream::new(receiver).then(move |coming| answer(coming, id.clone()));
    Box::pin(answers.chain(last))
}

/// Reads until the stream ends; the status with which it is ended from this side, if it is.
async fn read(
    pipeline: &Pipeline,
    principal: &Principal,
    mut requests: Streaming<IngestRequest>,
    sender: &mpsc::Sender<Coming>,
) -> Option<Status> {
    let draining = pipeline.lifecycle.draining();
    let revoked = revoked(pipeline, principal);
    tokio::pin!(draining, revoked);
    loop {
        let message = tokio::select! {
            biased;
            () = sender.closed() => return None,
            () = &mut draining => return pipeline.lifecycle.vault().err().map(Status::from),
            error = &mut revoked => return Some(error.into()),
            message = requests.message() => message,
        };
        let request = match message {
            Ok(Some(request)) => request,
            Ok(None) => return None,
            Err(status) => {
                if let Some(why) = unread::reason(&status) {
                    pipeline.metrics.unread(why);
                }
                return Some(status);
            }
        };
        // a pace may hold the batch back for long
        let handled = tokio::select! {
            biased;
            error = &mut revoked => Err(error),
            handled = handle(pipeline, principal, request) => handled,
        };
        let coming = match handled {
            Ok(coming) => coming,
            Err(error) => return Some(error.into()),
        };
        tokio::select! {
            sent = sender.send(coming) => sent.ok()?,
            error = &mut revoked => return Some(error.into()),
        }
    }
}

/// Returns when the key has ended or was revoked.
async fn revoked(pipeline: &Pipeline, principal: &Principal) -> IngestError {
    loop {
        sleep(RENEWAL).await;
        if let Err(error) = pipeline.keys.renew(principal) {
            return error;
        }
    }
}

/// The batch's answer to come, or why the stream ends here.
async fn handle(
    pipeline: &Pipeline,
    principal: &Principal,
    request: IngestRequest,
) -> Result<Coming, IngestError> {
    let sequence = request.sequence;
    let principal = match pipeline.keys.renew(principal) {
        Ok(principal) => principal,
        Err(error) => {
            if let Some(batch) = &request.batch {
                pipeline.record_rejection(principal, batch, &error);
            }
            return Err(error);
        }
    };
    let submitted = match &request.batch {
        Some(batch) => pipeline.submit(&principal, batch, OnOverload::Wait).await,
        None => Err(IngestError::missing("batch")),
    };
    match submitted {
        Ok(pending) => Ok(Coming::Pending(sequence, pending)),
        Err(error @ IngestError::InvalidKey) => Err(error),
        Err(error) => Ok(Coming::Refused(sequence, error)),
    }
}

async fn answer(coming: Coming, id: RequestId) -> Result<IngestResponse, Status> {
    let (sequence, outcome) = match coming {
        Coming::Pending(sequence, pending) => (sequence, pending.wait().await),
        Coming::Refused(sequence, error) => (sequence, Err(error)),
    };
    let outcome = match outcome {
        Ok(result) => Outcome::Result(result),
        Err(error) => Outcome::Error(in_band(refused(error, &id))),
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

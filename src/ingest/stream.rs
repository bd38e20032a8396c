//! Serves one stream of batches: a task reads batches and hands them to the writer; responses keep the order of requests.
//!
//! The number of pending responses is bounded. The service stops reading from a client that does not read its responses, or
//! sends faster than the disk can store, so HTTP/2 flow control slows it down. The writer completes every batch it accepts,
//! even if the client disconnects.
//!
//! A stream outlives the check of its key, so the key is checked again with every batch, and every two seconds in between.
//! When it is revoked or expires, the stream ends with UNAUTHENTICATED after the pending responses.

use std::{pin::Pin, sync::Arc, time::Duration};

use openclone_client::v1::{IngestResponse, ingest_response::Outcome};
use openclone_gateway::Undecodable;
use prost::Message as _;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};
use tokio_stream::{Stream, StreamExt as _, wrappers::ReceiverStream};
use tonic::{Status, Streaming};

use super::{
    RequestId, StreamRequest,
    admission::OnOverload,
    pipeline::{Pending, Pipeline},
    service::to_status,
    undecodable,
};
use crate::{
    auth::Principal,
    error::{IngestError, explain},
};

/// How often the key of an idle stream is checked.
const RENEWAL: Duration = Duration::from_secs(2);

type Responses = Pin<Box<dyn Stream<Item = Result<IngestResponse, Status>> + Send>>;

/// A response to come.
enum PendingReply {
    Pending(u64, Pending),
    Rejected(u64, IngestError),
}

/// The responses to `requests`, in order.
pub(super) fn responses(
    pipeline: Arc<Pipeline>,
    principal: Principal,
    requests: Streaming<StreamRequest>,
    id: RequestId,
) -> Responses {
    let in_flight = principal.limits.config().max_in_flight_batches as usize;
    // one more waits for the writer, outside the channel
    let (sender, receiver) = mpsc::channel((in_flight - 1).max(1));
    let (end, ended) = oneshot::channel();
    tokio::spawn(async move {
        let last = read(&pipeline, &principal, requests, &sender).await;
        // sent before the channel closes, so that it is available after the last response
        if let Some(last) = last {
            let _ = end.send(last);
        }
        drop(sender);
    });
    let last = tokio_stream::once(ended)
        .then(|ended| ended)
        .filter_map(|status| status.ok().map(Err));
    let responses = ReceiverStream::new(receiver).then(move |reply| respond(reply, id.clone()));
    Box::pin(responses.chain(last))
}

/// Reads until the stream ends; returns the status when the service ends it.
async fn read(
    pipeline: &Pipeline,
    principal: &Principal,
    mut requests: Streaming<StreamRequest>,
    sender: &mpsc::Sender<PendingReply>,
) -> Option<Status> {
    let draining = pipeline.lifecycle.draining();
    let revoked = revoked(pipeline, principal);
    tokio::pin!(draining, revoked);
    loop {
        let message = tokio::select! {
            biased;
            () = sender.closed() => return None,
            () = &mut draining => return pipeline.lifecycle.sink().err().map(Status::from),
            error = &mut revoked => return Some(error.into()),
            message = requests.message() => message,
        };
        let request = match message {
            Ok(Some(request)) => request,
            Ok(None) => return None,
            Err(status) => {
                if let Some(why) = undecodable::reason(&status) {
                    pipeline.metrics.undecodable(why);
                }
                return Some(explain(status));
            }
        };
        // pacing may delay the batch for long
        let handled = tokio::select! {
            biased;
            error = &mut revoked => Err(error),
            handled = handle(pipeline, principal, request) => handled,
        };
        let reply = match handled {
            Ok(reply) => reply,
            Err(error) => return Some(error.into()),
        };
        tokio::select! {
            sent = sender.send(reply) => sent.ok()?,
            error = &mut revoked => return Some(error.into()),
        }
    }
}

/// Returns when the key has expired or was revoked.
async fn revoked(pipeline: &Pipeline, principal: &Principal) -> IngestError {
    loop {
        sleep(RENEWAL).await;
        if let Err(error) = pipeline.keys.renew(principal) {
            return error;
        }
    }
}

/// The pending reply of a batch, or the error that ends the stream.
async fn handle(
    pipeline: &Pipeline,
    principal: &Principal,
    message: StreamRequest,
) -> Result<PendingReply, IngestError> {
    let StreamRequest { request, error } = message;
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
    let submitted = match (&request.batch, error) {
        (_, Some(error)) => {
            pipeline.metrics.undecodable(Undecodable::Malformed);
            Err(IngestError::Undecodable { error })
        }
        (Some(batch), None) => pipeline.submit(&principal, batch, OnOverload::Wait).await,
        (None, None) => Err(IngestError::missing("batch")),
    };
    match submitted {
        Ok(pending) => Ok(PendingReply::Pending(sequence, pending)),
        Err(error @ IngestError::InvalidKey) => Err(error),
        Err(error) => Ok(PendingReply::Rejected(sequence, error)),
    }
}

async fn respond(reply: PendingReply, id: RequestId) -> Result<IngestResponse, Status> {
    let (sequence, outcome) = match reply {
        PendingReply::Pending(sequence, pending) => (sequence, pending.wait().await),
        PendingReply::Rejected(sequence, error) => (sequence, Err(error)),
    };
    let outcome = match outcome {
        Ok(result) => Outcome::Result(result),
        Err(error) => Outcome::Error(in_band(to_status(error, &id))),
    };
    Ok(IngestResponse {
        sequence,
        outcome: Some(outcome),
    })
}

/// A status as a message, which tonic carries encoded as its details.
fn in_band(status: Status) -> tonic_types::Status {
    tonic_types::Status::decode(status.details()).unwrap_or_else(|_| tonic_types::Status {
        code: status.code() as i32,
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

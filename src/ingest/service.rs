//! impl IngestService: unary and stream, nothing but protocol.

use std::{pin::Pin, sync::Arc};

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use openclone_client::v1::{Batch, IngestBatchRequest, IngestBatchResponse, IngestRequest, IngestResponse};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};
use tracing::warn;

use super::{pipeline::Pipeline, stream, undecodable as unread};
use crate::{
    auth::{Need, Principal},
    error::{IngestError, write_rate_limit},
    observe::request_id,
    v1::ingest_service_server::IngestService,
};

/// Bytes of one gRPC message, decompressed, at most.
pub const MAX_MESSAGE: usize = 4 << 20;

/// Takes batches.
#[derive(Clone, Debug)]
pub struct Ingest {
    pipeline: Arc<Pipeline>,
}

impl Ingest {
    /// In front of `pipeline`.
    pub fn new(pipeline: Arc<Pipeline>) -> Self {
        Self { pipeline }
    }

    /// What is known now of a caller who was let in before its `batch` had come.
    ///
    /// # Errors
    /// [`IngestError::InvalidKey`] when the key was revoked or has ended meanwhile; the events are counted as refused.
    pub(crate) fn renew(&self, principal: &Principal, batch: &Batch) -> Result<Principal, IngestError> {
        self.pipeline
            .keys
            .renew(principal)
            .inspect_err(|error| self.pipeline.record_rejection(principal, batch, error))
    }

    /// Takes one batch of a request of its own, which has this `id`.
    ///
    /// # Errors
    /// Why nothing of the batch is acknowledged.
    pub(crate) async fn take(
        &self,
        principal: &Principal,
        batch: &Batch,
        id: &RequestId,
    ) -> Result<Response<IngestBatchResponse>, Status> {
        let (rate_limit, outcome) = self.pipeline.ingest(principal, batch).await;
        match outcome {
            Ok(result) => {
                let mut response = Response::new(IngestBatchResponse { result: Some(result) });
                if let Some(rate_limit) = &rate_limit {
                    write_rate_limit(response.metadata_mut(), rate_limit);
                }
                Ok(response)
            }
            Err(error) => {
                let mut status = refused(error, id);
                if let Some(rate_limit) = &rate_limit {
                    write_rate_limit(status.metadata_mut(), rate_limit);
                }
                Err(status)
            }
        }
    }
}

#[tonic::async_trait]
impl IngestService for Ingest {
    type IngestStream = Pin<Box<dyn Stream<Item = Result<IngestResponse, Status>> + Send>>;

    async fn ingest(
        &self,
        request: Request<Streaming<IngestRequest>>,
    ) -> Result<Response<Self::IngestStream>, Status> {
        let principal = Principal::of(&request)?;
        principal.require(Need::AnyIngest, Timestamp::now)?;
        let rate_limit = principal.limits.take().map_err(IngestError::from)?;
        let id = RequestId::of(request.metadata().as_ref());
        let answers = stream::answers(Arc::clone(&self.pipeline), principal, request.into_inner(), id);
        let mut response = Response::new(answers);
        if let Some(rate_limit) = rate_limit {
            write_rate_limit(response.metadata_mut(), &rate_limit);
        }
        Ok(response)
    }

    async fn ingest_batch(
        &self,
        request: Request<IngestBatchRequest>,
    ) -> Result<Response<IngestBatchResponse>, Status> {
        unread::Reached::note(&request);
        let principal = Principal::of(&request)?;
        let id = RequestId::of(request.metadata().as_ref());
        let batch = request
            .into_inner()
            .batch
            .ok_or_else(|| IngestError::missing("batch"))?;
        self.take(&principal, &batch, &id).await
    }
}

/// The status of an error; logs it once if the fault is ours.
pub(super) fn refused(error: IngestError, id: &RequestId) -> Status {
    match &error {
        IngestError::Storage { reason } => warn!(id = id.text(), %reason, "vault write failed"),
        IngestError::Unavailable { message, .. } => {
            warn!(id = id.text(), reason = %message, "batch not taken")
        }
        _ => {}
    }
    error.into()
}

/// The id of a request, for the log.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Option<HeaderValue>);

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(request_id::HEADER).cloned())
    }

    pub(super) fn text(&self) -> &str {
        let id = self.0.as_ref().and_then(|id| id.to_str().ok());
        id.unwrap_or_default()
    }
}

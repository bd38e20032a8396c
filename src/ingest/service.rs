//! IngestService: the gRPC protocol of unary requests and streams.

use std::{
    pin::Pin,
    sync::{Arc, LazyLock},
};

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use openclone_client::v1::{Batch, IngestBatchRequest, IngestBatchResponse, IngestResponse};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};
use tracing::warn;

use super::{StreamRequest, pipeline::Pipeline, stream, undecodable};
use crate::{
    auth::{Need, Principal},
    error::{IngestError, write_rate_limit},
    observe::{log_limiter::LogLimiter, request_id},
    v1::ingest_service_server::IngestService,
};

/// The most bytes of one decompressed gRPC message.
pub const MAX_MESSAGE: usize = 4 << 20;

/// Implements IngestService.
#[derive(Clone, Debug)]
pub struct Ingest {
    pipeline: Arc<Pipeline>,
}

impl Ingest {
    /// Serves `pipeline`.
    pub fn new(pipeline: Arc<Pipeline>) -> Self {
        Self { pipeline }
    }

    /// Processes the batch of a unary request with this `id`.
    ///
    /// The key was checked when the request arrived; it is checked again because it may have been revoked while the batch
    /// arrived.
    async fn process(
        &self,
        principal: &Principal,
        batch: &Batch,
        id: &RequestId,
    ) -> Result<Response<IngestBatchResponse>, Status> {
        let principal = self
            .pipeline
            .keys
            .renew(principal)
            .inspect_err(|error| self.pipeline.record_rejection(principal, batch, error))?;
        let (rate_limit, outcome) = self.pipeline.ingest(&principal, batch).await;
        let mut result = outcome
            .map(|result| Response::new(IngestBatchResponse { result: Some(result) }))
            .map_err(|error| to_status(error, id));
        if let Some(rate_limit) = &rate_limit {
            let metadata = match &mut result {
                Ok(response) => response.metadata_mut(),
                Err(status) => status.metadata_mut(),
            };
            write_rate_limit(metadata, rate_limit);
        }
        result
    }
}

#[tonic::async_trait]
impl IngestService for Ingest {
    type IngestStream = Pin<Box<dyn Stream<Item = Result<IngestResponse, Status>> + Send>>;

    async fn ingest(
        &self,
        request: Request<Streaming<StreamRequest>>,
    ) -> Result<Response<Self::IngestStream>, Status> {
        let principal = Principal::of(&request)?;
        principal.require(Need::AnyIngest, Timestamp::now)?;
        let rate_limit = principal.limits.take().map_err(IngestError::from)?;
        let id = RequestId::of(request.metadata().as_ref());
        let responses = stream::responses(Arc::clone(&self.pipeline), principal, request.into_inner(), id);
        let mut response = Response::new(responses);
        if let Some(rate_limit) = rate_limit {
            write_rate_limit(response.metadata_mut(), &rate_limit);
        }
        Ok(response)
    }

    async fn ingest_batch(
        &self,
        request: Request<IngestBatchRequest>,
    ) -> Result<Response<IngestBatchResponse>, Status> {
        undecodable::Decoded::note(&request);
        let principal = Principal::of(&request)?;
        let id = RequestId::of(request.metadata().as_ref());
        let Some(batch) = request.into_inner().batch else {
            let rate_limit = principal.limits.take().map_err(IngestError::from)?;
            let mut status = Status::from(IngestError::missing("batch"));
            if let Some(rate_limit) = &rate_limit {
                write_rate_limit(status.metadata_mut(), rate_limit);
            }
            return Err(status);
        };
        self.process(&principal, &batch, &id).await
    }
}

/// The status of an error; logs it if the service is the cause, but not for every batch while that lasts.
pub(super) fn to_status(error: IngestError, id: &RequestId) -> Status {
    static FAILED: LazyLock<LogLimiter> = LazyLock::new(LogLimiter::new);
    static UNAVAILABLE: LazyLock<LogLimiter> = LazyLock::new(LogLimiter::new);
    match &error {
        IngestError::Storage { reason } => {
            if let Some(suppressed) = FAILED.allow() {
                warn!(id = id.text(), %reason, suppressed, "vault write failed");
            }
        }
        IngestError::Unavailable { message, .. } => {
            if let Some(suppressed) = UNAVAILABLE.allow() {
                warn!(id = id.text(), reason = %message, suppressed, "batch not accepted");
            }
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

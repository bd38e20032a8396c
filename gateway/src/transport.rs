//! The way to the service: its own routes in the same process, or a channel to a remote one.
//!
//! Both are the same tower service to the generated clients. Its error type is concrete on purpose: with a boxed one,
//! axum's handlers do not compile.
//!
//! Within one process the calls that every batch makes need not be written as HTTP/2 messages and read again, which costs
//! more than all the rest of a small batch: a service may offer them as [`Direct`] calls. What goes across is the same, the
//! headers that the service knows and the message, and so is what comes back; one table of tests runs over all ways.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response};
use openclone_client::v1::{Batch, IngestBatchResponse};
use thiserror::Error;
use tonic::{Status, body::Body, service::Routes, transport::Channel};
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

type Boxed = BoxCloneSyncService<Request<Body>, Response<Body>, TransportError>;

/// Carries gRPC calls to the service.
#[derive(Clone)]
pub struct Transport {
    service: Boxed,
    direct: Option<Arc<dyn Direct>>,
    is_remote: bool,
}

/// The calls that every batch makes, offered by a service in the same process without encoding: each must do all that the
/// call over [`Routes`] does, the check of the key included.
pub trait Direct: Send + Sync {
    /// As `AccessService.GetAccess`, with the headers of the request as metadata: the caller, who may send its batch.
    ///
    /// # Errors
    /// The status that the call would have had.
    fn check_access(&self, headers: &HeaderMap) -> Result<Box<dyn DirectCaller>, Status>;
}

/// A caller whom [`Direct::check_access`] has let in.
pub trait DirectCaller: Send + Sync {
    /// As `IngestService.IngestBatch`. The caller's key is looked at again, since it may have been revoked while the body
    /// came.
    fn ingest_batch(self: Box<Self>, batch: Batch) -> DirectAnswer;
}

/// The answer of [`DirectCaller::ingest_batch`] to come.
pub type DirectAnswer =
    Pin<Box<dyn Future<Output = Result<tonic::Response<IngestBatchResponse>, Status>> + Send>>;

/// A call that did not reach the service, or whose answer did not come back.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The connection to a remote service failed.
    #[error("no connection to the service")]
    Channel(#[source] tonic::transport::Error),
}

impl Transport {
    /// Calls the service in the same process: its tonic `Routes`, or an axum router made of them, with all the layers
    /// that a call over a socket would pass.
    #[must_use]
    pub fn from_routes(routes: impl Into<Routes>) -> Self {
        let never = |error: Infallible| match error {};
        let service = ServiceExt::<Request<Body>>::map_err(routes.into().prepare(), never);
        Self {
            service: Boxed::new(service),
            direct: None,
            is_remote: false,
        }
    }

    /// The same way, but for the calls that `direct` offers.
    #[must_use]
    pub fn with_direct(self, direct: Arc<dyn Direct>) -> Self {
        Self {
            direct: Some(direct),
            ..self
        }
    }

    pub(crate) fn direct(&self) -> Option<Arc<dyn Direct>> {
        self.direct.clone()
    }

    /// Calls a remote service.
    #[must_use]
    pub fn from_channel(channel: Channel) -> Self {
        Self {
            service: Boxed::new(channel.map_err(TransportError::Channel)),
            direct: None,
            is_remote: true,
        }
    }

    /// Whether a network lies between.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        self.is_remote
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = TransportError;
    type Future = <Boxed as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.service.call(request)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Transport")
            .field("is_remote", &self.is_remote)
            .finish_non_exhaustive()
    }
}

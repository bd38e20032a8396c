//! The way to the service: its own routes in the same process, or a channel to a remote one.
//!
//! Both are the same tower service to the generated clients. Its error type is concrete on purpose: with a boxed one,
//! axum's handlers do not compile.

use std::{
    convert::Infallible,
    fmt,
    task::{Context, Poll},
};

use http::{Request, Response};
use thiserror::Error;
use tonic::{body::Body, service::Routes, transport::Channel};
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

type Boxed = BoxCloneSyncService<Request<Body>, Response<Body>, TransportError>;

/// Carries gRPC calls to the service.
#[derive(Clone)]
pub struct Transport {
    service: Boxed,
    is_remote: bool,
}

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
            is_remote: false,
        }
    }

    /// Calls a remote service.
    #[must_use]
    pub fn from_channel(channel: Channel) -> Self {
        Self {
            service: Boxed::new(channel.map_err(TransportError::Channel)),
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

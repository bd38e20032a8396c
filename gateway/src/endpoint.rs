//! The endpoint as a server sees it.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use http::{Method, Request};

use crate::{
    GatewayOptions, Transport,
    routes::{self, Gateway, INGEST},
};

/// The documented JSON endpoint over a [`Transport`]. Cheap to clone.
///
/// Its [`Self::router`] answers everything. A server that takes thousands of small batches a second asks
/// [`Self::is_ingest`] first and lets [`Self::ingest`] answer: the same answer, without the router's way to it, which costs a
/// twentieth of such a request.
#[derive(Clone)]
pub struct Endpoint(Arc<Gateway>);

impl Endpoint {
    /// The endpoint over `transport`.
    #[must_use]
    pub fn new(transport: Transport, options: GatewayOptions) -> Self {
        Self(Arc::new(Gateway::new(transport, options)))
    }

    /// All routes.
    ///
    /// Unknown paths get a JSON 404 and known ones with the wrong method a JSON 405. Whoever merges this router with another
    /// keeps it so by resetting the other's fallback (`Router::reset_fallback`) and giving routes of its own
    /// [`crate::method_not_allowed`] by `Router::method_not_allowed_fallback`.
    ///
    /// The address of the peer is taken from the header `x-openclone-peer`: the socket layer must have removed what a client
    /// sent under that name. Checks of `Origin` and `Host` are the socket layer's too.
    pub fn router(&self) -> Router {
        routes::all(Arc::clone(&self.0))
    }

    /// Whether `request` brings a batch.
    #[must_use]
    pub fn is_ingest<B>(request: &Request<B>) -> bool {
        request.method() == Method::POST && request.uri().path() == INGEST
    }

    /// Answers a request that brings a batch, as the router does.
    pub fn ingest(&self, request: Request<Body>) -> impl Future<Output = Response> + Send + use<> {
        routes::ingest(State(Arc::clone(&self.0)), request).map(IntoResponse::into_response)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

//! The endpoint as a server sees it.

use std::{fmt, sync::Arc};

use axum::{Router, body::Body, response::Response};
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Method, Request};

use crate::{
    Backend, GatewayOptions,
    routes::{self, Gateway, INGEST},
};

/// The documented JSON endpoint over a [`Backend`]. Cheap to clone.
///
/// Its [`Self::router`] serves everything. A server that receives thousands of small batches a second calls
/// [`Self::is_ingest`] first and lets [`Self::ingest`] respond: the response is the same, without the cost of the router,
/// which is a twentieth of such a request.
#[derive(Clone)]
pub struct Endpoint {
    router: Router,
    ingest: Arc<dyn Fn(Request<Body>) -> BoxFuture<'static, Response> + Send + Sync>,
}

impl Endpoint {
    /// The endpoint over `backend`.
    #[must_use]
    pub fn new(backend: impl Backend, options: GatewayOptions) -> Self {
        let gateway = Arc::new(Gateway::new(backend, options));
        Self {
            router: routes::all(Arc::clone(&gateway)),
            ingest: Arc::new(move |request| routes::ingest(Arc::clone(&gateway), request).boxed()),
        }
    }

    /// All routes.
    ///
    /// Unknown paths get a JSON 404 and known ones with the wrong method a JSON 405. To keep that when merging this router
    /// with another, reset the other's fallback (`Router::reset_fallback`) and give its routes
    /// [`crate::method_not_allowed`] by `Router::method_not_allowed_fallback`.
    ///
    /// The address of the peer is taken from the header `x-openclone-peer`: the socket layer must have removed what a client
    /// sent under that name. The socket layer also checks `Origin` and `Host`.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Whether `request` carries a batch.
    #[must_use]
    pub fn is_ingest<B>(request: &Request<B>) -> bool {
        request.method() == Method::POST && request.uri().path() == INGEST
    }

    /// Responds to a request that carries a batch, as the router does.
    #[must_use]
    pub fn ingest(&self, request: Request<Body>) -> BoxFuture<'static, Response> {
        (self.ingest)(request)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

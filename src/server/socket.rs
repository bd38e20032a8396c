//! One connection: what only a socket knows is put into each request, and who may not come in is turned away.
//!
//! `x-openclone-peer` always carries the peer's address as seen here; one that a client sent is dropped. A request id is
//! taken from the client or made, and given back.

use std::{convert::Infallible, future::Future, net::SocketAddr, pin::Pin, sync::Arc};

use axum::body::Body;
use http::{HeaderValue, Request, Response};
use hyper::{body::Incoming, service::Service};
use tokio::sync::Notify;
use tracing::{Instrument as _, debug, info_span};

use super::{
    Surface,
    guard::{Guard, Verdict},
    request_id,
};
use crate::auth::PEER;

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    surface: Surface,
    guard: Arc<Guard>,
    peer: HeaderValue,
    local: SocketAddr,
    first: First,
}

/// Tells when the first request of a connection has come.
#[derive(Clone, Debug, Default)]
pub(super) struct First(Arc<Notify>);

impl Socket {
    pub(super) fn new(surface: Surface, guard: Arc<Guard>, peer: SocketAddr, local: SocketAddr) -> Self {
        // an address is always a valid header
        let peer = HeaderValue::try_from(peer.to_string()).unwrap_or(HeaderValue::from_static("unknown"));
        Self {
            surface,
            guard,
            peer,
            local,
            first: First::default(),
        }
    }

    pub(super) fn first_request(&self) -> First {
        self.first.clone()
    }

    async fn answer(self, mut request: Request<Body>) -> Response<Body> {
        let id = request_id::of(request.headers());
        let span = info_span!(
            "request",
            otel.kind = "server",
            id = id.to_str().unwrap_or_default(),
            method = %request.method(),
            path = request.uri().path(),
            status = tracing::field::Empty,
        );
        request.headers_mut().insert(request_id::HEADER, id.clone());
        request.headers_mut().insert(PEER, self.peer);
        let (surface, guard, local) = (self.surface, self.guard, self.local);
        let answering = async move {
            let mut response = match guard.judge(&request, local) {
                Verdict::Refused(response) => response,
                Verdict::Preflight(response) => response,
                Verdict::Pass(cors) => {
                    let mut response = surface.answer(request).await;
                    cors.write(response.headers_mut());
                    response
                }
            };
            let status = response.status().as_u16();
            tracing::Span::current().record("status", status);
            debug!(status, "answered");
            response.headers_mut().insert(request_id::HEADER, id);
            response
        };
        answering.instrument(span).await
    }
}

impl Service<Request<Incoming>> for Socket {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.first.0.notify_one();
        let socket = self.clone();
        Box::pin(async move { Ok(socket.answer(request.map(Body::new)).await) })
    }
}

impl First {
    /// Returns when it has come.
    pub(super) async fn arrived(self) {
        self.0.notified().await;
    }
}

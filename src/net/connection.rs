//! Handles the requests of one connection: checks `Host` and `Origin`, sets connection-specific headers and bounds bodies.
//!
//! `x-openclone-peer` always carries the peer's address of this connection; a value sent by the client is replaced. The
//! request id is the client's, if it is valid, or a new one; the response returns it.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::body::Body;
use http::{HeaderValue, Request};
use hyper::{body::Incoming, service::Service};
use tracing::{Instrument as _, debug_span, instrument::Instrumented};

use super::{
    ServiceRouter,
    connection_state::{ConnectionState, Kind, RequestGuard},
    cors::Cors,
    guard::{GuardDecision, LocalAddress},
    guarded_response,
    limited_body::{BufferReservation, LimitedBody},
    response_future::ResponseFuture,
    server::Port,
};
use crate::{auth::PEER, observe::request_id};

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    router: ServiceRouter,
    port: Arc<Port>,
    peer: HeaderValue,
    local: LocalAddress,
    state: Arc<ConnectionState>,
}

impl Connection {
    pub(super) fn new(router: ServiceRouter, port: Arc<Port>, peer: SocketAddr, local: SocketAddr) -> Self {
        // an address is always a valid header value
        let peer = HeaderValue::try_from(peer.to_string()).unwrap_or(HeaderValue::from_static("unknown"));
        Self {
            router,
            port,
            peer,
            local: local.into(),
            state: ConnectionState::new(),
        }
    }

    /// The state that the timeouts of this connection are derived from.
    pub(super) fn state(&self) -> Arc<ConnectionState> {
        Arc::clone(&self.state)
    }

    /// Starts to process a request that the limiter has admitted.
    fn admit(&self, request: Request<Incoming>, request_guard: RequestGuard) -> Instrumented<ResponseFuture> {
        let id = request_id::of(request.headers());
        // debug level: a span costs a tenth of a small request; log lines at other levels carry the id themselves
        let span = debug_span!(
            "request",
            id = id.to_str().unwrap_or_default(),
            method = %request.method(),
            path = request.uri().path(),
            status = tracing::field::Empty,
        );
        let reservation = BufferReservation::default();
        let request = self.with_context(request, &id, &request_guard, reservation.clone());
        let response = match self.port.guard.check(&request, &self.local) {
            GuardDecision::Reject(response) | GuardDecision::Preflight(response) => {
                ResponseFuture::ready(response).finish_with(id, Cors::none(), reservation, request_guard)
            }
            GuardDecision::Allow(cors) => ResponseFuture::new(self.router.respond(request)).finish_with(
                id,
                cors,
                reservation,
                request_guard,
            ),
        };
        response.instrument(span)
    }

    /// Adds the headers that depend on the connection, and bounds the body.
    fn with_context(
        &self,
        request: Request<Incoming>,
        id: &HeaderValue,
        request_guard: &RequestGuard,
        reservation: BufferReservation,
    ) -> Request<Body> {
        let (mut head, body) = request.into_parts();
        let body = LimitedBody::new(
            body,
            &head.headers,
            request_guard,
            self.port.body_budget.clone(),
            reservation,
        );
        head.headers.insert(request_id::HEADER, id.clone());
        head.headers.insert(PEER, self.peer.clone());
        Request::from_parts(head, Body::new(body))
    }
}

impl Service<Request<Incoming>> for Connection {
    type Response = guarded_response::Response;
    type Error = Infallible;
    type Future = Instrumented<ResponseFuture>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let kind = Kind::of(request.uri().path(), request.version());
        match self.port.requests.acquire(kind, &self.state) {
            Some(request_guard) => self.admit(request, request_guard),
            None => {
                let response = guarded_response::overloaded(request.version(), request.headers());
                ResponseFuture::ready(response).instrument(tracing::Span::none())
            }
        }
    }
}

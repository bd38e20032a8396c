//! One connection: what only a socket knows is put into each request, and who may not come in is turned away.
//!
//! `x-openclone-peer` always carries the peer's address as seen here; one that a client sent is dropped. A request id is
//! taken from the client or made, and given back.

use std::{convert::Infallible, future::Future, net::SocketAddr, pin::Pin, sync::Arc};

use axum::body::Body;
use http::{HeaderValue, Request, Response};
use hyper::{body::Incoming, service::Service};
use tracing::{Instrument as _, debug, debug_span};

use super::{
    Port, Surface,
    guard::Verdict,
    in_flight::{InFlight, Kind, Ticket},
    intake::{Held, Intake},
    request_id, ticketed,
};
use crate::auth::PEER;

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    surface: Surface,
    port: Arc<Port>,
    peer: HeaderValue,
    local: SocketAddr,
    in_flight: Arc<InFlight>,
}

impl Socket {
    pub(super) fn new(surface: Surface, port: Arc<Port>, peer: SocketAddr, local: SocketAddr) -> Self {
        // an address is always a valid header
        let peer = HeaderValue::try_from(peer.to_string()).unwrap_or(HeaderValue::from_static("unknown"));
        Self {
            surface,
            port,
            peer,
            local,
            in_flight: InFlight::new(),
        }
    }

    /// What is in flight on this connection.
    pub(super) fn in_flight(&self) -> Arc<InFlight> {
        Arc::clone(&self.in_flight)
    }

    /// Answers a request that there is room for.
    async fn admit(self, request: Request<Incoming>, ticket: Ticket) -> Response<Body> {
        let (head, body) = request.into_parts();
        let held = Held::default();
        let larder = self.port.larder.clone();
        let body = Intake::new(body, &head.headers, &ticket, larder, held.clone());
        let response = self.answer(Request::from_parts(head, Body::new(body))).await;
        // a stream has only begun when its answer has
        if ticket.kind() == Kind::Plain {
            held.end();
        }
        ticketed::hold(response, ticket)
    }

    async fn answer(self, mut request: Request<Body>) -> Response<Body> {
        let id = request_id::of(request.headers());
        // at debug, since a span costs a tenth of a small request; lines at other levels name the id themselves
        let span = debug_span!(
            "request",
            id = id.to_str().unwrap_or_default(),
            method = %request.method(),
            path = request.uri().path(),
            status = tracing::field::Empty,
        );
        request.headers_mut().insert(request_id::HEADER, id.clone());
        request.headers_mut().insert(PEER, self.peer);
        let (surface, port, local) = (self.surface, self.port, self.local);
        let answering = async move {
            let mut response = match port.guard.judge(&request, local) {
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
        let kind = Kind::of(request.uri().path());
        match self.port.room.enter(kind, &self.in_flight) {
            Some(ticket) => {
                let socket = self.clone();
                // made in the box: a future of some KiB that is made before it would be copied into it
                Box::pin(async move { Ok(socket.admit(request, ticket).await) })
            }
            None => {
                let refusal = ticketed::no_room(request.version(), request.headers());
                Box::pin(async move { Ok(refusal) })
            }
        }
    }
}

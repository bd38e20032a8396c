//! One connection: what only a socket knows is put into each request, and who may not come in is turned away.
//!
//! `x-openclone-peer` always carries the peer's address as seen here; one that a client sent is dropped. A request id is
//! taken from the client or made, and given back.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::body::Body;
use http::{HeaderValue, Request};
use hyper::{body::Incoming, service::Service};
use tracing::{Instrument as _, debug_span, instrument::Instrumented};

use super::{
    Surface,
    connection_state::{InFlight, Kind, Ticket},
    cors::Cors,
    guard::{Local, Verdict},
    guarded_response,
    limited_body::{Held, Intake},
    response_future::Answering,
    server::Port,
};
use crate::{auth::PEER, observe::request_id};

/// One connection.
#[derive(Debug)]
pub(super) struct Socket {
    surface: Surface,
    port: Arc<Port>,
    peer: HeaderValue,
    local: Local,
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
            local: local.into(),
            in_flight: InFlight::new(),
        }
    }

    /// What is in flight on this connection.
    pub(super) fn in_flight(&self) -> Arc<InFlight> {
        Arc::clone(&self.in_flight)
    }

    /// Begins to answer a request that there is room for.
    fn admit(&self, request: Request<Incoming>, ticket: Ticket) -> Instrumented<Answering> {
        let id = request_id::of(request.headers());
        // at debug, since a span costs a tenth of a small request; lines at other levels name the id themselves
        let span = debug_span!(
            "request",
            id = id.to_str().unwrap_or_default(),
            method = %request.method(),
            path = request.uri().path(),
            status = tracing::field::Empty,
        );
        let held = Held::default();
        let request = self.stamped(request, &id, &ticket, held.clone());
        let answering = match self.port.guard.judge(&request, &self.local) {
            Verdict::Refused(response) | Verdict::Preflight(response) => {
                Answering::known(response).finished_by(id, Cors::none(), held, ticket)
            }
            Verdict::Pass(cors) => {
                Answering::new(self.surface.answer(request)).finished_by(id, cors, held, ticket)
            }
        };
        answering.instrument(span)
    }

    /// The request with what only a socket knows, and with a body that is read within bounds.
    fn stamped(
        &self,
        request: Request<Incoming>,
        id: &HeaderValue,
        ticket: &Ticket,
        held: Held,
    ) -> Request<Body> {
        let (mut head, body) = request.into_parts();
        let body = Intake::new(body, &head.headers, ticket, self.port.larder.clone(), held);
        head.headers.insert(request_id::HEADER, id.clone());
        head.headers.insert(PEER, self.peer.clone());
        Request::from_parts(head, Body::new(body))
    }
}

impl Service<Request<Incoming>> for Socket {
    type Response = guarded_response::Response;
    type Error = Infallible;
    type Future = Instrumented<Answering>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let kind = Kind::of(request.uri().path(), request.version());
        match self.port.room.enter(kind, &self.in_flight) {
            Some(ticket) => self.admit(request, ticket),
            None => {
                let refusal = guarded_response::no_room(request.version(), request.headers());
                Answering::known(refusal).instrument(tracing::Span::none())
            }
        }
    }
}

//! The response of a request while it is produced, and the steps that complete it.
//!
//! A named future, so that the response is the only boxed part of a request: nested futures are copied whole each time one
//! of them starts.

use std::{
    convert::Infallible,
    future::{self, Future},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Response};
use tracing::debug;

use super::{
    connection_state::{Kind, RequestGuard},
    cors::Cors,
    guarded_response,
    limited_body::BufferReservation,
};
use crate::observe::request_id;

/// An response in the making.
pub(super) struct ResponseFuture {
    response: BoxFuture<'static, Response<Body>>,
    epilogue: Option<Epilogue>,
}

/// What belongs to the request and is needed when its response is there.
struct Epilogue {
    id: HeaderValue,
    cors: Cors,
    reservation: BufferReservation,
    guard: RequestGuard,
}

impl ResponseFuture {
    pub(super) fn new(response: BoxFuture<'static, Response<Body>>) -> Self {
        Self {
            response,
            epilogue: None,
        }
    }

    /// An response that is there already.
    pub(super) fn ready(response: Response<Body>) -> Self {
        Self::new(Box::pin(future::ready(response)))
    }

    /// The response to a request that was let in.
    pub(super) fn finish_with(
        self,
        id: HeaderValue,
        cors: Cors,
        reservation: BufferReservation,
        guard: RequestGuard,
    ) -> Self {
        let epilogue = Epilogue {
            id,
            cors,
            reservation,
            guard,
        };
        Self {
            epilogue: Some(epilogue),
            ..self
        }
    }
}

impl Future for ResponseFuture {
    type Output = Result<guarded_response::Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.response.as_mut().poll(context));
        Poll::Ready(Ok(match self.epilogue.take() {
            Some(epilogue) => epilogue.finish(response),
            None => guarded_response::unguarded(response),
        }))
    }
}

impl Epilogue {
    fn finish(self, mut response: Response<Body>) -> guarded_response::Response {
        self.cors.write(response.headers_mut());
        let status = response.status().as_u16();
        tracing::Span::current().record("status", status);
        debug!(status, "responded");
        response.headers_mut().insert(request_id::HEADER, self.id);
        // a stream has only begun when its response has
        if self.guard.kind() == Kind::Unary {
            self.reservation.end();
        }
        guarded_response::guarded(response, self.guard)
    }
}

//! An answer in the making, and what is done to it when it is there.
//!
//! A type of its own, so that the answer is the only thing of a request that is boxed: futures inside of each other are
//! copied whole each time that one is begun.

use std::{
    convert::Infallible,
    future::{Future, ready},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Response};
use tracing::debug;

use super::{
    connection_state::{Kind, Ticket},
    cors::Cors,
    guarded_response,
    limited_body::Held,
};
use crate::observe::request_id;

/// An answer in the making.
pub(super) struct Answering {
    answer: BoxFuture<'static, Response<Body>>,
    end: Option<End>,
}

/// What belongs to the request and is needed when its answer is there.
struct End {
    id: HeaderValue,
    cors: Cors,
    held: Held,
    ticket: Ticket,
}

impl Answering {
    pub(super) fn new(answer: BoxFuture<'static, Response<Body>>) -> Self {
        Self { answer, end: None }
    }

    /// An answer that is there already.
    pub(super) fn known(answer: Response<Body>) -> Self {
        Self::new(Box::pin(ready(answer)))
    }

    /// The answer to a request that was let in.
    pub(super) fn finished_by(self, id: HeaderValue, cors: Cors, held: Held, ticket: Ticket) -> Self {
        let end = End {
            id,
            cors,
            held,
            ticket,
        };
        Self {
            end: Some(end),
            ..self
        }
    }
}

impl Future for Answering {
    type Output = Result<guarded_response::Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.answer.as_mut().poll(context));
        Poll::Ready(Ok(match self.end.take() {
            Some(end) => end.finish(response),
            None => guarded_response::free(response),
        }))
    }
}

impl End {
    fn finish(self, mut response: Response<Body>) -> guarded_response::Response {
        self.cors.write(response.headers_mut());
        let status = response.status().as_u16();
        tracing::Span::current().record("status", status);
        debug!(status, "answered");
        response.headers_mut().insert(request_id::HEADER, self.id);
        // a stream has only begun when its answer has
        if self.ticket.kind() == Kind::Plain {
            self.held.end();
        }
        guarded_response::hold(response, self.ticket)
    }
}

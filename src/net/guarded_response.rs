//! An answer that is in flight until its last byte is on its way; and the answer to those for whom there is no room.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Error, body::Body};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;

use super::{connection_state::Ticket, router::is_native_grpc};
use crate::error::{IngestError, Reason};

/// The body of an answer, with its ticket if it has one.
pub(super) struct Ticketed {
    inner: Body,
    ticket: Option<Ticket>,
}

/// An answer as it leaves.
pub(super) type Response = http::Response<Ticketed>;

/// Keeps `ticket` as long as `response` has something to say.
pub(super) fn hold(response: http::Response<Body>, ticket: Ticket) -> Response {
    let ticket = (!response.body().is_end_stream()).then_some(ticket);
    response.map(|inner| Ticketed { inner, ticket })
}

/// An answer to a request that has no ticket.
pub(super) fn free(response: http::Response<Body>) -> Response {
    response.map(|inner| Ticketed { inner, ticket: None })
}

impl HttpBody for Ticketed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.ticket = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Too much is in flight. Over HTTP/2 the answer has no body: one would wait for a client that may never read it.
pub(super) fn no_room(version: Version, headers: &HeaderMap) -> http::Response<Body> {
    let error = IngestError::Unavailable {
        reason: Reason::Overloaded,
        message: "Too many requests are in flight".into(),
        retry_after: Duration::from_secs(1),
    };
    if is_native_grpc(headers) {
        return Status::from(error).into_http();
    }
    let body = match version {
        Version::HTTP_2 => Body::empty(),
        _ => Body::from(format!("{{\"detail\":\"{error}\"}}")),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

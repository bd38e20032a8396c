//! Responses that keep their [`RequestGuard`] until the last byte is sent, and the response to a rejected request.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Error, body::Body};
use bytes::Bytes;
use http::{HeaderMap, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;

use super::{connection_state::RequestGuard, router::is_native_grpc};
use crate::error::{IngestError, RejectReason};

/// A response body with the guard of its request, if there is one.
pub(super) struct GuardedBody {
    inner: Body,
    guard: Option<RequestGuard>,
}

/// A response as hyper sends it.
pub(super) type Response = http::Response<GuardedBody>;

/// Holds `guard` until the body of `response` ends.
pub(super) fn guarded(response: http::Response<Body>, guard: RequestGuard) -> Response {
    let guard = (!response.body().is_end_stream()).then_some(guard);
    response.map(|inner| GuardedBody { inner, guard })
}

/// A response to a request without a guard.
pub(super) fn unguarded(response: http::Response<Body>) -> Response {
    response.map(|inner| GuardedBody { inner, guard: None })
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.guard = None;
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

/// The response to a request over the limit. Over HTTP/2 it has no body, which would wait for a client that may never
/// read it.
pub(super) fn overloaded(version: Version, headers: &HeaderMap) -> http::Response<Body> {
    let error = IngestError::Unavailable {
        reason: RejectReason::Overloaded,
        message: "Too many requests are in flight".into(),
        retry_after: Duration::from_secs(1),
    };
    let status = Status::from(error);
    if is_native_grpc(headers) {
        return status.into_http();
    }
    let mut response = openclone_gateway::error_response(&status);
    if version == Version::HTTP_2 {
        *response.body_mut() = Body::empty();
    }
    response
}

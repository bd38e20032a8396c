//! Responses that keep their [`RequestGuard`] until the last byte is sent, and the response to a rejected request.

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

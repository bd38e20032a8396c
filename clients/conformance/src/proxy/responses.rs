//! Responses that the proxy gives itself, in the shape that the service gives them.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::forward::Body;

/// Why there is no result.
#[derive(Clone, Copy)]
pub(super) enum Rejection {
    Unavailable,
    Exhausted,
    Internal,
}

impl Rejection {
    const fn codes(self) -> (StatusCode, Code, &'static str) {
        match self {
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, "starting"),
            Self::Exhausted => (
                StatusCode::TOO_MANY_REQUESTS,
                Code::ResourceExhausted,
                "rate limit exceeded",
            ),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, "storage error"),
        }
    }
}

/// Refuses a request, and says when to come again if it is known.
pub(super) fn refuse(rejection: Rejection, is_grpc: bool, retry_after: Option<u32>) -> Response<Body> {
    let (http, grpc, text) = rejection.codes();
    if is_grpc {
        let wait = retry_after.map(|seconds| std::time::Duration::from_secs(seconds.into()));
        let mut details = ErrorDetails::new();
        if wait.is_some() {
            details.set_retry_info(wait);
        }
        let status = Status::with_error_details(grpc, text, details);
        return status.into_http::<Full<Bytes>>().map(whole);
    }
    let mut response = json(http, format!(r#"{{"detail": "{text}"}}"#));
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert("retry-after", HeaderValue::from(seconds));
    }
    response
}

/// What a proxy that knows no gRPC says.
pub(super) fn bad_gateway() -> Response<Body> {
    let mut response = Response::new(whole(Full::from("<html><h1>502 Bad Gateway</h1></html>")));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

fn json(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(whole(Full::from(text)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn whole(body: Full<Bytes>) -> Body {
    body.map_err(|never| match never {}).boxed_unsync()
}

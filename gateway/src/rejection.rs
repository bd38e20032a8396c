//! Whatever goes wrong, as an HTTP answer. The one place that knows which gRPC status is which HTTP status.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    Unread,
    answer::{copy_limits, json_response},
};

/// A request that is not granted.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// The service refused the call.
    Status(Box<Status>),
    /// 422: the request has faults.
    Invalid {
        /// The body that lists them.
        body: String,
        /// The service's metadata if it has counted the request, else nothing.
        metadata: HeaderMap,
    },
    /// 400: the body cannot be read.
    Unparsable,
    /// 408: the body did not come in time.
    BodyTimeout,
    /// 413: the body is too large.
    TooLarge {
        /// Bytes, at most.
        limit: usize,
    },
    /// 415: the body has a content encoding that is not known.
    UnsupportedEncoding,
    /// 404.
    NotFound,
    /// 405; `Allow` is added by the router.
    MethodNotAllowed,
}

impl Rejection {
    /// What it says of a body, as a reason why nothing is known of it.
    pub(crate) fn unread(&self) -> Unread {
        match self {
            Self::TooLarge { .. } => Unread::TooLarge,
            Self::BodyTimeout => Unread::TooLate,
            Self::Status(status) if status.code() == Code::DeadlineExceeded => Unread::TooLate,
            Self::Status(status) if status.code() == Code::Unavailable => Unread::NoRoom,
            _ => Unread::Unreadable,
        }
    }

    /// A fault of a request that the service has not seen.
    pub(crate) fn invalid(body: String) -> Self {
        Self::Invalid {
            body,
            metadata: HeaderMap::new(),
        }
    }
}

impl From<Status> for Rejection {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Self::Status(status) => from_status(&status),
            Self::Invalid { body, metadata } => {
                let mut response = json_response(StatusCode::UNPROCESSABLE_ENTITY, body);
                copy_limits(&metadata, response.headers_mut());
                response
            }
            Self::Unparsable => unparsable(),
            Self::BodyTimeout => detail(
                StatusCode::REQUEST_TIMEOUT,
                "The request body did not come in time",
            ),
            Self::TooLarge { limit } => {
                let text = format!("Request body too large: the limit is {limit} bytes");
                detail(StatusCode::PAYLOAD_TOO_LARGE, &text)
            }
            Self::UnsupportedEncoding => unsupported_encoding(),
            Self::NotFound => detail(StatusCode::NOT_FOUND, "Not Found"),
            Self::MethodNotAllowed => detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
        }
    }
}

fn from_status(status: &Status) -> Response {
    let reason = status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default();
    let mut response = match (status.code(), reason.as_str()) {
        (Code::Unauthenticated, _) => unauthenticated(),
        (Code::PermissionDenied, _) => detail(StatusCode::FORBIDDEN, status.message()),
        (Code::NotFound, _) => detail(StatusCode::NOT_FOUND, "Not Found"),
        (Code::InvalidArgument, "DATA_TOO_DEEP") => unparsable(),
        (Code::InvalidArgument, _) => detail(StatusCode::UNPROCESSABLE_ENTITY, status.message()),
        (Code::ResourceExhausted, _) => rate_limited(status),
        (Code::Unavailable, "STORAGE_FAILED") => storage_failed(),
        (Code::Unavailable, _) => unavailable(status),
        _ => internal(status),
    };
    copy_limits(status.metadata().as_ref(), response.headers_mut());
    response
}

fn unauthenticated() -> Response {
    let mut response = detail(StatusCode::UNAUTHORIZED, "Invalid or missing X-API-Key");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("APIKey"));
    response
}

fn unparsable() -> Response {
    detail(StatusCode::BAD_REQUEST, "There was an error parsing the body")
}

fn unsupported_encoding() -> Response {
    let text = "Unsupported Content-Encoding: gzip, zstd and identity are taken";
    let mut response = detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    response.headers_mut().insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("gzip, zstd, identity"),
    );
    response
}

fn rate_limited(status: &Status) -> Response {
    let quota = status.get_details_quota_failure();
    let quota = quota.and_then(|failure| Some(failure.violations.into_iter().next()?.description));
    let error = quota.as_deref().unwrap_or_else(|| status.message());
    let body = json!({ "detail": "Rate limit exceeded — retry with backoff", "error": error });
    let mut response = json_response(StatusCode::TOO_MANY_REQUESTS, body.to_string());
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, retry_after(status));
    response
}

fn storage_failed() -> Response {
    detail(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Storage error — vault write failed",
    )
}

fn unavailable(status: &Status) -> Response {
    let mut response = detail(StatusCode::SERVICE_UNAVAILABLE, status.message());
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, retry_after(status));
    response
}

fn internal(status: &Status) -> Response {
    tracing::error!(code = ?status.code(), reason = status.message(), "unexpected answer of the service");
    detail(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// Whole seconds, rounded up, at least one.
fn retry_after(status: &Status) -> HeaderValue {
    let delay = status
        .get_details_retry_info()
        .and_then(|info| info.retry_delay)
        .unwrap_or_default();
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    HeaderValue::from(seconds.max(1))
}

fn detail(status: StatusCode, text: &str) -> Response {
    json_response(status, json!({ "detail": text }).to_string())
}

#[cfg(test)]
mod tests;

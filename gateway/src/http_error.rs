//! Errors as HTTP responses: the only place that chooses HTTP statuses.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    Undecodable,
    response::{copy_limits, json_response},
};

/// An error of a request.
#[derive(Debug)]
pub(crate) enum HttpError {
    /// The service failed the call.
    Status(Box<Status>),
    /// 422: the request is invalid.
    Invalid {
        /// The body, which lists the violations.
        body: String,
        /// The metadata of the service if it counted the request, else nothing.
        metadata: HeaderMap,
    },
    /// 400: the body cannot be parsed.
    Unparsable,
    /// 408: the body did not arrive in time.
    BodyTimeout,
    /// 413: the body is too large.
    TooLarge {
        /// Bytes, at most.
        limit: usize,
    },
    /// 415: the content encoding of the body is unknown.
    UnsupportedEncoding,
    /// 404.
    NotFound,
    /// 405; `Allow` is added by the router.
    MethodNotAllowed,
}

impl HttpError {
    /// Why the body could not be decoded.
    pub(crate) fn undecodable(&self) -> Undecodable {
        match self {
            Self::TooLarge { .. } => Undecodable::TooLarge,
            Self::BodyTimeout => Undecodable::TooLate,
            Self::Status(status) if status.code() == Code::DeadlineExceeded => Undecodable::TooLate,
            Self::Status(status) if status.code() == Code::Unavailable => Undecodable::Overloaded,
            _ => Undecodable::Malformed,
        }
    }

    /// An invalid request that the service has not seen.
    pub(crate) fn invalid(body: String) -> Self {
        Self::Invalid {
            body,
            metadata: HeaderMap::new(),
        }
    }
}

impl From<Status> for HttpError {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl IntoResponse for HttpError {
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
                "The request body did not arrive in time",
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

/// The response to a call that failed with `status`.
#[must_use]
pub fn error_response(status: &Status) -> Response {
    from_status(status)
}

/// The response of a readiness check that failed with `status`: 503 with `body`, whatever the reason.
#[must_use]
pub fn not_ready(status: &Status, body: &serde_json::Value) -> Response {
    let mut response = json_response(StatusCode::SERVICE_UNAVAILABLE, body.to_string());
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, retry_after(status));
    response
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
    let text = "Unsupported Content-Encoding: use gzip, zstd or identity";
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
    tracing::error!(code = ?status.code(), reason = status.message(), "unexpected error of the service");
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

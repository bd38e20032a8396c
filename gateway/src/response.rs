//! Responses to successful requests.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use openclone_client::v1::IngestResult;
use openclone_core::header as names;
use serde::Serialize;

/// The rate limit of the key: metadata of the service and headers of the response have the same names.
const RATE_LIMIT: [HeaderName; 3] = [
    HeaderName::from_static(names::RATE_LIMIT),
    HeaderName::from_static(names::RATE_LIMIT_REMAINING),
    HeaderName::from_static(names::RATE_LIMIT_RESET),
];

/// The result of a batch, in documented order. The last two are left out when they say nothing.
#[derive(Serialize)]
struct Ingested<'a> {
    stored: u32,
    skipped: u32,
    file: &'a str,
    #[serde(skip_serializing_if = "is_one_at_most")]
    files: &'a [String],
    #[serde(skip_serializing_if = "is_zero")]
    redacted: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

const fn is_one_at_most(files: &&[String]) -> bool {
    files.len() <= 1
}

/// The response to a batch that is in the vault.
pub(crate) fn ingested(result: &IngestResult, metadata: &HeaderMap) -> Response {
    let body = Ingested {
        stored: result.stored,
        skipped: result.skipped,
        file: &result.file,
        files: &result.files,
        redacted: result.redacted,
    };
    respond(StatusCode::OK, bytes_of(&body), metadata)
}

/// A response of 200 with `body` as JSON.
pub(crate) fn json_of(body: &impl Serialize) -> Response {
    json_response(StatusCode::OK, bytes_of(body))
}

/// A response with a body that is JSON already, not to be cached.
pub(crate) fn json_response(status: StatusCode, body: impl Into<Bytes>) -> Response {
    respond(status, body.into(), &HeaderMap::new())
}

fn bytes_of(body: &impl Serialize) -> Bytes {
    // Structs of strings and numbers always serialize.
    serde_json::to_vec(body).unwrap_or_default().into()
}

fn respond(status: StatusCode, body: Bytes, metadata: &HeaderMap) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // room for these, for what the socket layer adds, and for the limits: a larger table takes a KiB
    headers.reserve(if metadata.is_empty() { 6 } else { 9 });
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    copy_limits(metadata, headers);
    response
}

/// Copies the rate limit of the key, if the service counted this request.
pub(crate) fn copy_limits(metadata: &HeaderMap, headers: &mut HeaderMap) {
    for name in RATE_LIMIT {
        if let Some(value) = metadata.get(&name) {
            headers.insert(name, value.clone());
        }
    }
}

//! Responses that the proxy gives itself, in the shape that the service gives them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Frame, Incoming};
use openclone_client::v1::{IngestRequest, IngestResponse, ingest_response::Outcome};
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{
    count::{self, Messages},
    forward::Body,
};

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

/// Says of every batch that its own timestamp is too far ahead.
pub(super) fn wrong_clock(is_grpc: bool, body: Incoming) -> Response<Body> {
    if !is_grpc {
        let detail = r#"{"detail": [{"type": "value_error", "loc": ["body", "timestamp"],
            "msg": "Value error, timestamp is more than 24 h ahead", "input": 9999999999.0}]}"#;
        return json(StatusCode::UNPROCESSABLE_ENTITY, detail.to_owned());
    }
    let mut messages = Messages::default();
    let acknowledged = body.map_frame(move |frame| {
        let bytes = frame.into_data().unwrap_or_default();
        let responses = messages
            .take(&bytes)
            .into_iter()
            .flat_map(|message| response_clock(&message));
        Frame::data(Bytes::from_iter(responses))
    });
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let body = acknowledged.with_trailers(async move { Some(Ok(trailers)) });
    let mut response = Response::new(body.map_err(Into::into).boxed_unsync());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

fn response_clock(message: &[u8]) -> Vec<u8> {
    let sequence = IngestRequest::decode(message).map_or(0, |request| request.sequence);
    let mut details = ErrorDetails::new();
    details.add_bad_request_violation("timestamp", "timestamp is more than 24 h ahead");
    let status =
        Status::with_error_details(Code::InvalidArgument, "timestamp: more than 24 h ahead", details);
    let error = tonic_types::Status::decode(status.details()).unwrap_or_default();
    let response = IngestResponse {
        sequence,
        outcome: Some(Outcome::Error(error)),
    };
    count::frame(&response.encode_to_vec())
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

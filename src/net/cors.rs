//! CORS: requests may come from the server's own pages, browser extensions and the listed origins.

use std::collections::HashSet;

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// Schemes of browser extensions.
const EXTENSIONS: [&str; 3] = [
    "chrome-extension://",
    "moz-extension://",
    "safari-web-extension://",
];
/// Response headers that a page may read.
const EXPOSED: &str = "x-request-id, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, \
                       grpc-status, grpc-message, grpc-status-details-bin";

/// The origins that requests may come from.
#[derive(Debug)]
pub(crate) struct Origins(HashSet<String>);

/// The CORS headers of a response; none if the request has no `Origin`.
#[derive(Debug)]
pub(crate) struct Cors(Option<HeaderValue>);

impl Origins {
    pub(crate) fn new(allowed: &[String]) -> Self {
        Self(allowed.iter().cloned().collect())
    }

    /// The CORS headers for `origin`; `None` when it is not allowed. `host` is the `Host` of the request.
    pub(crate) fn check(&self, origin: &HeaderValue, host: &str) -> Option<Cors> {
        let text = origin.to_str().ok()?.to_ascii_lowercase();
        let own = text
            .strip_prefix("http://")
            .or_else(|| text.strip_prefix("https://"));
        let is_own = own.is_some_and(|name| name.eq_ignore_ascii_case(host));
        let is_extension = EXTENSIONS
            .iter()
            .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
        (is_own || is_extension || self.0.contains(&text)).then(|| Cors(Some(origin.clone())))
    }
}

impl Cors {
    /// For a request without `Origin`.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Adds the headers.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let Some(origin) = self.0 else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }

    /// The response to a preflight request with the headers `asked`.
    pub(crate) fn preflight(self, asked: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        self.write(headers);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, OPTIONS"),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        if asked.contains_key("access-control-request-private-network") {
            headers.insert(
                "access-control-allow-private-network",
                HeaderValue::from_static("true"),
            );
        }
        response
    }
}

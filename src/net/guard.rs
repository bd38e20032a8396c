//! Who may come in by `Host` and `Origin`: against DNS rebinding and against web pages that post behind a user's back.
//!
//! `Host` must be a loopback name, the address that the connection came to, or listed in `server.allowed_hosts`.

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
};

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tonic::Status;

use super::{
    cors::{Cors, Origins},
    router::is_native_grpc,
};
use crate::{config::ServerConfig, error::IngestError};

/// Who may come in.
#[derive(Debug)]
pub(crate) struct Guard {
    hosts: HashSet<String>,
    origins: Origins,
}

/// The address that a connection came to.
#[derive(Debug)]
pub(crate) struct Local {
    address: SocketAddr,
    /// How a client that was given the address names it: most do, and then nothing need be parsed.
    name: String,
}

impl From<SocketAddr> for Local {
    fn from(address: SocketAddr) -> Self {
        Self {
            name: address.to_string(),
            address,
        }
    }
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is answered; its answer gets these headers.
    Pass(Cors),
    /// A browser asks whether it may: it may.
    Preflight(Response<Body>),
    /// It is turned away.
    Refused(Response<Body>),
}

impl Guard {
    pub(crate) fn new(config: &ServerConfig) -> Self {
        Self {
            hosts: config.allowed_hosts.iter().cloned().collect(),
            origins: Origins::new(&config.allowed_origins),
        }
    }

    /// `local` is the address that the connection came to.
    pub(crate) fn judge<B>(&self, request: &Request<B>, local: &Local) -> Verdict {
        let headers = request.headers();
        let authority = request.uri().authority().map(http::uri::Authority::as_str);
        let hosts = headers.get_all(header::HOST).iter();
        // whoever stands behind or in front may look at another one than we do, so all of them must be ours
        let mut names = authority
            .into_iter()
            .chain(hosts.map(|value| value.to_str().unwrap_or_default()));
        let first = names.next();
        if !first.is_some_and(|name| self.is_ours(name, local))
            || !names.all(|name| self.is_ours(name, local))
        {
            return Verdict::Refused(forbidden(headers, "Host not allowed"));
        }
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Verdict::Pass(Cors::none());
        };
        match self.origins.admit(origin, first.unwrap_or_default()) {
            None => Verdict::Refused(forbidden(headers, "Origin not allowed")),
            Some(cors) if is_preflight(request.method(), headers) => {
                Verdict::Preflight(cors.preflight(headers))
            }
            Some(cors) => Verdict::Pass(cors),
        }
    }

    fn is_ours(&self, host: &str, local: &Local) -> bool {
        if host == local.name {
            return true;
        }
        if let Some(ip) = address(without_port(host))
            && (ip.is_loopback() || ip == local.address.ip().to_canonical())
        {
            return true;
        }
        let host = host.to_ascii_lowercase();
        let name = without_port(&host);
        name == "localhost" || self.hosts.contains(&host) || self.hosts.contains(name)
    }
}

/// The address that stands in a `Host`, if it is one.
fn address(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn forbidden(headers: &HeaderMap, detail: &'static str) -> Response<Body> {
    if is_native_grpc(headers) {
        let error = IngestError::Forbidden {
            message: detail.to_owned(),
        };
        return Status::from(error).into_http();
    }
    let mut response = Response::new(Body::from(format!("{{\"detail\":\"{detail}\"}}")));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard {
            hosts: ["notes.example", "other.example:81"].map(str::to_owned).into(),
            origins: Origins::new(&["https://app.example".to_owned()]),
        }
    }

    fn status(headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::get("/x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let local = Local::from("192.0.2.7:8000".parse::<SocketAddr>().unwrap());
        match guard().judge(&request.body(()).unwrap(), &local) {
            Verdict::Pass(_) => 200,
            Verdict::Preflight(response) | Verdict::Refused(response) => response.status().as_u16(),
        }
    }

    #[test]
    fn hosts() {
        for fine in [
            "localhost",
            "LocalHost:8000",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]:8000",
            "192.0.2.7:8000",
            "notes.example:9",
            "other.example:81",
        ] {
            assert_eq!(status(&[("host", fine)]), 200, "{fine}");
        }
        for bad in [
            "evil.example",
            "localhost.evil.example",
            "192.0.2.8",
            "other.example",
            "",
            "127.0.0.1.evil.example",
            "[::2]",
        ] {
            assert_eq!(status(&[("host", bad)]), 403, "{bad}");
        }
        assert_eq!(status(&[]), 403);
        assert_eq!(status(&[("host", "localhost"), ("host", "evil.example")]), 403);
    }

    #[test]
    fn origins() {
        let with = |origin| status(&[("host", "localhost:8000"), ("origin", origin)]);
        for fine in [
            "http://localhost:8000",
            "https://app.example",
            "chrome-extension://abc",
            "moz-extension://a-b",
        ] {
            assert_eq!(with(fine), 200, "{fine}");
        }
        for bad in [
            "null",
            "http://localhost:9000",
            "https://evil.example",
            "https://app.example.evil",
            "file://",
            "",
        ] {
            assert_eq!(with(bad), 403, "{bad}");
        }
    }

    #[test]
    fn a_preflight_is_answered_here() {
        let base = [
            ("host", "localhost"),
            ("origin", "https://app.example"),
            ("access-control-request-method", "POST"),
        ];
        let mut request = Request::options("/api/v1/ingest");
        for (name, value) in base {
            request = request.header(name, value);
        }
        let local = Local::from("127.0.0.1:1".parse::<SocketAddr>().unwrap());
        let verdict = guard().judge(&request.body(()).unwrap(), &local);
        let Verdict::Preflight(response) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(response.status(), 204);
        assert_eq!(
            response.headers()["access-control-allow-origin"],
            "https://app.example"
        );
        assert_eq!(response.headers()["vary"], "origin");
    }
}

//! Checks `Host` and `Origin`, against DNS rebinding and against web pages that post without the user's knowledge.
//!
//! `Host` must be a loopback name, the address that the connection came to, or listed in `server.allowed_hosts`.

use std::{collections::HashSet, net::SocketAddr};

use axum::body::Body;
use http::{HeaderMap, Method, Request, Response, header};
use tonic::Status;

use super::{
    cors::{Cors, Origins},
    router::is_native_grpc,
};
use crate::{
    config::{
        ServerConfig,
        host::{canonical_name, ip_of, split_port},
    },
    error::IngestError,
};

/// Checks `Host` and `Origin`.
#[derive(Debug)]
pub(crate) struct Guard {
    hosts: HashSet<String>,
    origins: Origins,
}

/// The local address of a connection.
#[derive(Debug)]
pub(crate) struct LocalAddress {
    address: SocketAddr,
    /// The address as text; most clients send exactly this, which then needs no parsing.
    name: String,
}

impl From<SocketAddr> for LocalAddress {
    fn from(address: SocketAddr) -> Self {
        Self {
            name: address.to_string(),
            address,
        }
    }
}

/// The result of the check.
#[derive(Debug)]
pub(crate) enum GuardDecision {
    /// The request is processed; its response gets these headers.
    Allow(Cors),
    /// The response to a CORS preflight request.
    Preflight(Response<Body>),
    /// The request is rejected with this response.
    Reject(Response<Body>),
}

impl Guard {
    pub(crate) fn new(config: &ServerConfig) -> Self {
        Self {
            hosts: config.allowed_hosts.iter().cloned().collect(),
            origins: Origins::new(&config.allowed_origins),
        }
    }

    /// Checks a request that came to the address `local`.
    pub(crate) fn check<B>(&self, request: &Request<B>, local: &LocalAddress) -> GuardDecision {
        let headers = request.headers();
        let authority = request.uri().authority().map(http::uri::Authority::as_str);
        let hosts = headers.get_all(header::HOST).iter();
        // a proxy may use another of these names than this service, so all of them must be allowed
        let mut names = authority
            .into_iter()
            .chain(hosts.map(|value| value.to_str().unwrap_or_default()));
        let first = names.next();
        if !first.is_some_and(|name| self.is_allowed_host(name, local))
            || !names.all(|name| self.is_allowed_host(name, local))
        {
            return GuardDecision::Reject(forbidden(headers, "Host not allowed"));
        }
        let Some(origin) = headers.get(header::ORIGIN) else {
            return GuardDecision::Allow(Cors::none());
        };
        match self.origins.check(origin, first.unwrap_or_default()) {
            None => GuardDecision::Reject(forbidden(headers, "Origin not allowed")),
            Some(cors) if is_preflight(request.method(), headers) => {
                GuardDecision::Preflight(cors.preflight(headers))
            }
            Some(cors) => GuardDecision::Allow(cors),
        }
    }

    fn is_allowed_host(&self, host: &str, local: &LocalAddress) -> bool {
        if host == local.name {
            return true;
        }
        let (name, port) = split_port(host);
        // an IP address cannot be rebound; an unspecified one reaches this machine
        if let Some(ip) = ip_of(name)
            && (ip.is_loopback() || ip.is_unspecified() || ip == local.address.ip().to_canonical())
        {
            return true;
        }
        let name = canonical_name(name);
        let with_port = || port.is_some_and(|port| self.hosts.contains(&format!("{name}:{port}")));
        name == "localhost" || self.hosts.contains(&name) || with_port()
    }
}

fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn forbidden(headers: &HeaderMap, detail: &'static str) -> Response<Body> {
    let status = Status::from(IngestError::Forbidden {
        message: detail.to_owned(),
    });
    match is_native_grpc(headers) {
        true => status.into_http(),
        false => openclone_gateway::error_response(&status),
    }
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
        let local = LocalAddress::from("192.0.2.7:8000".parse::<SocketAddr>().unwrap());
        match guard().check(&request.body(()).unwrap(), &local) {
            GuardDecision::Allow(_) => 200,
            GuardDecision::Preflight(response) | GuardDecision::Reject(response) => {
                response.status().as_u16()
            }
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
            "localhost.",
            "localhost.:8000",
            "0.0.0.0:8000",
            "[::]:8000",
            "[::ffff:127.0.0.1]:8000",
            "[::ffff:192.0.2.7]:8000",
            "Notes.Example.:9",
            "other.example.:81",
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
            "localhost..",
            "[::ffff:192.0.2.8]",
            "0.0.0.0.evil.example",
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
    fn preflight_gets_its_response_here() {
        let base = [
            ("host", "localhost"),
            ("origin", "https://app.example"),
            ("access-control-request-method", "POST"),
        ];
        let mut request = Request::options("/api/v1/ingest");
        for (name, value) in base {
            request = request.header(name, value);
        }
        let local = LocalAddress::from("127.0.0.1:1".parse::<SocketAddr>().unwrap());
        let decision = guard().check(&request.body(()).unwrap(), &local);
        let GuardDecision::Preflight(response) = decision else {
            panic!("{decision:?}")
        };
        assert_eq!(response.status(), 204);
        assert_eq!(
            response.headers()["access-control-allow-origin"],
            "https://app.example"
        );
        assert_eq!(response.headers()["vary"], "origin");
    }
}

//! Options of the network side.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::{ConfigError, Layers, host};

/// Options of the network side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Address and port; port 0 selects a free port.
    pub listen: SocketAddr,
    /// Certificate chain and private key, PEM files.
    pub tls: Option<TlsFiles>,
    /// In canonical form, with or without a port.
    pub allowed_hosts: Vec<String>,
    /// In canonical form, such as `https://notes.example`.
    pub allowed_origins: Vec<String>,
    /// Concurrent connections.
    pub max_connections: u32,
    /// Concurrent connections per address, without loopback; 0 means no limit.
    pub max_connections_per_peer: u32,
    /// Requests in flight, without streams.
    pub max_requests: u32,
    /// Concurrent streams of batches.
    pub max_streams: u32,
    /// Memory for request bodies that are being processed, in bytes.
    pub max_body_buffer_bytes: u64,
    /// How long a connection may be idle.
    pub idle: Duration,
    /// The age at which the client of a connection is asked to reconnect.
    pub max_connection_age: Duration,
}

/// Certificate chain and private key, PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl ServerConfig {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let listen = layers.parse(
            "server.listen",
            "address and port, such as \"127.0.0.1:8000\"",
            parse_listen,
        )?;
        let tls = read_tls(layers)?;
        let insecure = layers.flag("server.insecure")?;
        if !listen.ip().is_loopback() && tls.is_none() && !insecure {
            return Err(ConfigError::Conflict {
                location: layers.location("server.listen"),
                reason: format!(
                    "{listen} is not a loopback address and would send keys and events in clear text; set \
                     server.tls_cert and server.tls_key, or --insecure behind a proxy that encrypts"
                ),
            });
        }
        Ok(Self {
            listen,
            tls,
            allowed_hosts: read_hosts(layers)?,
            allowed_origins: read_origins(layers)?,
            max_connections: layers.number("server.max_connections", 1, 100_000)?,
            max_connections_per_peer: layers.number("server.max_connections_per_peer", 0, 100_000)?,
            max_requests: layers.number("server.max_requests", 1, 100_000)?,
            max_streams: layers.number("server.max_streams", 1, 100_000)?,
            max_body_buffer_bytes: layers.size("server.max_body_buffer_bytes", 8 << 20, 1 << 30)?,
            idle: seconds(layers, "server.idle_seconds", 5)?,
            max_connection_age: seconds(layers, "server.max_connection_age_seconds", 30)?,
        })
    }
}

fn seconds(layers: &Layers, key: &'static str, least: u32) -> Result<Duration, ConfigError> {
    Ok(Duration::from_secs(layers.number(key, least, 31_536_000)?.into()))
}

fn parse_listen(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?))),
        None => text.parse().ok(),
    }
}

fn read_tls(layers: &Layers) -> Result<Option<TlsFiles>, ConfigError> {
    let path = |key| layers.parse(key, "a path", |text| Some(text.to_owned()));
    let (cert, key) = (path("server.tls_cert")?, path("server.tls_key")?);
    let missing = match (cert.is_empty(), key.is_empty()) {
        (true, true) => return Ok(None),
        (false, false) => {
            return Ok(Some(TlsFiles {
                cert: cert.into(),
                key: key.into(),
            }));
        }
        (true, false) => ("server.tls_key", "server.tls_cert"),
        (false, true) => ("server.tls_cert", "server.tls_key"),
    };
    Err(ConfigError::Conflict {
        location: layers.location(missing.0),
        reason: format!("requires {} as well", missing.1),
    })
}

fn read_hosts(layers: &Layers) -> Result<Vec<String>, ConfigError> {
    let hosts = layers.list("server.allowed_hosts")?;
    let canonical = hosts.iter().map(|entry| host::canonical_entry(entry)).collect();
    canonical_or(
        layers,
        "server.allowed_hosts",
        canonical,
        "host names with or without a port, such as \"notes.example\" or \"notes.example:8443\"; without a scheme or \
         wildcards, and in punycode",
    )
}

fn read_origins(layers: &Layers) -> Result<Vec<String>, ConfigError> {
    let origins = layers.list("server.allowed_origins")?;
    let canonical = origins
        .iter()
        .map(|origin| host::canonical_origin(origin))
        .collect();
    canonical_or(
        layers,
        "server.allowed_origins",
        canonical,
        "scheme and host, such as \"https://notes.example\", without a path or wildcards, and in punycode",
    )
}

/// The entries in canonical form; an error if one of them can never match a request.
fn canonical_or(
    layers: &Layers,
    key: &'static str,
    canonical: Option<Vec<String>>,
    allowed: &str,
) -> Result<Vec<String>, ConfigError> {
    canonical.ok_or_else(|| layers.bad(key, allowed))
}

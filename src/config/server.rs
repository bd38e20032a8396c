//! Where and how to listen, and who may come in.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::{ConfigError, Layers};

/// Where and how to listen, and who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate chain and private key, PEM files.
    pub tls: Option<TlsFiles>,
    /// Lower-case, with or without port.
    pub allowed_hosts: Vec<String>,
    /// Lower-case, such as `https://notes.example`.
    pub allowed_origins: Vec<String>,
    /// Connections at once.
    pub max_connections: u32,
    /// Connections at once from one address other than loopback; 0 for no limit.
    pub max_connections_per_peer: u32,
    /// Requests in flight at once, streams not counted.
    pub max_requests: u32,
    /// Streams of batches at once.
    pub max_streams: u32,
    /// Bytes of requests that were read and not yet handed on.
    pub max_body_buffer_bytes: u64,
    /// How long a connection may have nothing in flight.
    pub idle: Duration,
    /// How old a connection may get before its client is asked to make a new one.
    pub max_connection_age: Duration,
}

/// Certificate chain and private key, PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that signed it.
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
                place: layers.place("server.listen"),
                reason: format!(
                    "{listen} is not a loopback address and would send keys and events in clear text; set \
                     server.tls_cert and server.tls_key, or --insecure if something in front of it encrypts"
                ),
            });
        }
        Ok(Self {
            listen,
            tls,
            allowed_hosts: lower(layers.list("server.allowed_hosts")?),
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
        place: layers.place(missing.0),
        reason: format!("it needs {} beside it", missing.1),
    })
}

fn read_origins(layers: &Layers) -> Result<Vec<String>, ConfigError> {
    let origins = lower(layers.list("server.allowed_origins")?);
    let fine = |origin: &String| {
        origin
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.is_empty() && !rest.contains('/'))
    };
    if origins.iter().all(fine) {
        return Ok(origins);
    }
    Err(layers.bad(
        "server.allowed_origins",
        "scheme and host, such as \"https://notes.example\", without a path",
    ))
}

fn lower(items: Vec<String>) -> Vec<String> {
    items.into_iter().map(|item| item.to_ascii_lowercase()).collect()
}

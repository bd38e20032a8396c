//! Connects commands to a service: address, TLS, key.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use openclone_gateway::RemoteBackend;
use secrecy::{ExposeSecret as _, SecretString};
use tonic::{
    metadata::{Ascii, MetadataValue},
    transport::{Channel, ClientTlsConfig, Endpoint},
};

use super::{HomePaths, start};
use crate::config::{Config, home::Home};

/// The service and the key to use.
#[derive(Clone, Debug, Args)]
pub(super) struct Target {
    /// Address of the service [default: server.listen]
    #[arg(long, env = "OPENCLONE_ENDPOINT", value_name = "URI")]
    endpoint: Option<String>,
    /// API key [default: API_KEY, else the key in <home>/.env]
    #[arg(long, value_name = "KEY", hide_env_values = true)]
    api_key: Option<String>,
}

impl Target {
    /// The address of the service.
    pub(super) fn uri(&self, paths: &HomePaths, home: &Home) -> anyhow::Result<String> {
        if let Some(uri) = &self.endpoint {
            return Ok(uri.clone());
        }
        let config = Config::read(&paths.layers(home, Vec::new())?)?;
        let scheme = if config.server.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let mut address = config.server.listen;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        Ok(format!("{scheme}://{address}"))
    }

    /// The key as a metadata value.
    pub(super) fn key(&self, home: &Home) -> anyhow::Result<MetadataValue<Ascii>> {
        let found: Option<SecretString> = match &self.api_key {
            Some(key) => Some(key.clone().into()),
            None => home.key(start::key_variable()?.as_deref())?,
        };
        let key = found.with_context(|| {
            format!(
                "no API key: use --api-key, set API_KEY, or start the service once, which creates {}",
                home.dotenv().display()
            )
        })?;
        let mut value = MetadataValue::try_from(key.expose_secret().as_bytes())
            .context("the API key contains characters that cannot be sent")?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// A channel that connects on first use; `https` uses the certificate authorities of the system.
pub(super) fn channel(uri: &str) -> anyhow::Result<Channel> {
    Ok(RemoteBackend::configure(endpoint(uri)?).connect_lazy())
}

/// Requests `path` over the channel; the response may have at most 1 MiB.
fn endpoint(uri: &str) -> anyhow::Result<Endpoint> {
    let bad = || format!("{uri} is not a valid address; use one such as http://127.0.0.1:8000");
    let endpoint = Endpoint::from_shared(uri.to_owned()).with_context(bad)?;
    let scheme = endpoint.uri().scheme_str().map(str::to_owned);
    let endpoint = endpoint
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20))
        .initial_stream_window_size(1 << 20)
        .tcp_nodelay(true);
    match scheme.as_deref() {
        Some("http") => Ok(endpoint),
        Some("https") => endpoint
            .tls_config(ClientTlsConfig::new().with_native_roots())
            .with_context(bad),
        _ => anyhow::bail!(bad()),
    }
}

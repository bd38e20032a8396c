//! What an operator can choose.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

/// Replaces secrets in a text.
pub type Redact = Arc<dyn Fn(&str) -> Cow<'_, str> + Send + Sync>;

/// Bounds of the gateway, and what it does about secrets.
#[derive(Clone)]
pub struct GatewayOptions {
    /// Bytes of a decompressed body, at most. Keep it below the 4 MiB of a gRPC message. 1 MiB unless told.
    pub max_body_bytes: usize,
    /// How long a client may take to send its body. 30 s unless told.
    pub body_timeout: Duration,
    /// How long a remote service may take to answer; in the same process there is no bound. 30 s unless told.
    pub upstream_timeout: Duration,
    /// How long a remote service's word that a key is good is believed. 10 s unless told.
    pub access_cache: Duration,
    /// Applied to whatever of a request is echoed in an error.
    pub redact: Option<Redact>,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 1_048_576,
            body_timeout: Duration::from_secs(30),
            upstream_timeout: Duration::from_secs(30),
            access_cache: Duration::from_secs(10),
            redact: None,
        }
    }
}

impl fmt::Debug for GatewayOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("GatewayOptions")
            .field("max_body_bytes", &self.max_body_bytes)
            .field("body_timeout", &self.body_timeout)
            .field("upstream_timeout", &self.upstream_timeout)
            .field("access_cache", &self.access_cache)
            .field("redact", &self.redact.is_some())
            .finish()
    }
}

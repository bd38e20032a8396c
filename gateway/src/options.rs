//! Options of the gateway.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

/// Replaces secrets in a text.
pub type Redact = Arc<dyn Fn(&str) -> Cow<'_, str> + Send + Sync>;

/// Called for each rejection that the service does not see, so that it can be counted.
pub type OnRejection = Arc<dyn Fn(Rejection) + Send + Sync>;

/// A batch that was rejected before the service saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The batch is invalid.
    Invalid {
        /// Number of events that the service does not see.
        events: usize,
    },
    /// The body could not be decoded, so the number of events is unknown.
    Undecodable(Undecodable),
}

/// Why a body, or a message, could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// It is too large.
    TooLarge,
    /// It did not arrive in time.
    TooLate,
    /// The memory for bodies was exhausted.
    Overloaded,
    /// It is broken, truncated, or has an unknown encoding or type.
    Malformed,
}

/// Limits of the gateway, and its hooks for redaction and metrics.
#[derive(Clone)]
pub struct GatewayOptions {
    /// Bytes of a decompressed body, at most. Must stay below the 4 MiB of a gRPC message. Default: 1 MiB.
    pub max_body_bytes: usize,
    /// How long a client may take to send its body. Default: 30 s.
    pub body_timeout: Duration,
    /// Applied to everything of a request that is echoed in an error.
    pub redact: Option<Redact>,
    /// Called for each batch that is rejected before the service sees it.
    pub on_rejection: Option<OnRejection>,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 1_048_576,
            body_timeout: Duration::from_secs(30),
            redact: None,
            on_rejection: None,
        }
    }
}

impl fmt::Debug for GatewayOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("GatewayOptions")
            .field("max_body_bytes", &self.max_body_bytes)
            .field("body_timeout", &self.body_timeout)
            .field("redact", &self.redact.is_some())
            .field("on_rejection", &self.on_rejection.is_some())
            .finish()
    }
}

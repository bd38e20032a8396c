//! What an operator can choose.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

/// Replaces secrets in a text.
pub type Redact = Arc<dyn Fn(&str) -> Cow<'_, str> + Send + Sync>;

/// Hears of what is turned away before the service sees it, so that somebody can count it.
pub type OnRefusal = Arc<dyn Fn(Refusal) + Send + Sync>;

/// What was turned away before the service saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// So many events, for the faults of their batch.
    Faulty {
        /// Events that the service has not seen.
        events: usize,
    },
    /// A body of which nothing is known.
    Unread(Unread),
}

/// Why a body, or a message, could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is too large.
    TooLarge,
    /// It did not come in time.
    TooLate,
    /// There was no room for it.
    NoRoom,
    /// It is broken, cut off, or in an encoding or a type that is not known.
    Unreadable,
}

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
    /// Called for each batch that is turned away before the service sees it.
    pub on_refusal: Option<OnRefusal>,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 1_048_576,
            body_timeout: Duration::from_secs(30),
            upstream_timeout: Duration::from_secs(30),
            access_cache: Duration::from_secs(10),
            redact: None,
            on_refusal: None,
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
            .field("on_refusal", &self.on_refusal.is_some())
            .finish()
    }
}

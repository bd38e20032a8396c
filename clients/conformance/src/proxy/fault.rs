//! What can go wrong on the way.

use serde::Deserialize;

/// A fault, and how often it applies.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Fault {
    #[serde(flatten)]
    pub(crate) kind: Kind,
    /// How many requests or connections it is for; until it is replaced if absent.
    pub(crate) times: Option<u32>,
}

/// What goes wrong.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Nothing listens on the port.
    Refuse,
    /// Connections are taken, and nothing is ever read or acknowledged.
    BlackHole,
    /// Connections that begin with HTTP/2's preface are closed.
    NoHttp2,
    /// gRPC is acknowledged with 502 and a page of HTML.
    GrpcAsHttp,
    /// Everything waits for so many seconds.
    Delay { seconds: f64 },
    /// 503, or UNAVAILABLE; with `Retry-After` or `RetryInfo` if so many seconds are given.
    Unavailable { retry_after: Option<u32> },
    /// 429, or RESOURCE_EXHAUSTED; likewise.
    Exhausted { retry_after: Option<u32> },
    /// 500, or INTERNAL.
    Internal,
    /// The batch's own `timestamp` and those of its events are moved two days ahead, as by a machine whose clock is.
    Clock,
    /// The timestamps of these events are moved two days ahead.
    Ahead { raw_refs: Vec<String> },
    /// These events are made such that the service rejects them, naming the event (a `raw_ref` that is too `long`), or over
    /// JSON none (data that is too `deep`).
    Spoil {
        #[serde(default)]
        long: Vec<String>,
        #[serde(default)]
        deep: Vec<String>,
    },
    /// The connection is reset after so many responses of a stream; instead of the response, for JSON.
    ResetAfterResponses { responses: usize },
    /// The connection is reset after so many bytes of a request's body.
    ResetAfterBytes { bytes: usize },
    /// The connection is reset instead of passing the first response on, which the service has given.
    DropResponses,
}

impl Kind {
    /// Whether it applies to connections, not requests.
    pub(crate) fn is_of_connections(&self) -> bool {
        matches!(self, Self::Refuse | Self::BlackHole | Self::NoHttp2)
    }

    /// Whether it changes what is sent.
    pub(crate) fn changes(&self) -> bool {
        matches!(self, Self::Clock | Self::Ahead { .. } | Self::Spoil { .. })
    }

    /// Whether only gRPC suffers.
    pub(crate) fn is_of_grpc(&self) -> bool {
        matches!(self, Self::GrpcAsHttp)
    }
}

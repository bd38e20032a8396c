//! The peers, and what each does not do.

use crate::load::Transport;

/// Someone else's service.
pub(super) struct Peer {
    /// Its directory in `bench/peers`.
    pub(super) directory: &'static str,
    pub(super) name: &'static str,
    /// How it is spoken to.
    pub(super) transport: Transport,
    /// The way to the service that is most like it.
    pub(super) like: Transport,
    /// Posted before the first load: path and body.
    pub(super) first: Option<(&'static str, &'static str)>,
    pub(super) lacks: &'static str,
}

pub(super) const PEERS: [Peer; 4] = [
    Peer {
        directory: "fastapi",
        name: "FastAPI, uvicorn, SQLite",
        transport: Transport::Json,
        like: Transport::Json,
        first: None,
        lacks: "dedup: yes; synced before the response: yes; not: redaction, escaping, tenants, recovery of files cut off",
    },
    Peer {
        directory: "aw-server",
        name: "aw-server 0.12.0",
        transport: Transport::Activity,
        like: Transport::Json,
        first: Some((
            "/api/0/buckets/bench",
            r#"{"client":"bench","type":"bench","hostname":"bench"}"#,
        )),
        lacks: "dedup: none; synced before the response: yes (SQLite, 100 events a transaction); not: Markdown, redaction, keys",
    },
    Peer {
        directory: "otel",
        name: "OpenTelemetry Collector",
        transport: Transport::Otlp,
        like: Transport::Unary,
        first: None,
        lacks: "dedup: none; synced before the response: no (in a buffer of the process, written once a second); not: Markdown, redaction, keys",
    },
    Peer {
        directory: "benthos",
        name: "Redpanda Connect",
        transport: Transport::Lines,
        like: Transport::Json,
        first: None,
        lacks: "dedup: in memory, gone at a restart; synced before the response: no (in the system's cache); not: Markdown, redaction, keys",
    },
];

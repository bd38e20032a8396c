//! The requests in flight on a connection, and the time limits that follow from them.
//!
//! A request holds a [`RequestGuard`] until the last byte of its response is sent. A unary request older than
//! [`Timeouts::response`] closes its connection: the client did not send its request or does not read the response, and
//! over HTTP/2 nothing else would ever end it. A connection without requests in flight drains after [`Timeouts::idle`]; one
//! that reaches [`Timeouts::age`] drains too, but its streams continue. Over HTTP/1.1 nothing detects that a client is
//! gone that waits for an endless response: such a response closes its connection after [`Timeouts::idle`].
//!
//! While request slots are scarce, [`Timeouts::scarce_response`] applies instead: clients that do not read their responses
//! must not keep others waiting.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use http::Version;
use tokio::sync::OwnedSemaphorePermit;

use crate::config::ServerConfig;

/// How long a draining connection may stay idle.
const DRAIN_IDLE: Duration = Duration::from_secs(15);
/// Bytes received without a request or body between two checks: more than the windows of HTTP/2 hold.
const IDLE_BYTES: usize = 2 << 20;
/// The longest time between two checks of a connection.
const MAX_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The kind of a request, which decides how long it may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One response ends it.
    Unary,
    /// A stream of batches, which lasts as long as its client wants.
    Ingest,
    /// A stream that needs no key.
    Unauthenticated,
    /// A stream that needs no key, over HTTP/1.1, where nothing detects that its client is gone.
    Unmonitored,
}

/// The time limits of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// Until its first request, TLS handshake included.
    pub(super) head: Duration,
    /// From a request to the last byte of its response, unless it is a stream.
    pub(super) response: Duration,
    /// The same while request slots are scarce.
    pub(super) scarce_response: Duration,
    /// Without a request in flight, or with only an unmonitored stream.
    pub(super) idle: Duration,
    /// From accepting it until it drains.
    pub(super) age: Duration,
}

/// The requests in flight on one connection.
#[derive(Debug)]
pub(super) struct ConnectionState {
    since: Instant,
    /// Bytes received since the last request or part of a body.
    idle_bytes: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: u64,
    unary: BTreeMap<u64, Instant>,
    streams: usize,
    /// When an unmonitored stream started; over HTTP/1.1 there is one at a time.
    unmonitored_since: Option<Instant>,
    idle_since: Instant,
    /// When it started to drain.
    drain_requested: Option<Instant>,
}

/// A request in flight; dropping it ends the request.
#[derive(Debug)]
pub(super) struct RequestGuard {
    connection: Arc<ConnectionState>,
    kind: Kind,
    unary: Option<u64>,
    _permit: OwnedSemaphorePermit,
}

/// What to do with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionAction {
    /// Keep it and check again at this time.
    Keep(Instant),
    /// Let it finish the requests in flight, then close it.
    Drain,
    /// Close it now.
    Close,
}

impl Kind {
    pub(super) fn of(path: &str, version: Version) -> Self {
        match path {
            // the body ends or fails when the client disconnects
            "/openclone.v1.IngestService/Ingest" => Self::Ingest,
            "/grpc.health.v1.Health/Watch"
            | "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
            | "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" => match version {
                Version::HTTP_2 => Self::Unauthenticated,
                _ => Self::Unmonitored,
            },
            _ => Self::Unary,
        }
    }
}

impl RequestGuard {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Starts a request of `connection` that holds `permit`.
    pub(super) fn new(kind: Kind, connection: &Arc<ConnectionState>, permit: OwnedSemaphorePermit) -> Self {
        Self {
            kind,
            unary: connection.start(kind),
            connection: Arc::clone(connection),
            _permit: permit,
        }
    }

    /// The connection of the request.
    pub(super) fn connection(&self) -> Arc<ConnectionState> {
        Arc::clone(&self.connection)
    }
}

impl Timeouts {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self {
            head: Duration::from_secs(15),
            response: Duration::from_secs(90),
            scarce_response: Duration::from_secs(5),
            idle: config.idle,
            age: config.max_connection_age,
        }
    }
}

impl Timeouts {
    /// The limits while request slots are scarce.
    pub(super) fn when_scarce(self, is_scarce: bool) -> Self {
        match is_scarce {
            true => Self {
                response: self.scarce_response,
                ..self
            },
            false => self,
        }
    }
}

impl ConnectionState {
    pub(super) fn new() -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            since: now,
            idle_bytes: AtomicUsize::new(0),
            state: Mutex::new(State {
                next: 0,
                unary: BTreeMap::new(),
                streams: 0,
                unmonitored_since: None,
                idle_since: now,
                drain_requested: None,
            }),
        })
    }

    /// Requests in flight that are not streams.
    pub(super) fn unary_requests(&self) -> usize {
        self.state().unary.len()
    }

    /// Counts received bytes; false when the connection must be closed, because its client sends megabytes per minute of PING,
    /// SETTINGS and the like without a request.
    pub(super) fn received(&self, bytes: usize) -> bool {
        self.idle_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= IDLE_BYTES
    }

    /// Received bytes were part of a request or body.
    pub(super) fn used(&self) {
        self.idle_bytes.store(0, Ordering::Relaxed);
    }

    /// What to do with the connection at the time `now`.
    pub(super) fn next_action(
        &self,
        timeouts: &Timeouts,
        is_draining: bool,
        now: Instant,
    ) -> ConnectionAction {
        self.used();
        let mut state = self.state();
        if is_draining {
            state.drain_requested.get_or_insert(now);
        }
        let is_idle = state.unary.is_empty() && state.streams == 0;
        let oldest = state
            .unary
            .values()
            .next()
            .map(|started| *started + timeouts.response);
        let idle = match (is_idle, state.next, is_draining) {
            (false, ..) => None,
            (true, 0, _) => return until(state.idle_since + timeouts.head, now, ConnectionAction::Close),
            // it was idle for long already; leave time for the client to see that it drains
            (true, _, true) => {
                let idle_since = state.drain_requested.unwrap_or(now).max(state.idle_since);
                return until(idle_since + DRAIN_IDLE, now, ConnectionAction::Close);
            }
            (true, _, false) => Some(state.idle_since + timeouts.idle),
        };
        let oldest = [
            oldest,
            state.unmonitored_since.map(|started| started + timeouts.idle),
        ]
        .into_iter()
        .flatten()
        .min();
        if oldest.is_some_and(|due| due <= now) {
            return ConnectionAction::Close;
        }
        let old = (!is_draining).then_some(self.since + timeouts.age);
        if [idle, old].iter().flatten().any(|due| *due <= now) {
            return ConnectionAction::Drain;
        }
        let next = [oldest, idle, old].into_iter().flatten().min();
        ConnectionAction::Keep(next.map_or(now + MAX_CHECK_INTERVAL, |due| due.min(now + MAX_CHECK_INTERVAL)))
    }

    fn start(&self, kind: Kind) -> Option<u64> {
        self.used();
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        if kind != Kind::Unary {
            state.streams += 1;
            state.unmonitored_since = (kind == Kind::Unmonitored).then(Instant::now);
            return None;
        }
        state.unary.insert(number, Instant::now());
        Some(number)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `then` once `due` has come.
fn until(due: Instant, now: Instant, then: ConnectionAction) -> ConnectionAction {
    if now < due {
        ConnectionAction::Keep(due)
    } else {
        then
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let mut state = self.connection.state();
        match &self.unary {
            Some(number) => _ = state.unary.remove(number),
            None => state.streams -= 1,
        }
        if self.kind == Kind::Unmonitored {
            state.unmonitored_since = None;
        }
        state.idle_since = Instant::now();
    }
}

#[cfg(test)]
mod tests;

//! What is in flight on a connection, and for how long it may be.
//!
//! A request has a [`Ticket`] until the last byte of its answer is on its way. One that is no stream and whose ticket is
//! older than [`Patience::answer`] costs its connection: its client has not sent its request, or does not read its answer,
//! and over HTTP/2 nothing else would ever end it. A connection with nothing in flight is idle, and asked to end after a
//! while; so is one that has become old, whose streams go on all the same. But over HTTP/1.1 nothing tells that a client is
//! gone which waits for an answer without an end: such an answer costs its connection once it is as old as an idle one.
//!
//! Where room is short, patience is too: whoever keeps others waiting by not reading answers is cut.

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

/// How long a connection that was asked to end may stay idle.
const LEAVE: Duration = Duration::from_secs(15);
/// Bytes of which nothing comes, between two looks: more than fits into the windows of HTTP/2.
const IDLE_BYTES: usize = 2 << 20;
/// How often a connection is looked at, at least.
const LOOK: Duration = Duration::from_secs(60);

/// What a request is, as far as its duration is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It has an answer and is over.
    Plain,
    /// A stream of batches, which lasts as long as its client wants.
    Ingest,
    /// A stream that needs no key.
    Open,
    /// The same over HTTP/1.1, where nobody hears its client go.
    Unheard,
}

/// How long a connection may take for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For its first request, TLS included.
    pub(super) head: Duration,
    /// From a request to the last byte of its answer, unless it is a stream.
    pub(super) answer: Duration,
    /// The same where room is short.
    pub(super) short: Duration,
    /// With nothing in flight, or with nothing but an answer without an end whose client may be gone.
    pub(super) idle: Duration,
    /// In all.
    pub(super) age: Duration,
}

/// What is in flight on one connection.
#[derive(Debug)]
pub(super) struct InFlight {
    since: Instant,
    /// Bytes received since something came of any: a request, or a part of a body.
    idle_bytes: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: u64,
    plain: BTreeMap<u64, Instant>,
    streams: usize,
    /// When a stream began that nobody hears; over HTTP/1.1 there is one at a time.
    unheard: Option<Instant>,
    idle_since: Instant,
    /// When it was asked to end.
    asked: Option<Instant>,
}

/// A request in flight.
#[derive(Debug)]
pub(super) struct Ticket {
    connection: Arc<InFlight>,
    kind: Kind,
    plain: Option<u64>,
    _permit: OwnedSemaphorePermit,
}

/// What is to become of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on, and is looked at again then.
    Stay(Instant),
    /// It is asked to end.
    Leave,
    /// It is cut.
    Cut,
}

impl Kind {
    pub(super) fn of(path: &str, version: Version) -> Self {
        match path {
            // its body ends, or breaks off, when its client goes
            "/openclone.v1.IngestService/Ingest" => Self::Ingest,
            "/grpc.health.v1.Health/Watch"
            | "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
            | "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" => match version {
                Version::HTTP_2 => Self::Open,
                _ => Self::Unheard,
            },
            _ => Self::Plain,
        }
    }
}

impl Ticket {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Of a request of `connection` that got `permit`.
    pub(super) fn new(kind: Kind, connection: &Arc<InFlight>, permit: OwnedSemaphorePermit) -> Self {
        Self {
            kind,
            plain: connection.begin(kind),
            connection: Arc::clone(connection),
            _permit: permit,
        }
    }

    /// The connection on which the request has come.
    pub(super) fn connection(&self) -> Arc<InFlight> {
        Arc::clone(&self.connection)
    }
}

impl Patience {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self {
            head: Duration::from_secs(15),
            answer: Duration::from_secs(90),
            short: Duration::from_secs(5),
            idle: config.idle,
            age: config.max_connection_age,
        }
    }
}

impl Patience {
    /// What is left of it where room is short.
    pub(super) fn where_room(self, is_short: bool) -> Self {
        match is_short {
            true => Self {
                answer: self.short,
                ..self
            },
            false => self,
        }
    }
}

impl InFlight {
    pub(super) fn new() -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            since: now,
            idle_bytes: AtomicUsize::new(0),
            state: Mutex::new(State {
                next: 0,
                plain: BTreeMap::new(),
                streams: 0,
                unheard: None,
                idle_since: now,
                asked: None,
            }),
        })
    }

    /// Requests in flight that are no streams.
    pub(super) fn plain_requests(&self) -> usize {
        self.state().plain.len()
    }

    /// So many bytes were received; whether the connection may go on. One on which nothing but PING, SETTINGS and the like
    /// comes, megabytes of it in a minute, only wastes time.
    pub(super) fn received(&self, bytes: usize) -> bool {
        self.idle_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= IDLE_BYTES
    }

    /// Something came of what was received.
    pub(super) fn used(&self) {
        self.idle_bytes.store(0, Ordering::Relaxed);
    }

    /// What is to become of the connection, which `is_leaving` when it was asked to end.
    pub(super) fn look(&self, patience: &Patience, is_leaving: bool, now: Instant) -> Verdict {
        self.used();
        let mut state = self.state();
        if is_leaving {
            state.asked.get_or_insert(now);
        }
        let is_idle = state.plain.is_empty() && state.streams == 0;
        let oldest = state.plain.values().next().map(|begun| *begun + patience.answer);
        let idle = match (is_idle, state.next, is_leaving) {
            (false, ..) => None,
            (true, 0, _) => return until(state.idle_since + patience.head, now, Verdict::Cut),
            // it was idle for long when it was asked, and needs time to be told
            (true, _, true) => {
                let idle_since = state.asked.unwrap_or(now).max(state.idle_since);
                return until(idle_since + LEAVE, now, Verdict::Cut);
            }
            (true, _, false) => Some(state.idle_since + patience.idle),
        };
        let oldest = [oldest, state.unheard.map(|begun| begun + patience.idle)]
            .into_iter()
            .flatten()
            .min();
        if oldest.is_some_and(|due| due <= now) {
            return Verdict::Cut;
        }
        let old = (!is_leaving).then_some(self.since + patience.age);
        if [idle, old].iter().flatten().any(|due| *due <= now) {
            return Verdict::Leave;
        }
        let next = [oldest, idle, old].into_iter().flatten().min();
        Verdict::Stay(next.map_or(now + LOOK, |due| due.min(now + LOOK)))
    }

    fn begin(&self, kind: Kind) -> Option<u64> {
        self.used();
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        if kind != Kind::Plain {
            state.streams += 1;
            state.unheard = (kind == Kind::Unheard).then(Instant::now);
            return None;
        }
        state.plain.insert(number, Instant::now());
        Some(number)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until `due` it stays.
fn until(due: Instant, now: Instant, then: Verdict) -> Verdict {
    if now < due { Verdict::Stay(due) } else { then }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.connection.state();
        match &self.plain {
            Some(number) => _ = state.plain.remove(number),
            None => state.streams -= 1,
        }
        if self.kind == Kind::Unheard {
            state.unheard = None;
        }
        state.idle_since = Instant::now();
    }
}

#[cfg(test)]
mod tests;

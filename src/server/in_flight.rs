//! What is in flight: how much at once on the whole port, and for how long on each connection.
//!
//! A request has a [`Ticket`] until the last byte of its answer is on its way. One that is no stream and whose ticket is
//! older than [`Patience::answer`] costs its connection: its client has not sent its request, or does not read its answer,
//! and over HTTP/2 nothing else would ever end it. A connection with nothing in flight is idle, and asked to end after a
//! while; so is one that has become old, whose streams go on all the same.
//!
//! When little room is left, it is for those who have little in flight, and patience is short: whoever keeps others waiting
//! by not reading answers is cut.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::config::ServerConfig;

/// Streams of the calls that need no key: watching the health, and reflection.
const OPEN_STREAMS: usize = 64;
/// How long a connection that was asked to end may stay idle.
const LEAVE: Duration = Duration::from_secs(15);
/// Bytes of which nothing comes, between two looks: more than fits into the windows of HTTP/2.
const IDLE_BYTES: usize = 2 << 20;
/// Room is short when no more than this part of it is left.
const SHORT: usize = 8;
/// Requests that one connection may have in flight where room is short.
const FEW: usize = 4;
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
}

/// How much may be in flight on the whole port. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Room {
    plain: Arc<Semaphore>,
    /// Free permits of `plain` below which room is short.
    short: usize,
    /// Somebody was turned away.
    pressure: Arc<Notify>,
    ingest: Arc<Semaphore>,
    open: Arc<Semaphore>,
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
    /// With nothing in flight.
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
    idle_since: Instant,
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
    pub(super) fn of(path: &str) -> Self {
        match path {
            "/openclone.v1.IngestService/Ingest" => Self::Ingest,
            "/grpc.health.v1.Health/Watch"
            | "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
            | "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" => Self::Open,
            _ => Self::Plain,
        }
    }
}

impl Room {
    pub(super) fn new(config: &ServerConfig) -> Self {
        let of = |permits: usize| Arc::new(Semaphore::new(permits));
        Self {
            plain: of(config.max_requests as usize),
            short: config.max_requests as usize / SHORT,
            pressure: Arc::default(),
            ingest: of(config.max_streams as usize),
            open: of(OPEN_STREAMS),
        }
    }

    /// A ticket for a request of `connection`; `None` when there is no room.
    pub(super) fn enter(&self, kind: Kind, connection: &Arc<InFlight>) -> Option<Ticket> {
        let room = match kind {
            Kind::Plain if self.is_short() && connection.plain_requests() >= FEW => return self.refuse(),
            Kind::Plain => &self.plain,
            Kind::Ingest => &self.ingest,
            Kind::Open => &self.open,
        };
        let Ok(permit) = Arc::clone(room).try_acquire_owned() else {
            return self.refuse();
        };
        Some(Ticket {
            kind,
            plain: connection.begin(kind),
            connection: Arc::clone(connection),
            _permit: permit,
        })
    }
}

impl Room {
    /// Whether little is left.
    pub(super) fn is_short(&self) -> bool {
        self.plain.available_permits() <= self.short
    }

    /// Returns when somebody was turned away.
    pub(super) async fn pressed(&self) {
        self.pressure.notified().await;
    }

    fn refuse(&self) -> Option<Ticket> {
        self.pressure.notify_waiters();
        None
    }
}

impl Ticket {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// One of a connection of its own.
    #[cfg(test)]
    pub(super) fn of(kind: Kind) -> Self {
        let connection = InFlight::new();
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned();
        Self {
            kind,
            plain: connection.begin(kind),
            connection,
            _permit: permit.expect("it is free"),
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
                idle_since: now,
            }),
        })
    }

    fn plain_requests(&self) -> usize {
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
        let state = self.state();
        let is_idle = state.plain.is_empty() && state.streams == 0;
        let oldest = state.plain.values().next().map(|begun| *begun + patience.answer);
        let idle = match (is_idle, state.next, is_leaving) {
            (false, ..) => None,
            (true, 0, _) => return until(state.idle_since + patience.head, now, Verdict::Cut),
            (true, _, true) => return until(state.idle_since + patience.idle.min(LEAVE), now, Verdict::Cut),
            (true, _, false) => Some(state.idle_since + patience.idle),
        };
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
        state.idle_since = Instant::now();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(15),
        answer: Duration::from_secs(90),
        short: Duration::from_secs(5),
        idle: Duration::from_secs(300),
        age: Duration::from_secs(3600),
    };

    fn room(permits: usize) -> Room {
        let of = || Arc::new(Semaphore::new(permits));
        Room {
            plain: of(),
            short: permits / SHORT,
            pressure: Arc::default(),
            ingest: of(),
            open: of(),
        }
    }

    fn after(connection: &InFlight, seconds: u64, is_leaving: bool) -> Option<Verdict> {
        let now = connection.since + Duration::from_secs(seconds) + Duration::from_millis(100);
        match connection.look(&PATIENCE, is_leaving, now) {
            Verdict::Stay(_) => None,
            verdict => Some(verdict),
        }
    }

    #[test]
    fn a_connection_without_a_request_is_cut_and_an_idle_one_asked_to_leave() {
        let connection = InFlight::new();
        assert_eq!(after(&connection, 14, false), None);
        assert_eq!(after(&connection, 15, false), Some(Verdict::Cut));
        drop(room(1).enter(Kind::Plain, &connection).unwrap());
        assert_eq!(after(&connection, 299, false), None);
        assert_eq!(after(&connection, 300, false), Some(Verdict::Leave));
        assert_eq!(after(&connection, 300, true), Some(Verdict::Cut));
    }

    #[test]
    fn what_takes_too_long_is_cut_unless_it_is_a_stream() {
        let connection = InFlight::new();
        let ticket = room(1).enter(Kind::Plain, &connection);
        assert_eq!(after(&connection, 89, false), None);
        assert_eq!(after(&connection, 90, true), Some(Verdict::Cut));
        let _stream = room(1).enter(Kind::Ingest, &connection);
        drop(ticket);
        assert_eq!(after(&connection, 3599, false), None);
        assert_eq!(after(&connection, 3600, false), Some(Verdict::Leave));
        assert_eq!(after(&connection, 1_000_000, true), None);
    }

    #[tokio::test]
    async fn where_room_is_short_it_is_for_those_with_little_in_flight() {
        let (room, greedy, modest) = (room(16), InFlight::new(), InFlight::new());
        let pressed = room.pressed();
        tokio::pin!(pressed);
        assert!(
            tokio::time::timeout(Duration::ZERO, pressed.as_mut())
                .await
                .is_err()
        );
        let mut tickets = Vec::new();
        while let Some(ticket) = room.enter(Kind::Plain, &greedy) {
            tickets.push(ticket);
        }
        assert_eq!(tickets.len(), 14);
        pressed.await;
        assert!(room.is_short() && room.enter(Kind::Plain, &modest).is_some());
        let hasty = PATIENCE.where_room(true);
        let later = Instant::now() + Duration::from_secs(6);
        assert_eq!(greedy.look(&hasty, false, later), Verdict::Cut);
    }

    #[test]
    fn bytes_of_which_nothing_comes_are_limited() {
        let connection = InFlight::new();
        assert!(connection.received(IDLE_BYTES) && !connection.received(1));
        drop(room(1).enter(Kind::Plain, &connection));
        assert!(connection.received(IDLE_BYTES));
        connection.used();
        assert!(connection.received(IDLE_BYTES));
    }

    #[test]
    fn what_does_not_fit_gets_no_ticket() {
        let (room, connection) = (room(1), InFlight::new());
        let first = room.enter(Kind::Plain, &connection);
        assert!(first.is_some() && room.enter(Kind::Plain, &connection).is_none());
        assert!(room.enter(Kind::Ingest, &connection).is_some());
        drop(first);
        assert!(room.enter(Kind::Plain, &connection).is_some());
    }
}

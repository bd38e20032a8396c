//! How much may be in flight on the whole port. When little room is left, it is for those who have little in flight.

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};

use super::connection_state::{InFlight, Kind, Ticket};
use crate::config::ServerConfig;

/// Streams of the calls that need no key: watching the health, and reflection.
const OPEN_STREAMS: usize = 64;
/// Room is short when no more than this part of it is left.
const SHORT: usize = 8;
/// Requests that one connection may have in flight where room is short.
const FEW: usize = 4;

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

impl Room {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self::of(config.max_requests as usize, config.max_streams as usize)
    }

    /// Room for so many requests, and streams of batches.
    pub(super) fn of(requests: usize, streams: usize) -> Self {
        let permits = |permits: usize| Arc::new(Semaphore::new(permits));
        Self {
            plain: permits(requests),
            short: requests / SHORT,
            pressure: Arc::default(),
            ingest: permits(streams),
            open: permits(OPEN_STREAMS),
        }
    }

    /// A ticket for a request of `connection`; `None` when there is no room.
    pub(super) fn enter(&self, kind: Kind, connection: &Arc<InFlight>) -> Option<Ticket> {
        let room = match kind {
            Kind::Plain if self.is_short() && connection.plain_requests() >= FEW => return self.refuse(),
            Kind::Plain => &self.plain,
            Kind::Ingest => &self.ingest,
            Kind::Open | Kind::Unheard => &self.open,
        };
        let Ok(permit) = Arc::clone(room).try_acquire_owned() else {
            return self.refuse();
        };
        Some(Ticket::new(kind, connection, permit))
    }

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

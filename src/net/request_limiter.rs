//! Limits the requests in flight on the whole port.
//!
//! When few slots are left, only connections with few requests in flight get one.

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};

use super::connection_state::{ConnectionState, Kind, RequestGuard};
use crate::config::ServerConfig;

/// Concurrent streams that need no key: health watches and reflection.
const UNAUTHENTICATED_STREAMS: usize = 64;
/// Slots are scarce when at most one in this many is free.
const SCARCE: usize = 8;
/// Requests in flight that one connection may have when slots are scarce.
const FAIR_SHARE: usize = 4;

/// Limits the requests in flight on the whole port. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct RequestLimiter {
    unary: Arc<Semaphore>,
    /// Slots are scarce when at most this many permits of `unary` are free.
    scarce_below: usize,
    /// Notified when a request is rejected.
    pressure: Arc<Notify>,
    ingest: Arc<Semaphore>,
    unauthenticated: Arc<Semaphore>,
}

impl RequestLimiter {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self::of(config.max_requests as usize, config.max_streams as usize)
    }

    /// Allows this many unary requests and streams of batches.
    pub(super) fn of(requests: usize, streams: usize) -> Self {
        let permits = |permits: usize| Arc::new(Semaphore::new(permits));
        Self {
            unary: permits(requests),
            scarce_below: requests / SCARCE,
            pressure: Arc::default(),
            ingest: permits(streams),
            unauthenticated: permits(UNAUTHENTICATED_STREAMS),
        }
    }

    /// Admits a request of `connection`; `None` when no slot is free.
    pub(super) fn acquire(&self, kind: Kind, connection: &Arc<ConnectionState>) -> Option<RequestGuard> {
        let room = match kind {
            Kind::Unary if self.is_scarce() && connection.unary_requests() >= FAIR_SHARE => {
                return self.reject();
            }
            Kind::Unary => &self.unary,
            Kind::Ingest => &self.ingest,
            Kind::Unauthenticated | Kind::Unmonitored => &self.unauthenticated,
        };
        let Ok(permit) = Arc::clone(room).try_acquire_owned() else {
            return self.reject();
        };
        Some(RequestGuard::new(kind, connection, permit))
    }

    /// Whether slots are scarce.
    pub(super) fn is_scarce(&self) -> bool {
        self.unary.available_permits() <= self.scarce_below
    }

    /// Returns when a request is rejected.
    pub(super) async fn rejected(&self) {
        self.pressure.notified().await;
    }

    fn reject(&self) -> Option<RequestGuard> {
        self.pressure.notify_waiters();
        None
    }
}

//! How many connections there may be at once: in all, and from one address.
//!
//! Who comes when all seats are taken waits in the system's queue; who has too many of them is closed at once. Loopback
//! peers are not told apart: every program of the machine has that address, and one of them must not shut out the others.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::auth::network;

type Peers = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// All seats.
#[derive(Debug)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    per_peer: u32,
    peers: Peers,
}

/// A seat, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _permit: OwnedSemaphorePermit,
    _peer: Option<Counted>,
}

#[derive(Debug)]
struct Counted {
    peers: Peers,
    network: IpAddr,
}

impl Seats {
    /// `per_peer`: 0 for no limit.
    pub(super) fn new(all: u32, per_peer: u32) -> Self {
        Self {
            free: Arc::new(Semaphore::new(all as usize)),
            per_peer,
            peers: Peers::default(),
        }
    }

    /// Waits until a seat is free.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// The seat of a peer; `None` when it has too many.
    pub(super) fn take(&self, permit: OwnedSemaphorePermit, peer: IpAddr) -> Option<Seat> {
        let is_counted = self.per_peer > 0 && !peer.to_canonical().is_loopback();
        let counted = match is_counted {
            true => Some(self.count(network(peer))?),
            false => None,
        };
        Some(Seat {
            _permit: permit,
            _peer: counted,
        })
    }

    fn count(&self, network: IpAddr) -> Option<Counted> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let seats = peers.entry(network).or_default();
        if *seats >= self.per_peer {
            return None;
        }
        *seats += 1;
        Some(Counted {
            peers: Arc::clone(&self.peers),
            network,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seats) = peers.get_mut(&self.network) {
            *seats -= 1;
            if *seats == 0 {
                peers.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn take(seats: &Seats, peer: &str) -> Option<Seat> {
        seats.take(seats.free().await.unwrap(), peer.parse().unwrap())
    }

    #[tokio::test]
    async fn one_address_gets_its_share_and_loopback_all() {
        let seats = Seats::new(20, 2);
        let first = take(&seats, "192.0.2.1").await.unwrap();
        let _second = take(&seats, "::ffff:192.0.2.1").await.unwrap();
        assert!(take(&seats, "192.0.2.1").await.is_none());
        assert!(take(&seats, "192.0.2.2").await.is_some());
        drop(first);
        assert!(take(&seats, "192.0.2.1").await.is_some());
        let mut home = Vec::new();
        for _ in 0..10 {
            home.push(take(&seats, "127.0.0.1").await.unwrap());
        }
        let _v6 = take(&seats, "2001:db8:0:1::1").await.unwrap();
        let _same = take(&seats, "2001:db8:0:1::2").await.unwrap();
        assert!(take(&seats, "2001:db8:0:1::3").await.is_none());
        drop((home, _second, _v6, _same));
        assert!(seats.peers.lock().unwrap().is_empty());
        assert_eq!(seats.free.available_permits(), 20);
    }
}

//! Limits concurrent connections, in total and per peer address.
//!
//! When the total limit is reached, new connections wait in the accept backlog. A connection over the limit of its peer is
//! closed at once. Loopback peers have no limit of their own: every program of the machine has that address, and one of
//! them must not lock out the others.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::auth::network;

type Peers = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// Limits concurrent connections.
#[derive(Debug)]
pub(super) struct ConnectionLimiter {
    free: Arc<Semaphore>,
    per_peer: u32,
    peers: Peers,
}

/// The right to one connection; dropping it releases the right.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
    _peer_count: Option<PeerCount>,
}

#[derive(Debug)]
struct PeerCount {
    peers: Peers,
    network: IpAddr,
}

impl ConnectionLimiter {
    /// Allows `total` connections, and `per_peer` from one address; 0 means no limit per address.
    pub(super) fn new(total: u32, per_peer: u32) -> Self {
        Self {
            free: Arc::new(Semaphore::new(total as usize)),
            per_peer,
            peers: Peers::default(),
        }
    }

    /// Waits until the total limit allows another connection.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Admits a connection of `peer`; `None` when the peer has too many.
    pub(super) fn acquire(&self, permit: OwnedSemaphorePermit, peer: IpAddr) -> Option<ConnectionPermit> {
        let is_counted = self.per_peer > 0 && !peer.to_canonical().is_loopback();
        let counted = match is_counted {
            true => Some(self.count(network(peer))?),
            false => None,
        };
        Some(ConnectionPermit {
            _permit: permit,
            _peer_count: counted,
        })
    }

    fn count(&self, network: IpAddr) -> Option<PeerCount> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = peers.entry(network).or_default();
        if *connections >= self.per_peer {
            return None;
        }
        *connections += 1;
        Some(PeerCount {
            peers: Arc::clone(&self.peers),
            network,
        })
    }
}

impl Drop for PeerCount {
    fn drop(&mut self) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connections) = peers.get_mut(&self.network) {
            *connections -= 1;
            if *connections == 0 {
                peers.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn acquire(connections: &ConnectionLimiter, peer: &str) -> Option<ConnectionPermit> {
        connections.acquire(connections.free().await.unwrap(), peer.parse().unwrap())
    }

    #[tokio::test]
    async fn one_address_gets_its_share_and_loopback_all() {
        let connections = ConnectionLimiter::new(20, 2);
        let first = acquire(&connections, "192.0.2.1").await.unwrap();
        let _second = acquire(&connections, "::ffff:192.0.2.1").await.unwrap();
        assert!(acquire(&connections, "192.0.2.1").await.is_none());
        assert!(acquire(&connections, "192.0.2.2").await.is_some());
        drop(first);
        assert!(acquire(&connections, "192.0.2.1").await.is_some());
        let mut home = Vec::new();
        for _ in 0..10 {
            home.push(acquire(&connections, "127.0.0.1").await.unwrap());
        }
        let _v6 = acquire(&connections, "2001:db8:0:1::1").await.unwrap();
        let _same = acquire(&connections, "2001:db8:0:1::2").await.unwrap();
        assert!(acquire(&connections, "2001:db8:0:1::3").await.is_none());
        drop((home, _second, _v6, _same));
        assert!(connections.peers.lock().unwrap().is_empty());
        assert_eq!(connections.free.available_permits(), 20);
    }
}

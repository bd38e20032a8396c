//! Limits failed authentications per peer address. The table is bounded: when it is full of recent addresses, all others
//! share one bucket.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
};

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use tracing::warn;

use crate::error::IngestError;

/// The most addresses in the table.
const MAX_PEERS: usize = 10_000;
/// The most log lines per minute.
const LOG_LINES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(6).unwrap();

/// Counts failed authentications per peer.
#[derive(Debug)]
pub(super) struct AuthFailureLimiter {
    limiter: Option<(u32, DefaultKeyedRateLimiter<Peer>)>,
    /// Keeps guessing from filling the log.
    log_limiter: DefaultDirectRateLimiter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Peer {
    Address(IpAddr),
    Others,
}

impl AuthFailureLimiter {
    pub(super) fn new(per_minute: u32) -> Self {
        let limiter =
            NonZeroU32::new(per_minute).map(|rate| (per_minute, RateLimiter::keyed(Quota::per_minute(rate))));
        Self {
            limiter,
            log_limiter: RateLimiter::direct(Quota::per_minute(LOG_LINES_PER_MINUTE)),
        }
    }

    /// Counts one failure of `peer`, an address with or without port.
    pub(super) fn count(&self, peer: Option<&str>) -> Result<(), IngestError> {
        let Some((per_minute, limiter)) = &self.limiter else {
            return Ok(());
        };
        let mut key = peer.and_then(parse).map_or(Peer::Others, Peer::Address);
        if limiter.len() >= MAX_PEERS {
            limiter.retain_recent();
            if limiter.len() >= MAX_PEERS {
                key = Peer::Others;
            }
        }
        limiter.check_key(&key).map_err(|until| {
            self.log(key, *per_minute);
            IngestError::TooManyFailures {
                per_minute: *per_minute,
                retry_after: until.wait_time_from(limiter.clock().now()),
            }
        })
    }

    fn log(&self, peer: Peer, per_minute: u32) {
        if self.log_limiter.check().is_ok() {
            warn!(%peer, per_minute, "too many invalid keys from this peer, responding 429");
        }
    }
}

/// The address as [`network`] groups it.
fn parse(peer: &str) -> Option<IpAddr> {
    let address = peer
        .parse::<SocketAddr>()
        .map(|socket| socket.ip())
        .or_else(|_| peer.parse())
        .ok()?;
    Some(network(address))
}

/// What one machine has to itself: an IPv4 address, or an IPv6 /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(out),
            Self::Others => out.write_str("others"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_port_and_host_part() {
        let parsed = |text| parse(text).map(|ip| ip.to_string());
        assert_eq!(parsed("192.0.2.1:80").as_deref(), Some("192.0.2.1"));
        assert_eq!(
            parsed("[2001:db8:1:2:3:4:5:6]:80").as_deref(),
            Some("2001:db8:1:2::")
        );
        assert_eq!(parsed("::ffff:192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(parsed("someone"), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let failures = AuthFailureLimiter::new(1);
        for n in 0..MAX_PEERS as u32 + 5 {
            let _ = failures.count(Some(&std::net::Ipv4Addr::from_bits(n).to_string()));
        }
        assert!(
            failures
                .limiter
                .is_some_and(|(_, limiter)| limiter.len() <= MAX_PEERS + 1)
        );
    }
}

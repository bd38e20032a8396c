//! Authentication: from the key in the metadata of a request to its [`Principal`].
//!
//! An interceptor of the gRPC services checks the key, and so does the gateway's backend for JSON. A valid key is always
//! accepted; invalid ones are counted per peer address, and too many of them get 429.

pub mod access;
mod failure_limiter;
mod key_ring;
pub mod keys_file;
pub mod last_use;
mod scope;
pub mod token;

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicI64},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use metrics::Counter;
use openclone_core::{SourceType, header};
use tonic::{Request, Status, service::Interceptor};

use crate::{error::IngestError, limit::KeyLimits};
use failure_limiter::AuthFailureLimiter;
pub(crate) use failure_limiter::network;
pub use key_ring::{KeyRing, RingState};
pub use keys_file::{KeysError, KeysFile};
pub use scope::{Need, Scope, UnknownScope};
pub use token::NewKey;

/// The header that carries the key.
pub const API_KEY: HeaderName = HeaderName::from_static(header::API_KEY);
/// The header that carries the peer's address; set by the network layer for each connection.
pub const PEER: HeaderName = HeaderName::from_static(header::PEER);

/// A key and what it permits.
#[derive(Debug)]
pub struct Key {
    /// Its id in `keys.toml`, or `env`. Not secret.
    pub id: Arc<str>,
    /// Its hash in `keys.toml`; `None` for the key of `.env`, which a restart reloads.
    pub hash: Option<blake3::Hash>,
    /// The tenant whose vault it writes to: `[a-z0-9-]{1,64}`.
    pub tenant: Arc<str>,
    /// Its name for people.
    pub label: String,
    /// What it permits.
    pub scopes: Vec<Scope>,
    /// The plugin that the key is restricted to, if any.
    pub plugin_id: Option<String>,
    /// When it expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// Its rate limits and their state.
    pub limits: Arc<KeyLimits>,
    /// Unix seconds of its last use, if recorded.
    pub used: Option<Arc<AtomicI64>>,
}

/// An authenticated caller. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Principal(Arc<Key>);

/// Checks keys. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authenticator {
    ring: Arc<KeyRing>,
    failures: Arc<AuthFailureLimiter>,
    failure_counter: Counter,
}

impl Authenticator {
    /// `failures_per_minute` is how many invalid keys one peer address may send before it gets 429; 0 means no limit. `failure_counter` counts
    /// requests with a missing or invalid key.
    pub fn new(ring: Arc<KeyRing>, failures_per_minute: u32, failure_counter: Counter) -> Self {
        Self {
            ring,
            failures: Arc::new(AuthFailureLimiter::new(failures_per_minute)),
            failure_counter,
        }
    }

    /// Authenticates the caller by the key in the headers.
    ///
    /// # Errors
    /// [`IngestError::InvalidKey`], or [`IngestError::TooManyFailures`] after too many of them from the same peer.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<Principal, IngestError> {
        let presented = headers.get(API_KEY).map(HeaderValue::as_bytes);
        if let Some(principal) = presented.and_then(|key| self.ring.find(key)) {
            return Ok(principal);
        }
        self.failure_counter.increment(1);
        let peer = headers.get(PEER).and_then(|value| value.to_str().ok());
        self.failures.count(peer)?;
        Err(IngestError::InvalidKey)
    }
}

impl Interceptor for Authenticator {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let principal = self.admit(request.metadata().as_ref())?;
        request.extensions_mut().insert(principal);
        Ok(request)
    }
}

impl Principal {
    /// The principal that the interceptor added to `request`.
    ///
    /// # Errors
    /// [`IngestError::InvalidKey`] when there is none.
    pub fn of<T>(request: &Request<T>) -> Result<Self, IngestError> {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .ok_or(IngestError::InvalidKey)
    }

    /// Checks that the key has not expired and has the scope `need`.
    ///
    /// # Errors
    /// [`IngestError::InvalidKey`] when it has expired, [`IngestError::Forbidden`] without the scope.
    pub fn require(&self, need: Need, now: impl FnOnce() -> Timestamp) -> Result<(), IngestError> {
        if self.has_ended(now) {
            return Err(IngestError::InvalidKey);
        }
        if self.scopes.iter().any(|scope| scope.covers(need)) {
            return Ok(());
        }
        Err(IngestError::Forbidden {
            message: format!("This key lacks the scope {}", need.scope()),
        })
    }

    /// Whether the key has expired; asks for the time only if it can expire.
    pub fn has_ended(&self, now: impl FnOnce() -> Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now())
    }

    /// Records further uses in `timestamp`; without effect once the key is shared.
    fn share_use(&mut self, timestamp: Arc<AtomicI64>) {
        if let Some(key) = Arc::get_mut(&mut self.0) {
            key.used = Some(timestamp);
        }
    }

    /// As [`Self::require`], for a batch of `source_type` from `plugin_id`.
    ///
    /// # Errors
    /// As [`Self::require`].
    pub fn may_ingest(
        &self,
        source_type: SourceType,
        plugin_id: &str,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<(), IngestError> {
        self.require(Need::Ingest(source_type), now)?;
        self.require_plugin(plugin_id)
    }

    /// Checks that the key may be used by the plugin `plugin_id`.
    ///
    /// # Errors
    /// [`IngestError::Forbidden`] when it belongs to another plugin.
    pub fn require_plugin(&self, plugin_id: &str) -> Result<(), IngestError> {
        match &self.plugin_id {
            Some(only) if only != plugin_id => Err(IngestError::Forbidden {
                message: format!("This key belongs to plugin {only}"),
            }),
            _ => Ok(()),
        }
    }
}

impl From<Key> for Principal {
    fn from(key: Key) -> Self {
        Self(Arc::new(key))
    }
}

impl Deref for Principal {
    type Target = Key;

    fn deref(&self) -> &Key {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::testing::limits;

    fn key(scopes: Vec<Scope>) -> Key {
        Key {
            id: "env".into(),
            hash: None,
            tenant: "default".into(),
            label: "test".into(),
            scopes,
            plugin_id: None,
            expires_at: None,
            limits: Arc::new(KeyLimits::new(limits())),
            used: None,
        }
    }

    fn authenticator(failures: u32) -> Authenticator {
        let ring = KeyRing::new([("right-key".as_bytes(), key(vec![Scope::All]))]);
        Authenticator::new(Arc::new(ring), failures, Counter::noop())
    }

    fn admit(
        authenticator: &Authenticator,
        key: Option<&'static str>,
        peer: &'static str,
    ) -> Result<Principal, IngestError> {
        let key = key.map(|key| (API_KEY, HeaderValue::from_static(key)));
        let peer = (PEER, HeaderValue::from_static(peer));
        authenticator.admit(&key.into_iter().chain([peer]).collect())
    }

    #[test]
    fn valid_key_is_accepted_after_too_many_failures_of_its_peer() {
        let authenticator = authenticator(2);
        let peer = "192.0.2.1:5";
        for _ in 0..2 {
            assert!(matches!(
                admit(&authenticator, Some("wrong-key"), peer),
                Err(IngestError::InvalidKey)
            ));
        }
        assert!(matches!(
            admit(&authenticator, None, peer),
            Err(IngestError::TooManyFailures { .. })
        ));
        assert!(matches!(
            admit(&authenticator, None, "192.0.2.2:5"),
            Err(IngestError::InvalidKey)
        ));
        assert!(admit(&authenticator, Some("right-key"), peer).is_ok());
    }

    #[test]
    fn zero_means_no_limit_on_failures() {
        let authenticator = authenticator(0);
        let nobody = HeaderMap::new();
        assert!((0..100).all(|_| matches!(authenticator.admit(&nobody), Err(IngestError::InvalidKey))));
    }

    #[test]
    fn expiry_scope_and_plugin_are_checked() {
        let end = Timestamp::now();
        let now = || end;
        let journal = Principal::from(key(vec![Scope::IngestOf(SourceType::Journal)]));
        assert!(journal.may_ingest(SourceType::Journal, "p", now).is_ok());
        assert!(matches!(
            journal.may_ingest(SourceType::Email, "p", now),
            Err(IngestError::Forbidden { .. })
        ));
        assert!(journal.require(Need::Metrics, now).is_err());
        let bound = Principal::from(Key {
            plugin_id: Some("p".into()),
            ..key(vec![Scope::All])
        });
        assert!(bound.may_ingest(SourceType::Email, "p", now).is_ok());
        assert!(bound.may_ingest(SourceType::Email, "q", now).is_err());
        let ended = Principal::from(Key {
            expires_at: Some(end),
            ..key(vec![Scope::All])
        });
        assert!(matches!(
            ended.require(Need::PluginsRead, now),
            Err(IngestError::InvalidKey)
        ));
    }
}

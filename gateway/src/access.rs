//! Who calls, and keys that a remote service has lately called good.
//!
//! A request's key is checked before a byte of its body is read. In the same process that costs next to nothing; over a
//! network it would double the round trips, so a good answer is believed for a while. The call that follows
//! checks the key again, so nothing is written with a key revoked in the meantime.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName};
use tonic::metadata::MetadataMap;

/// Keys remembered, at most.
const CAPACITY: usize = 4096;

/// What goes across with every call: the key, the request's id, and the address of the peer, which the socket layer has
/// put there itself.
const FORWARDED: [HeaderName; 3] = [
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-openclone-peer"),
];

/// Who calls, by a request's headers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    headers: &'a HeaderMap,
}

impl<'a> Caller<'a> {
    pub(crate) const fn new(headers: &'a HeaderMap) -> Self {
        Self { headers }
    }

    /// All headers, for a service in the same process.
    pub(crate) const fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// A call's metadata: of the headers only what the service is to know.
    pub(crate) fn metadata(&self) -> MetadataMap {
        let mut metadata = HeaderMap::with_capacity(4);
        for name in FORWARDED {
            if let Some(value) = self.headers.get(&name) {
                metadata.insert(name, value.clone());
            }
        }
        MetadataMap::from_headers(metadata)
    }

    /// The request's id, for the log.
    pub(crate) fn request_id(&self) -> &'a str {
        let id = self.headers.get(&FORWARDED[1]);
        id.and_then(|id| id.to_str().ok()).unwrap_or_default()
    }

    fn digest(&self) -> Option<Digest> {
        self.headers
            .get(&FORWARDED[0])
            .map(|key| *blake3::hash(key.as_bytes()).as_bytes())
    }
}

type Digest = [u8; 32];

/// Digests of good keys, each with the moment until which it is believed.
pub(crate) struct AccessCache {
    lifetime: Duration,
    known: Mutex<HashMap<Digest, Instant>>,
}

impl AccessCache {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            known: Mutex::default(),
        }
    }

    /// Whether the caller's key was good a moment ago.
    pub(crate) fn is_known(&self, caller: &Caller<'_>) -> bool {
        let Some(digest) = caller.digest() else {
            return false;
        };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&digest).is_some_and(|&until| Instant::now() < until)
    }

    /// Remembers that the caller's key is good.
    pub(crate) fn remember(&self, caller: &Caller<'_>) {
        let Some(digest) = caller.digest() else { return };
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.retain(|_, until| now < *until);
        }
        if known.len() < CAPACITY {
            known.insert(digest, now + self.lifetime);
        }
    }

    /// Forgets the caller's key.
    pub(crate) fn forget(&self, caller: &Caller<'_>) {
        let Some(digest) = caller.digest() else { return };
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&digest);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn headers(key: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", key.parse().unwrap());
        headers.insert("cookie", "a=b".parse().unwrap());
        headers
    }

    #[test]
    fn only_what_the_service_is_to_know_goes_across() {
        assert_eq!(Caller::new(&headers("k")).metadata().len(), 1);
        assert!(Caller::new(&HeaderMap::new()).metadata().is_empty());
    }

    #[test]
    fn a_good_key_is_believed_for_a_while() {
        let cache = AccessCache::new(Duration::from_secs(60));
        assert!(!cache.is_known(&Caller::new(&headers("a"))));
        cache.remember(&Caller::new(&headers("a")));
        assert!(cache.is_known(&Caller::new(&headers("a"))) && !cache.is_known(&Caller::new(&headers("b"))));
        cache.forget(&Caller::new(&headers("a")));
        assert!(!cache.is_known(&Caller::new(&headers("a"))));
        let over_at_once = AccessCache::new(Duration::ZERO);
        over_at_once.remember(&Caller::new(&headers("a")));
        assert!(!over_at_once.is_known(&Caller::new(&headers("a"))));
    }

    #[test]
    fn no_key_is_never_known_and_the_cache_is_bounded() {
        let cache = AccessCache::new(Duration::from_secs(60));
        cache.remember(&Caller::new(&HeaderMap::new()));
        assert!(!cache.is_known(&Caller::new(&HeaderMap::new())));
        for key in 0..CAPACITY + 10 {
            cache.remember(&Caller::new(&headers(&key.to_string())));
        }
        assert_eq!(cache.known.lock().unwrap().len(), CAPACITY);
    }
}

//! Keys that a remote service has recently found good.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::HeaderValue;

/// Keys that are cached, at most.
const CAPACITY: usize = 4096;

/// The BLAKE3 hash of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeyDigest([u8; 32]);

impl KeyDigest {
    pub(super) fn of(key: &HeaderValue) -> Self {
        Self(*blake3::hash(key.as_bytes()).as_bytes())
    }
}

/// Digests of good keys, each with the time at which it expires from the cache.
pub(super) struct AccessCache {
    lifetime: Duration,
    known: Mutex<HashMap<KeyDigest, Instant>>,
}

impl AccessCache {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            known: Mutex::default(),
        }
    }

    /// Whether the key was found good recently.
    pub(super) fn contains(&self, key: Option<&KeyDigest>) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        key.and_then(|key| known.get(key))
            .is_some_and(|&until| Instant::now() < until)
    }

    /// Caches that the key is good.
    pub(super) fn insert(&self, key: Option<KeyDigest>) {
        let Some(key) = key else { return };
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.retain(|_, until| now < *until);
        }
        if known.len() < CAPACITY {
            known.insert(key, now + self.lifetime);
        }
    }

    /// Removes the key from the cache.
    pub(super) fn forget(&self, key: Option<&KeyDigest>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = key {
            known.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn digest(key: &str) -> KeyDigest {
        KeyDigest::of(&HeaderValue::from_str(key).unwrap())
    }

    #[test]
    fn good_keys_are_cached_until_they_expire_or_are_forgotten() {
        let cache = AccessCache::new(Duration::from_secs(60));
        let (a, b) = (digest("a"), digest("b"));
        assert!(!cache.contains(Some(&a)));
        cache.insert(Some(a));
        assert!(cache.contains(Some(&a)) && !cache.contains(Some(&b)));
        cache.forget(Some(&a));
        assert!(!cache.contains(Some(&a)));
        let expiring = AccessCache::new(Duration::ZERO);
        expiring.insert(Some(a));
        assert!(!expiring.contains(Some(&a)));
    }

    #[test]
    fn missing_keys_are_never_cached_and_the_cache_is_bounded() {
        let cache = AccessCache::new(Duration::from_secs(60));
        cache.insert(None);
        assert!(!cache.contains(None));
        for key in 0..CAPACITY + 10 {
            cache.insert(Some(digest(&key.to_string())));
        }
        assert_eq!(cache.known.lock().unwrap().len(), CAPACITY);
    }
}

//! All keys. They are held as keyed BLAKE3 hashes under a key of this process, so neither a comparison's duration nor a
//! dump of memory tells anything about them.

use uuid::Uuid;

use super::{Key, Principal};

/// All keys.
#[derive(Debug)]
pub struct KeyRing {
    hash_key: [u8; 32],
    keys: Vec<(blake3::Hash, Principal)>,
}

impl KeyRing {
    /// A ring of keys with what is known of each.
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a [u8], Key)>) -> Self {
        let mut hash_key = [0_u8; 32];
        hash_key[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        hash_key[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        let keys = keys
            .into_iter()
            .map(|(secret, key)| (blake3::keyed_hash(&hash_key, secret), Principal::from(key)))
            .collect();
        Self { hash_key, keys }
    }

    /// Whose key `presented` is. Looks at every key, and compares hashes in constant time.
    pub fn find(&self, presented: &[u8]) -> Option<Principal> {
        let hash = blake3::keyed_hash(&self.hash_key, presented);
        let matching = self.keys.iter().fold(
            None,
            |found, (known, principal)| {
                if *known == hash { Some(principal) } else { found }
            },
        );
        matching.cloned()
    }
}

//! All keys: the one of `.env`, and those of `<home>/keys.toml`, which may change while the service runs.
//!
//! Keys are held as keyed BLAKE3 hashes and compared in constant time, so neither a comparison's duration nor a dump of
//! memory tells anything about them. Whether the file has changed is looked at when a key is: at most some times a
//! second, and never while nobody calls. A file that cannot be used changes nothing: the keys read before stay, and
//! [`RingState::fault`] says why.

mod reloading;

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;

use super::{Key, Principal, keys_file::KeysError, last_use::LastUses, token};
use crate::{config::LimitsConfig, error::IngestError, limit::TenantLimits};
use reloading::ReloadingKeys;

/// All keys.
#[derive(Debug)]
pub struct KeyRing {
    hash_key: [u8; 32],
    fixed: Vec<(blake3::Hash, Principal)>,
    reloading: Option<ReloadingKeys>,
    uses: Option<Arc<LastUses>>,
}

/// How the ring is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RingState {
    /// Keys of the file that are neither revoked nor at their end.
    pub keys: usize,
    /// Why the file cannot be used, if that is so; the keys read before hold.
    pub fault: Option<String>,
}

impl KeyRing {
    /// A ring of fixed keys with what is known of each.
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a [u8], Key)>) -> Self {
        let hash_key = token::random();
        let fixed = keys
            .into_iter()
            .map(|(secret, key)| (blake3::keyed_hash(&hash_key, secret), Principal::from(key)))
            .collect();
        Self {
            hash_key,
            fixed,
            reloading: None,
            uses: None,
        }
    }

    /// With the keys of the file `keys` as well; notes in the file `uses` when keys were last used. `limits` are those of
    /// keys that have none of their own, `tenants` those that keys of a tenant share.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn watch(
        mut self,
        keys: PathBuf,
        uses: PathBuf,
        limits: LimitsConfig,
        tenants: TenantLimits,
    ) -> Result<Self, KeysError> {
        let uses = LastUses::load(uses);
        for (_, principal) in &mut self.fixed {
            principal.share_use(uses.of(&principal.id));
        }
        self.reloading = Some(ReloadingKeys::open(keys, limits, tenants, Arc::clone(&uses))?);
        self.uses = Some(uses);
        Ok(self)
    }

    /// Whose key `presented` is, if it holds now; notes its use.
    pub fn find(&self, presented: &[u8]) -> Option<Principal> {
        let principal = self.find_fixed(presented).or_else(|| {
            self.reloading
                .as_ref()
                .and_then(|reloading| reloading.find(std::str::from_utf8(presented).ok()?))
        })?;
        if principal.has_ended(Timestamp::now) {
            return None;
        }
        if let (Some(uses), Some(moment)) = (&self.uses, &principal.used) {
            uses.note(moment);
        }
        Some(principal)
    }

    /// What is known now of a key that was good before.
    ///
    /// # Errors
    /// [`IngestError::InvalidKey`] when it was revoked or has ended.
    pub fn renew(&self, principal: &Principal) -> Result<Principal, IngestError> {
        let known = match (&self.reloading, principal.hash) {
            (Some(reloading), Some(hash)) => reloading.renew(&principal.id, hash),
            _ => Some(principal.clone()),
        };
        known
            .filter(|principal| !principal.has_ended(Timestamp::now))
            .ok_or(IngestError::InvalidKey)
    }

    /// How the ring is now.
    pub fn state(&self) -> RingState {
        self.reloading
            .as_ref()
            .map(ReloadingKeys::state)
            .unwrap_or_default()
    }

    /// Writes when keys were last used: at the end.
    pub(crate) fn save_uses(&self) {
        if let Some(uses) = &self.uses {
            uses.save();
        }
    }

    /// Looks at every key.
    fn find_fixed(&self, presented: &[u8]) -> Option<Principal> {
        let hash = blake3::keyed_hash(&self.hash_key, presented);
        let matching = self.fixed.iter().fold(
            None,
            |found, (known, principal)| {
                if *known == hash { Some(principal) } else { found }
            },
        );
        matching.cloned()
    }
}

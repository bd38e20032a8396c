//! All keys: the one of `.env` and those of `<home>/keys.toml`, which may change while the service runs.
//!
//! Keys are stored as keyed BLAKE3 hashes and compared in constant time, so neither timing nor a memory dump reveals them.
//! `keys.toml` is re-checked on each request, at most every 200 ms; an idle server does no polling. An invalid file changes
//! nothing: the previous keys stay valid, and [`RingState::error`] has the reason.

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

/// The state of the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RingState {
    /// Keys of the file that are neither revoked nor expired.
    pub keys: usize,
    /// Why the file is invalid; the previous keys stay valid meanwhile.
    pub error: Option<String>,
}

impl KeyRing {
    /// A ring of fixed keys.
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

    /// Adds the keys of the file `keys`, and records in the file `uses` when keys were last used. `limits` apply to keys
    /// without limits of their own, `tenants` to all keys of a tenant together.
    ///
    /// # Errors
    /// When the file is invalid.
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

    /// The owner of the key `presented`, if it is valid now; records its use.
    pub fn find(&self, presented: &[u8]) -> Option<Principal> {
        let principal = self.find_fixed(presented).or_else(|| {
            self.reloading
                .as_ref()
                .and_then(|reloading| reloading.find(std::str::from_utf8(presented).ok()?))
        })?;
        if principal.has_ended(Timestamp::now) {
            return None;
        }
        if let (Some(uses), Some(timestamp)) = (&self.uses, &principal.used) {
            uses.note(timestamp);
        }
        Some(principal)
    }

    /// The current data of a key that was valid before.
    ///
    /// # Errors
    /// [`IngestError::InvalidKey`] when it was revoked or has expired.
    pub fn renew(&self, principal: &Principal) -> Result<Principal, IngestError> {
        let known = match (&self.reloading, principal.hash) {
            (Some(reloading), Some(hash)) => reloading.renew(&principal.id, hash),
            _ => Some(principal.clone()),
        };
        known
            .filter(|principal| !principal.has_ended(Timestamp::now))
            .ok_or(IngestError::InvalidKey)
    }

    /// The current state of the ring.
    pub fn state(&self) -> RingState {
        self.reloading
            .as_ref()
            .map(ReloadingKeys::state)
            .unwrap_or_default()
    }

    /// Writes when keys were last used, at shutdown.
    pub(crate) fn save_uses(&self) {
        if let Some(uses) = &self.uses {
            uses.save();
        }
    }

    /// Compares with every fixed key, in constant time.
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

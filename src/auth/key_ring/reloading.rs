//! The keys of `keys.toml`, which are reloaded when the file changes.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use blake3::Hash;
use jiff::Timestamp;
use tracing::{error, info};

use super::{
    super::{
        Key, Principal,
        keys_file::{KeyRecord, KeysError, KeysFile},
        last_use::LastUses,
        token,
    },
    RingState,
};
use crate::{
    config::LimitsConfig,
    limit::{KeyLimits, TenantLimits},
};

/// How long the metadata of the file is cached.
const STAT_CACHE_TTL: Duration = Duration::from_millis(200);

/// The keys of the file.
#[derive(Debug)]
pub(super) struct ReloadingKeys {
    path: PathBuf,
    limits: LimitsConfig,
    tenants: TenantLimits,
    uses: Arc<LastUses>,
    since: Instant,
    /// Milliseconds after `since` of the last check.
    checked_at: AtomicU64,
    seen: Mutex<Stamp>,
    loaded: RwLock<Arc<Loaded>>,
}

/// Metadata that changes when the file does; `None` without a file.
type Stamp = Option<(u64, u64, i64, i64, i64, i64)>;

#[derive(Debug, Default)]
struct Loaded {
    hash_key: [u8; 32],
    keys: HashMap<String, (KeyRecord, Principal)>,
    error: Option<String>,
}

impl ReloadingKeys {
    pub(super) fn open(
        path: PathBuf,
        limits: LimitsConfig,
        tenants: TenantLimits,
        uses: Arc<LastUses>,
    ) -> Result<Self, KeysError> {
        let seen = stamp(&path);
        let mut reloading = Self {
            path,
            limits,
            tenants,
            uses,
            since: Instant::now(),
            checked_at: AtomicU64::new(0),
            seen: Mutex::new(seen),
            loaded: RwLock::default(),
        };
        let file = KeysFile::read(&reloading.path)?;
        let loaded = reloading.load(file, &Loaded::default());
        reloading.loaded = RwLock::new(Arc::new(loaded));
        Ok(reloading)
    }

    /// The owner of a key. An unknown key may be new, so it always checks the file.
    pub(super) fn find(&self, presented: &str) -> Option<Principal> {
        let id = token::id_of(presented)?;
        self.reload_if_stale();
        self.loaded().find(id, presented).or_else(|| {
            self.reload_if_changed();
            self.loaded().find(id, presented)
        })
    }

    pub(super) fn renew(&self, id: &str, hash: Hash) -> Option<Principal> {
        self.reload_if_stale();
        let loaded = self.loaded();
        let (record, principal) = loaded.keys.get(id)?;
        (record.hash == hash && record.revoked_at.is_none()).then(|| principal.clone())
    }

    pub(super) fn state(&self) -> RingState {
        self.reload_if_changed();
        let (loaded, now) = (self.loaded(), Timestamp::now());
        let holds = |(record, principal): &&(KeyRecord, Principal)| {
            record.revoked_at.is_none() && !principal.has_ended(|| now)
        };
        RingState {
            keys: loaded.keys.values().filter(holds).count(),
            error: loaded.error.clone(),
        }
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reloads a changed file unless it was checked less than [`STAT_CACHE_TTL`] ago.
    fn reload_if_stale(&self) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.checked_at.load(Relaxed);
        let is_due = now >= last + STAT_CACHE_TTL.as_millis() as u64;
        if is_due
            && self
                .checked_at
                .compare_exchange(last, now, Relaxed, Relaxed)
                .is_ok()
        {
            self.reload_if_changed();
        }
    }

    fn reload_if_changed(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.path);
        if *seen == now {
            return;
        }
        // stored before the file is read, so the next check sees a change during the read
        *seen = now;
        let before = self.loaded();
        let loaded = match KeysFile::read(&self.path) {
            Ok(file) => {
                let loaded = self.load(file, &before);
                info!(path = %self.path.display(), keys = loaded.keys.len(), "reloaded the keys");
                loaded
            }
            Err(error) => {
                error!(reason = %error, "cannot read the keys; the previous ones stay valid until the file is fixed");
                Loaded {
                    hash_key: before.hash_key,
                    keys: before.keys.clone(),
                    // without the path: /readyz shows it to everybody
                    error: Some(format!("keys.toml: {}", error.reason)),
                }
            }
        };
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
    }

    fn load(&self, file: Option<KeysFile>, before: &Loaded) -> Loaded {
        let Some(file) = file else {
            return Loaded::default();
        };
        let keys = file.keys.into_iter().map(|record| {
            let principal = match before.keys.get(&record.id) {
                Some((same, principal)) if *same == record => principal.clone(),
                other => self.principal(&record, other.map(|(_, principal)| principal)),
            };
            (record.id.clone(), (record, principal))
        });
        Loaded {
            keys: keys.collect(),
            hash_key: file.hash_key,
            error: None,
        }
    }

    /// Keeps the state of unchanged limits.
    fn principal(&self, record: &KeyRecord, before: Option<&Principal>) -> Principal {
        let limits = limits_of(record, self.limits);
        let limits = match before {
            Some(before) if *before.limits.config() == limits && *before.tenant == record.tenant => {
                Arc::clone(&before.limits)
            }
            _ => Arc::new(KeyLimits::within(limits, &self.tenants, &record.tenant)),
        };
        Principal::from(Key {
            id: record.id.as_str().into(),
            hash: Some(record.hash),
            tenant: record.tenant.as_str().into(),
            label: record.label.clone(),
            scopes: record.scopes.clone(),
            plugin_id: record.plugin.clone(),
            expires_at: record.expires_at,
            limits,
            used: Some(self.uses.of(&record.id)),
        })
    }
}

impl Loaded {
    fn find(&self, id: &str, presented: &str) -> Option<Principal> {
        let (record, principal) = self.keys.get(id)?;
        // hashes compare in constant time
        let is_valid = record.hash == blake3::keyed_hash(&self.hash_key, presented.as_bytes());
        (is_valid && record.revoked_at.is_none()).then(|| principal.clone())
    }
}

/// A key's own requests per minute are also its burst.
fn limits_of(record: &KeyRecord, defaults: LimitsConfig) -> LimitsConfig {
    let mut limits = defaults;
    if let Some(rate) = record.requests_per_minute {
        limits.requests_per_minute = rate;
        limits.burst = rate.max(1);
    }
    if let Some(rate) = record.events_per_second {
        limits.events_per_second = rate;
    }
    limits
}

fn stamp(path: &Path) -> Stamp {
    let found = fs::metadata(path).ok()?;
    Some((
        found.ino(),
        found.size(),
        found.mtime(),
        found.mtime_nsec(),
        found.ctime(),
        found.ctime_nsec(),
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

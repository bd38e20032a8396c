//! The keys of the file, read again when it has changed.

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

/// How long what was seen of the file is believed.
const STAT_CACHE_TTL: Duration = Duration::from_millis(200);

/// The keys of the file.
#[derive(Debug)]
pub(super) struct ReloadingKeys {
    path: PathBuf,
    limits: LimitsConfig,
    tenants: TenantLimits,
    uses: Arc<LastUses>,
    since: Instant,
    /// Milliseconds after `since` of the last look.
    looked: AtomicU64,
    seen: Mutex<Stamp>,
    loaded: RwLock<Arc<Loaded>>,
}

/// By what a changed file is told; none if there is no file.
type Stamp = Option<(u64, u64, i64, i64, i64, i64)>;

#[derive(Debug, Default)]
struct Loaded {
    hash_key: [u8; 32],
    keys: HashMap<String, (KeyRecord, Principal)>,
    fault: Option<String>,
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
            looked: AtomicU64::new(0),
            seen: Mutex::new(seen),
            loaded: RwLock::default(),
        };
        let file = KeysFile::read(&reloading.path)?;
        let loaded = reloading.load(file, &Loaded::default());
        reloading.loaded = RwLock::new(Arc::new(loaded));
        Ok(reloading)
    }

    /// Whose key it is. One that is not known may have been made a moment ago, so the file is looked at in any case.
    pub(super) fn find(&self, presented: &str) -> Option<Principal> {
        let id = token::id_of(presented)?;
        self.look();
        self.loaded().find(id, presented).or_else(|| {
            self.reload_if_changed();
            self.loaded().find(id, presented)
        })
    }

    pub(super) fn renew(&self, id: &str, hash: Hash) -> Option<Principal> {
        self.look();
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
            fault: loaded.fault.clone(),
        }
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the file unless that was done a moment ago.
    fn look(&self) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.looked.load(Relaxed);
        let is_due = now >= last + STAT_CACHE_TTL.as_millis() as u64;
        if is_due && self.looked.compare_exchange(last, now, Relaxed, Relaxed).is_ok() {
            self.reload_if_changed();
        }
    }

    fn reload_if_changed(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.path);
        if *seen == now {
            return;
        }
        // taken before the file is read: what changes later is seen by the next look
        *seen = now;
        let before = self.loaded();
        let loaded = match KeysFile::read(&self.path) {
            Ok(file) => {
                let loaded = self.load(file, &before);
                info!(path = %self.path.display(), keys = loaded.keys.len(), "read the keys again");
                loaded
            }
            Err(fault) => {
                error!(reason = %fault, "keys cannot be read; those read before hold until the file is repaired");
                Loaded {
                    hash_key: before.hash_key,
                    keys: before.keys.clone(),
                    // anyone may read it at /readyz, where paths are nobody's business
                    fault: Some(format!("keys.toml: {}", fault.reason)),
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
            fault: None,
        }
    }

    /// What has been used of limits that did not change stays used.
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
        let is_right = record.hash == blake3::keyed_hash(&self.hash_key, presented.as_bytes());
        (is_right && record.revoked_at.is_none()).then(|| principal.clone())
    }
}

/// A key's own requests a minute are also how many may come at once.
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

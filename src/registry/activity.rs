//! The activity of each plugin per tenant since the service started.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
};

use hashbrown::HashMap;
use jiff::Timestamp;
use openclone_client::v1;
use openclone_vault::Receipt;

use crate::runtime::convert::{timestamp_from_proto, timestamp_to_proto};

/// The most plugins of one tenant with activity; that of further ones is not kept. A bound per tenant, so that no tenant can
/// take the places of others.
const MAX_PLUGINS: usize = 256;

type Plugins = HashMap<String, Arc<Activity>>;

/// The activity of all plugins.
#[derive(Debug, Default)]
pub(super) struct Activities {
    tenants: RwLock<HashMap<Arc<str>, Plugins>>,
}

/// The activity of one plugin for one tenant.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Unix microseconds; 0 for never.
    last_seen: AtomicI64,
    /// Clock of the service minus timestamp of the last batch, in microseconds.
    skew: AtomicI64,
    stored: AtomicU64,
    skipped: AtomicU64,
    rejected: AtomicU64,
}

impl Activities {
    pub(super) fn known(&self, tenant: &str, plugin_id: &str) -> Option<Arc<Activity>> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant)?.get(plugin_id).cloned()
    }

    pub(super) fn of(&self, tenant: &Arc<str>, plugin_id: &str) -> Arc<Activity> {
        if let Some(known) = self.known(tenant, plugin_id) {
            return known;
        }
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let plugins = tenants.entry(Arc::clone(tenant)).or_default();
        if plugins.len() >= MAX_PLUGINS && !plugins.contains_key(plugin_id) {
            return Arc::default();
        }
        Arc::clone(plugins.entry(plugin_id.to_owned()).or_default())
    }
}

impl Activity {
    /// A batch was received.
    pub(super) fn seen(&self, timestamp: Option<prost_types::Timestamp>) {
        let now = Timestamp::now().as_microsecond();
        self.last_seen.store(now, Relaxed);
        if let Some(sent) = timestamp.and_then(timestamp_from_proto) {
            self.skew.store(now - sent.as_microsecond(), Relaxed);
        }
    }

    /// A batch was stored.
    pub(crate) fn stored(&self, receipt: Receipt) {
        self.stored.fetch_add(receipt.stored.into(), Relaxed);
        self.skipped.fetch_add(receipt.skipped.into(), Relaxed);
    }

    pub(super) fn rejected(&self) {
        self.rejected.fetch_add(1, Relaxed);
    }

    pub(super) fn to_proto(&self) -> v1::PluginActivity {
        let last_seen = Some(self.last_seen.load(Relaxed)).filter(|micros| *micros != 0);
        v1::PluginActivity {
            last_seen: last_seen
                .and_then(|micros| Timestamp::from_microsecond(micros).ok())
                .map(timestamp_to_proto),
            stored: self.stored.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            clock_skew_seconds: last_seen.map(|_| self.skew.load(Relaxed) as f64 / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_do_not_see_each_other_and_the_table_is_bounded() {
        let activities = Activities::default();
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        activities.of(&a, "p").stored(Receipt {
            stored: 2,
            skipped: 1,
        });
        assert!(activities.known(&b, "p").is_none());
        assert_eq!(activities.of(&a, "p").to_proto().stored, 2);
        for n in 0..MAX_PLUGINS + 10 {
            activities.of(&b, &n.to_string());
        }
        let known =
            |tenant: &str| activities.tenants.read().unwrap_or_else(PoisonError::into_inner)[tenant].len();
        assert_eq!(known("b"), MAX_PLUGINS);
        activities.of(&a, "q").stored(Receipt {
            stored: 1,
            skipped: 0,
        });
        assert_eq!(
            activities.of(&a, "q").to_proto().stored,
            1,
            "a full tenant takes no place of others"
        );
    }
}

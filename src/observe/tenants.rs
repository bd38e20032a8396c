//! Statistics of each tenant since the service started, and the size of its vault.
//!
//! The table is bounded: tenants beyond the limit share one entry, [`OTHERS`].

mod service;
mod stats;
mod vault_size;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use openclone_client::v1;
use openclone_core::TenantId;
use openclone_vault::VaultDirs;

pub(crate) use service::TenantFacade;
pub(crate) use stats::TenantStats;
use vault_size::{VaultSize, measure};

use crate::{limit::TenantLimits, runtime::convert::timestamp_to_proto};

/// The most tenants with an entry of their own.
const MAX_TENANTS: usize = 500;
/// The entry of all further tenants; not a valid tenant name.
const OTHERS: &str = "_others";

/// All tenants.
#[derive(Debug)]
pub(crate) struct Tenants {
    dirs: VaultDirs,
    limits: TenantLimits,
    known: RwLock<BTreeMap<Arc<str>, Arc<TenantStats>>>,
}

/// Events since the start, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) stored: u64,
    pub(crate) duplicate: u64,
    /// Rejected or failed: not acknowledged.
    pub(crate) rejected: u64,
}

/// How far the daily files are behind the accepted batches.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lag {
    /// Bytes of Markdown stored since the last checkpoint, approximately.
    pub(crate) bytes: u64,
    /// Batches that wait for the writer.
    pub(crate) waiting: u64,
    /// Seconds for which the first of them has waited.
    pub(crate) seconds: f64,
}

impl Tenants {
    pub(crate) fn new(dirs: VaultDirs, limits: TenantLimits) -> Self {
        Self {
            dirs,
            limits,
            known: RwLock::default(),
        }
    }

    /// The statistics of `tenant`.
    pub(crate) fn of(&self, tenant: &Arc<str>) -> Arc<TenantStats> {
        if let Some(known) = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(tenant)
        {
            return Arc::clone(known);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let name = if known.len() < MAX_TENANTS {
            Arc::clone(tenant)
        } else {
            OTHERS.into()
        };
        Arc::clone(known.entry(name).or_default())
    }

    /// The status of all tenants, or of one. `checkpoints` is the number of checkpoints so far. Reads directories.
    pub(crate) fn report(&self, only: Option<&str>, checkpoints: u64) -> Vec<v1::Tenant> {
        let known = self.stats();
        let mut names: Vec<Arc<str>> = match only {
            Some(tenant) => vec![tenant.into()],
            None => self.on_disk().chain(known.keys().cloned()).collect(),
        };
        names.sort();
        names.dedup();
        names
            .iter()
            .map(|name| self.report_one(name, known.get(name).map(Arc::as_ref), checkpoints))
            .collect()
    }

    /// Name and statistics of each tenant that has sent a batch since the start.
    pub(crate) fn stats(&self) -> BTreeMap<Arc<str>, Arc<TenantStats>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn report_one(&self, name: &str, stats: Option<&TenantStats>, checkpoints: u64) -> v1::Tenant {
        let vault = self.dirs.of(name);
        let VaultSize { files, bytes } = measure(&vault);
        let outcomes = stats.map(TenantStats::outcomes).unwrap_or_default();
        let lag = stats.map(|stats| stats.lag(checkpoints)).unwrap_or_default();
        v1::Tenant {
            id: name.to_owned(),
            vault: vault.display().to_string(),
            stored: outcomes.stored,
            duplicate: outcomes.duplicate,
            rejected: outcomes.rejected,
            files,
            bytes,
            last_seen: stats.and_then(TenantStats::last_seen).map(timestamp_to_proto),
            journal: Some(v1::JournalLag {
                bytes: lag.bytes,
                waiting: lag.waiting,
                seconds: lag.seconds,
            }),
            limits: self.limits.rates(name).map(|rates| v1::TenantLimits {
                requests_per_minute: rates.requests_per_minute,
                events_per_second: rates.events_per_second,
            }),
        }
    }

    /// Tenants with a directory; always includes `default`.
    fn on_disk(&self) -> impl Iterator<Item = Arc<str>> {
        let entries = std::fs::read_dir(&self.dirs.tenants)
            .into_iter()
            .flatten()
            .flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let fine = names.filter(|name| TenantId::is_valid(name));
        std::iter::once("default".into()).chain(fine.take(MAX_TENANTS).map(Arc::from))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use openclone_vault::Receipt;

    use super::*;

    fn tenants(dir: &std::path::Path) -> Tenants {
        let dirs = VaultDirs {
            default: dir.join("vault"),
            tenants: dir.join("tenants"),
        };
        Tenants::new(dirs, TenantLimits::default())
    }

    #[test]
    fn each_tenant_has_its_own_statistics_and_the_table_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let all = tenants(dir.path());
        all.of(&"ana".into()).handed(10, 100).replied(
            Ok(Receipt {
                stored: 3,
                skipped: 2,
            }),
            4,
        );
        all.of(&"ben".into()).rejected(7);
        for n in 0..MAX_TENANTS + 10 {
            all.of(&n.to_string().into()).rejected(1);
        }
        let known = all.stats();
        assert_eq!(known.len(), MAX_TENANTS + 1);
        assert_eq!(known[OTHERS].outcomes().rejected, 12);
        assert_eq!(
            known["ben"].outcomes(),
            Outcomes {
                rejected: 7,
                ..Outcomes::default()
            }
        );
        let ana = &all.report(Some("ana"), 4)[0];
        assert_eq!((ana.stored, ana.duplicate, ana.rejected), (3, 2, 0));
        assert!(ana.last_seen.is_some() && ana.journal.unwrap().waiting == 0);
    }

    #[test]
    fn vaults_on_disk_are_measured_and_other_directories_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("tenants/ana/vault/Journal");
        std::fs::create_dir_all(&journal).unwrap();
        std::fs::create_dir_all(dir.path().join("tenants/No Tenant/vault")).unwrap();
        std::fs::write(journal.join("2026-02-26.md"), "12345").unwrap();
        std::fs::write(journal.join("other.txt"), "123").unwrap();
        let report = tenants(dir.path()).report(None, 0);
        let seen: Vec<_> = report
            .iter()
            .map(|one| (one.id.as_str(), one.files, one.bytes))
            .collect();
        assert_eq!(seen, [("ana", 1, 5), ("default", 0, 0)]);
    }
}

//! Statistics of each tenant since the service started, and the size of its vault.
//!
//! The table is bounded: tenants beyond the limit share one entry, [`OTHERS`].

mod stats;
mod vault_size;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use openclone_vault::VaultDirs;
use serde::Serialize;

pub(crate) use stats::TenantStats;
use vault_size::{VaultSize, measure};

use crate::{
    config::{TenantRates, tenant_name},
    limit::TenantLimits,
};

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

/// The status of one tenant.
#[derive(Debug, Serialize)]
pub(crate) struct TenantReport {
    tenant: String,
    /// The directory of its Markdown.
    vault: PathBuf,
    /// Its events by outcome since the start.
    events: Outcomes,
    /// Daily files, and their bytes on disk.
    files: u64,
    bytes: u64,
    /// Time of its last batch since the start, RFC 3339.
    last_seen: Option<String>,
    journal: Lag,
    /// The limits of all its keys together, if configured.
    limits: Option<TenantRates>,
}

/// Events by outcome since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Outcomes {
    pub(crate) stored: u64,
    pub(crate) duplicate: u64,
    /// Rejected or failed: not acknowledged.
    pub(crate) rejected: u64,
}

/// Data that is not yet checkpointed.
#[derive(Clone, Copy, Debug, Default, Serialize)]
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
    pub(crate) fn report(&self, only: Option<&str>, checkpoints: u64) -> Vec<TenantReport> {
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

    fn report_one(&self, name: &str, stats: Option<&TenantStats>, checkpoints: u64) -> TenantReport {
        let vault = self.dirs.of(name);
        let VaultSize { files, bytes } = measure(&vault);
        TenantReport {
            tenant: name.to_owned(),
            vault,
            events: stats.map(TenantStats::outcomes).unwrap_or_default(),
            files,
            bytes,
            last_seen: stats
                .and_then(TenantStats::last_seen)
                .map(|timestamp| timestamp.to_string()),
            journal: stats.map(|stats| stats.lag(checkpoints)).unwrap_or_default(),
            limits: self.limits.rates(name),
        }
    }

    /// Tenants with a directory; always includes `default`.
    fn on_disk(&self) -> impl Iterator<Item = Arc<str>> {
        let entries = std::fs::read_dir(&self.dirs.tenants)
            .into_iter()
            .flatten()
            .flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let fine = names.filter(|name| tenant_name::check(name).is_ok());
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
        assert_eq!(
            ana.events,
            Outcomes {
                stored: 3,
                duplicate: 2,
                rejected: 0
            }
        );
        assert!(ana.last_seen.is_some() && ana.journal.waiting == 0);
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
            .map(|one| (one.tenant.as_str(), one.files, one.bytes))
            .collect();
        assert_eq!(seen, [("ana", 1, 5), ("default", 0, 0)]);
    }
}

//! What each tenant has sent since the service started, and how its vault stands.
//!
//! The table is bounded: the figures of tenants that do not fit are kept together, under [`OTHERS`].

mod figures;
mod vault_size;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use openclone_vault::VaultDirs;
use serde::Serialize;

pub(crate) use figures::TenantStats;
use vault_size::{VaultSize, measure};

use crate::{
    config::{TenantRates, tenant_name},
    limit::TenantLimits,
};

/// Tenants with figures of their own, at most.
const MAX_TENANTS: usize = 500;
/// Stands for all tenants that do not fit. No tenant can be called so.
const OTHERS: &str = "_others";

/// All tenants.
#[derive(Debug)]
pub(crate) struct Tenants {
    dirs: VaultDirs,
    limits: TenantLimits,
    known: RwLock<BTreeMap<Arc<str>, Arc<TenantStats>>>,
}

/// How one tenant stands.
#[derive(Debug, Serialize)]
pub(crate) struct TenantReport {
    tenant: String,
    /// Where its Markdown is.
    vault: PathBuf,
    /// What has become of its events since the start.
    events: Outcomes,
    /// Daily files, and their bytes on disk.
    files: u64,
    bytes: u64,
    /// When its last batch came, since the start; RFC 3339.
    last_seen: Option<String>,
    journal: Lag,
    /// What all its keys together may send; none if the options do not say.
    limits: Option<TenantRates>,
}

/// What has become of events since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Outcomes {
    pub(crate) stored: u64,
    pub(crate) duplicate: u64,
    /// Rejected or failed: not acknowledged.
    pub(crate) refused: u64,
}

/// How far the journal is behind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Lag {
    /// Bytes of Markdown stored since the last checkpoint, about.
    pub(crate) bytes: u64,
    /// Batches that wait for the writer.
    pub(crate) waiting: u64,
    /// For how long the first of them has been waiting.
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

    /// The figures of `tenant`.
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

    /// All figures; of `tenant` alone if one is given. `checkpoints` is the number of them so far. Looks at the disk.
    pub(crate) fn report(&self, only: Option<&str>, checkpoints: u64) -> Vec<TenantReport> {
        let known = self.figures();
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

    /// Name and figures of each tenant that was seen since the start.
    pub(crate) fn figures(&self) -> BTreeMap<Arc<str>, Arc<TenantStats>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn report_one(&self, name: &str, figures: Option<&TenantStats>, checkpoints: u64) -> TenantReport {
        let vault = self.dirs.of(name);
        let VaultSize { files, bytes } = measure(&vault);
        TenantReport {
            tenant: name.to_owned(),
            vault,
            events: figures.map(TenantStats::outcomes).unwrap_or_default(),
            files,
            bytes,
            last_seen: figures
                .and_then(TenantStats::last_seen)
                .map(|moment| moment.to_string()),
            journal: figures
                .map(|figures| figures.lag(checkpoints))
                .unwrap_or_default(),
            limits: self.limits.rates(name),
        }
    }

    /// Tenants that have a directory; `default` always has one.
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
    fn each_tenant_has_its_own_figures_and_the_table_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let all = tenants(dir.path());
        all.of(&"ana".into()).handed(10, 100).answered(
            Ok(Receipt {
                stored: 3,
                skipped: 2,
            }),
            4,
        );
        all.of(&"ben".into()).refused(7);
        for n in 0..MAX_TENANTS + 10 {
            all.of(&n.to_string().into()).refused(1);
        }
        let known = all.figures();
        assert_eq!(known.len(), MAX_TENANTS + 1);
        assert_eq!(known[OTHERS].outcomes().refused, 12);
        assert_eq!(
            known["ben"].outcomes(),
            Outcomes {
                refused: 7,
                ..Outcomes::default()
            }
        );
        let ana = &all.report(Some("ana"), 4)[0];
        assert_eq!(
            ana.events,
            Outcomes {
                stored: 3,
                duplicate: 2,
                refused: 0
            }
        );
        assert!(ana.last_seen.is_some() && ana.journal.waiting == 0);
    }

    #[test]
    fn vaults_on_disk_are_measured_and_foreign_directories_passed_over() {
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

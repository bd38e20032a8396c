//! The plugin registry: installed plugins, the catalogue, and the activity and health of each plugin.
//!
//! Manifests are read from `<home>/plugins/<id>/plugin.json`, at the start and whenever one changes. An invalid one is listed
//! with all of its faults and never stops the service.

mod activity;
mod catalogue;
pub(crate) mod directory;
mod health;
pub(crate) mod manifest;
mod page;
mod service;
mod watch;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use jiff::Timestamp;
use openclone_client::v1;
use tracing::warn;

use crate::{auth::access::HealthSink, config::Enforce, error::IngestError};
use activity::{Activities, Activity};
use catalogue::Catalogue;
use directory::Found;
use health::HealthReports;
pub use manifest::{Manifest, SCHEMA};
pub(crate) use page::schema_routes;
pub use service::RegistryFacade;
pub(crate) use watch::Watch;

/// The installed plugins and those of the catalogue.
#[derive(Debug)]
pub struct Registry {
    dir: PathBuf,
    enforce: Enforce,
    found: RwLock<Arc<Found>>,
    catalogue: Catalogue,
    /// The violation of the catalogue, if it is invalid.
    broken: Option<v1::RejectedManifest>,
    activities: Activities,
    health: HealthReports,
}

impl Registry {
    /// Reads the manifests under `dir`, which may be missing.
    pub fn load(dir: &Path, enforce: Enforce) -> Self {
        Self::with_catalogue(dir, enforce, catalogue::TEXT)
    }

    fn with_catalogue(dir: &Path, enforce: Enforce, text: &str) -> Self {
        let (catalogue, broken) = match catalogue::parse(text) {
            Ok(catalogue) => (catalogue, None),
            Err(broken) => (Catalogue::new(), Some(broken)),
        };
        let registry = Self {
            dir: dir.to_owned(),
            enforce,
            found: RwLock::default(),
            catalogue,
            broken,
            activities: Activities::default(),
            health: HealthReports::default(),
        };
        registry.broken.iter().for_each(warn_about);
        registry.reload();
        registry
    }

    /// Reloads the manifests. Batches use the old ones meanwhile.
    fn reload(&self) {
        let found = directory::read(&self.dir);
        let before = self.found();
        for one in &found.rejected {
            if !before.rejected.contains(one) {
                warn_about(one);
            }
        }
        *self.found.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
    }

    fn found(&self) -> Arc<Found> {
        Arc::clone(&self.found.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Checks the plugin of a batch against `registry.enforce`; false when it is not installed but accepted.
    ///
    /// # Errors
    /// [`IngestError::Forbidden`] when it is not installed and must be.
    pub(crate) fn admit(&self, batch: &v1::Batch) -> Result<bool, IngestError> {
        if self.enforce == Enforce::Off {
            return Ok(true);
        }
        let Some(message) = self.objection(batch) else {
            return Ok(true);
        };
        if self.enforce == Enforce::Strict {
            return Err(IngestError::Forbidden { message });
        }
        warn!(plugin_id = %batch.plugin_id, reason = %message, "batch from a plugin that is not registered");
        Ok(false)
    }

    /// The activity of a batch's plugin for `tenant`; records the batch.
    pub(crate) fn activity(&self, tenant: &Arc<str>, batch: &v1::Batch) -> Arc<Activity> {
        let activity = self.activities.of(tenant, &batch.plugin_id);
        activity.seen(batch.timestamp);
        activity
    }

    /// Records a rejected batch, if its plugin is installed or has sent one before.
    pub(crate) fn rejected(&self, tenant: &Arc<str>, plugin_id: &str) {
        if self.found().plugins.contains_key(plugin_id) {
            self.activities.of(tenant, plugin_id).rejected();
        } else if let Some(activity) = self.activities.known(tenant, plugin_id) {
            activity.rejected();
        }
    }

    fn objection(&self, batch: &v1::Batch) -> Option<String> {
        let id = &batch.plugin_id;
        let found = self.found();
        let Some(manifest) = found.plugins.get(id) else {
            return Some(format!("Plugin {id} is not registered"));
        };
        if !manifest.platforms.contains(&batch.platform()) {
            return Some(format!(
                "Plugin {id} is not registered for platform {}",
                batch.platform().json_name()
            ));
        }
        if !manifest.source_types.contains(&batch.source_type()) {
            let name = batch.source_type().json_name();
            return Some(format!("Plugin {id} is not registered for source type {name}"));
        }
        None
    }

    /// The plugins that match `filter`, ordered by id, with their activity for `tenant`.
    pub(crate) fn list(&self, tenant: &str, filter: &v1::ListPluginsRequest) -> v1::ListPluginsResponse {
        let found = self.found();
        let fits = |plugin: &v1::Plugin| {
            (filter.platform == 0 || plugin.platforms.contains(&filter.platform))
                && (filter.source_type == 0 || plugin.source_types.contains(&filter.source_type))
        };
        let ids: BTreeSet<&String> = found.plugins.keys().chain(self.catalogue.keys()).collect();
        v1::ListPluginsResponse {
            plugins: ids
                .into_iter()
                .filter_map(|id| self.show(&found, tenant, id))
                .filter(fits)
                .collect(),
            rejected: self.broken.iter().chain(&found.rejected).cloned().collect(),
        }
    }

    fn get(&self, tenant: &str, id: &str) -> Option<v1::Plugin> {
        self.show(&self.found(), tenant, id)
    }

    fn show(&self, found: &Found, tenant: &str, id: &str) -> Option<v1::Plugin> {
        let listed = self.catalogue.get(id);
        let mut plugin = match found.plugins.get(id) {
            Some(manifest) => manifest.to_proto(),
            None => listed?.to_proto(id),
        };
        if let Some(listed) = listed {
            listed.complete(&mut plugin);
        }
        let activity = self.activities.known(tenant, id);
        plugin.activity = Some(activity.map(|activity| activity.to_proto()).unwrap_or_default());
        plugin.health = self.health.of(tenant, id, Timestamp::now());
        Some(plugin)
    }
}

impl HealthSink for Registry {
    fn report_health(&self, tenant: &Arc<str>, report: v1::ReportHealthRequest) -> Result<(), IngestError> {
        let violations = health::check(&report);
        if !violations.is_empty() {
            return Err(IngestError::Invalid { violations });
        }
        self.health.record(tenant, report, Timestamp::now());
        Ok(())
    }
}

/// The ids of the catalogue.
pub(crate) fn catalogue_ids() -> BTreeSet<String> {
    let catalogue = catalogue::parse(catalogue::TEXT).unwrap_or_default();
    catalogue.into_keys().collect()
}

fn warn_about(one: &v1::RejectedManifest) {
    let reasons: Vec<_> = one
        .faults
        .iter()
        .map(|violation| {
            format!("{} {}", violation.path, violation.reason)
                .trim()
                .to_owned()
        })
        .collect();
    warn!(path = %one.path, faults = %reasons.join("; "), "plugin manifest rejected");
}

#[cfg(test)]
mod tests;

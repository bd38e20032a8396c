//! The plugins that are installed, what their manifests allow, and what each has sent.
//!
//! Manifests are read once, at the start, from `<home>/plugins/<id>/plugin.json`. A bad one is listed with all of its
//! faults and never stops the service.

mod activity;
mod directory;
mod manifest;
mod service;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use openclone_client::v1;
use tracing::warn;

use crate::{config::Enforce, error::IngestError};
use activity::{Activities, Activity};
pub use manifest::Manifest;
pub use service::RegistryFacade;

/// The plugins that are installed.
#[derive(Debug)]
pub struct Registry {
    enforce: Enforce,
    plugins: BTreeMap<String, Manifest>,
    rejected: Vec<v1::RejectedManifest>,
    activities: Activities,
}

impl Registry {
    /// Reads the manifests under `dir`; none if it is not there.
    pub fn load(dir: &Path, enforce: Enforce) -> Self {
        let (plugins, rejected) = directory::read(dir);
        for one in &rejected {
            let reasons: Vec<_> = one.faults.iter().map(|fault| fault.reason.as_str()).collect();
            warn!(path = %one.path, faults = %reasons.join("; "), "plugin manifest rejected");
        }
        Self {
            enforce,
            plugins,
            rejected,
            activities: Activities::default(),
        }
    }

    /// Whether the batch's plugin is installed for its platform and source type, or it does not matter.
    ///
    /// # Errors
    /// [`IngestError::Forbidden`] when it is not and must be.
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
        warn!(plugin_id = %batch.plugin_id, %message, "batch of a plugin that is not registered");
        Ok(false)
    }

    /// What was sent by the batch's plugin for `tenant`; notes that it came.
    pub(crate) fn activity(&self, tenant: &Arc<str>, batch: &v1::Batch) -> Arc<Activity> {
        let activity = self.activities.of(tenant, &batch.plugin_id);
        activity.seen(batch.timestamp);
        activity
    }

    /// Notes that a batch was rejected, if its plugin has sent one before or is installed.
    pub(crate) fn refused(&self, tenant: &Arc<str>, plugin_id: &str) {
        if self.plugins.contains_key(plugin_id) {
            self.activities.of(tenant, plugin_id).refused();
        } else if let Some(activity) = self.activities.known(tenant, plugin_id) {
            activity.refused();
        }
    }

    fn objection(&self, batch: &v1::Batch) -> Option<String> {
        let id = &batch.plugin_id;
        let Some(manifest) = self.plugins.get(id) else {
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

    fn list(&self, tenant: &Arc<str>, filter: &v1::ListPluginsRequest) -> v1::ListPluginsResponse {
        let fits = |manifest: &&Manifest| {
            (filter.platform == 0
                || manifest
                    .platforms
                    .iter()
                    .any(|known| *known as i32 == filter.platform))
                && (filter.source_type == 0
                    || manifest
                        .source_types
                        .iter()
                        .any(|known| *known as i32 == filter.source_type))
        };
        let plugins = self
            .plugins
            .values()
            .filter(fits)
            .map(|manifest| self.show(tenant, manifest))
            .collect();
        v1::ListPluginsResponse {
            plugins,
            rejected: self.rejected.clone(),
        }
    }

    fn get(&self, tenant: &Arc<str>, id: &str) -> Option<v1::Plugin> {
        self.plugins.get(id).map(|manifest| self.show(tenant, manifest))
    }

    fn show(&self, tenant: &Arc<str>, manifest: &Manifest) -> v1::Plugin {
        let mut plugin = manifest.to_proto();
        let activity = self.activities.known(tenant, &manifest.id);
        plugin.activity = Some(activity.map(|activity| activity.to_proto()).unwrap_or_default());
        plugin
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    fn install(dir: &Path, id: &str, manifest: &str) {
        fs::create_dir_all(dir.join(id)).unwrap();
        fs::write(dir.join(id).join("plugin.json"), manifest).unwrap();
    }

    const GOOD: &str = r#"{"id": "my-audio", "name": "My Audio", "version": "1.0.0", "platform": ["macos"],
        "source_types": ["audio_system"], "sensitivity": "LOW", "later": {"x": 1}}"#;

    #[test]
    fn good_manifests_are_listed_and_bad_ones_explained() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), "my-audio", GOOD);
        install(dir.path(), "other-name", GOOD);
        install(dir.path(), "broken", "{");
        install(dir.path(), "empty", "{}");
        fs::create_dir_all(dir.path().join("no-manifest")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("my-audio"), dir.path().join("linked")).unwrap();
        let registry = Registry::load(dir.path(), Enforce::Off);
        let listed = registry.list(&"default".into(), &v1::ListPluginsRequest::default());
        assert_eq!(listed.plugins.len(), 1);
        let plugin = &listed.plugins[0];
        assert_eq!(
            (plugin.id.as_str(), plugin.folders[0].as_str(), plugin.installed),
            ("my-audio", "Audio", true)
        );
        assert!(
            plugin.manifest_json.contains("\"later\"") && plugin.warnings.len() == 1,
            "{plugin:?}"
        );
        let rejected: Vec<_> = listed
            .rejected
            .iter()
            .map(|one| (one.path.as_str(), one.faults.len()))
            .collect();
        assert_eq!(
            rejected,
            [
                ("broken/plugin.json", 1),
                ("empty/plugin.json", 6),
                ("linked", 1),
                ("no-manifest/plugin.json", 1),
                ("other-name/plugin.json", 1)
            ]
        );
    }

    #[test]
    fn strict_takes_only_what_a_manifest_names() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), "my-audio", GOOD);
        let batch = v1::Batch {
            plugin_id: "my-audio".into(),
            platform: v1::Platform::Macos as i32,
            source_type: v1::SourceType::AudioSystem as i32,
            ..v1::Batch::default()
        };
        let other = v1::Batch {
            source_type: v1::SourceType::Email as i32,
            ..batch.clone()
        };
        let stranger = v1::Batch {
            plugin_id: "stranger".into(),
            ..batch.clone()
        };
        let strict = Registry::load(dir.path(), Enforce::Strict);
        assert!(strict.admit(&batch).unwrap());
        assert!(strict.admit(&other).is_err() && strict.admit(&stranger).is_err());
        let warn = Registry::load(dir.path(), Enforce::Warn);
        assert!(warn.admit(&batch).unwrap() && !warn.admit(&stranger).unwrap());
        let off = Registry::load(&dir.path().join("nowhere"), Enforce::Off);
        assert!(off.admit(&stranger).unwrap());
    }
}

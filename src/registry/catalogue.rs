//! `plugins/catalog.json`: the project's plugins and their status, whether installed or not.
//!
//! An invalid catalogue is one entry under `rejected`; installed plugins are still shown.

use std::collections::BTreeMap;

use openclone_client::v1::{Platform, Plugin, PluginStatus, RejectedManifest, Sensitivity, SourceType};
use serde::Deserialize;

use super::{
    directory::whole_file,
    manifest::{fields::is_kebab, folders, greatest},
};

/// The catalogue of this version.
pub(super) const TEXT: &str = include_str!("../../plugins/catalog.json");

/// The catalogue by id.
pub(super) type Catalogue = BTreeMap<String, Listed>;

/// A plugin of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listed {
    name: String,
    description: String,
    status: PluginStatus,
    pub(super) platforms: Vec<Platform>,
    pub(super) source_types: Vec<SourceType>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plugins: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    description: String,
    status: String,
    platform: Vec<String>,
    source_types: Vec<String>,
}

/// Reads a catalogue.
///
/// # Errors
/// The first violation.
pub(super) fn parse(text: &str) -> Result<Catalogue, RejectedManifest> {
    let bad = |reason: String| whole_file("catalog.json".into(), format!("invalid catalogue: {reason}"));
    let file: File = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
    let mut catalogue = Catalogue::new();
    for row in file.plugins {
        let id = row.id.clone();
        let listed = Listed::of(row).map_err(|reason| bad(format!("{id}: {reason}")))?;
        if catalogue.insert(id.clone(), listed).is_some() {
            return Err(bad(format!("duplicate id {id}")));
        }
    }
    Ok(catalogue)
}

impl Listed {
    fn of(row: Row) -> Result<Self, &'static str> {
        if !is_kebab(&row.id) {
            return Err("the id must be kebab-case of at most 64 characters");
        }
        let statuses = [PluginStatus::Stable, PluginStatus::Beta, PluginStatus::Planned];
        let status = statuses.into_iter().find(|known| known.json_name() == row.status);
        let platforms: Option<Vec<_>> = row
            .platform
            .iter()
            .map(|name| Platform::from_json_name(name))
            .collect();
        let source_types: Option<Vec<_>> = row
            .source_types
            .iter()
            .map(|name| SourceType::from_json_name(name))
            .collect();
        Ok(Self {
            name: row.name,
            description: row.description,
            status: status.ok_or("the status must be stable, beta or planned")?,
            platforms: platforms.ok_or("a platform is not one of the six")?,
            source_types: source_types.ok_or("a source type is not one of the 15")?,
        })
    }

    /// The registry entry of a plugin that is not installed.
    pub(super) fn to_proto(&self, id: &str) -> Plugin {
        let sensitivity = greatest(&self.source_types);
        Plugin {
            id: id.to_owned(),
            name: self.name.clone(),
            description: self.description.clone(),
            platforms: self.platforms.iter().map(|known| *known as i32).collect(),
            source_types: self.source_types.iter().map(|known| *known as i32).collect(),
            sensitivity: sensitivity as i32,
            folders: folders(&self.source_types),
            consent_required: sensitivity as i32 >= Sensitivity::High as i32,
            status: self.status as i32,
            ..Plugin::default()
        }
    }

    /// Adds the data of the catalogue to an installed plugin.
    pub(super) fn complete(&self, plugin: &mut Plugin) {
        plugin.status = self.status as i32;
        if plugin.description.is_empty() {
            plugin.description.clone_from(&self.description);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_has_the_documented_plugins() {
        let catalogue = parse(TEXT).unwrap();
        let of = |status: PluginStatus| catalogue.values().filter(|one| one.status == status).count();
        assert_eq!(
            (
                of(PluginStatus::Stable),
                of(PluginStatus::Beta),
                of(PluginStatus::Planned)
            ),
            (3, 4, 7)
        );
        let mic = catalogue["openclone-mac-mic"].to_proto("openclone-mac-mic");
        assert!(mic.consent_required && !mic.installed && mic.folders == ["Audio"]);
    }

    #[test]
    fn a_broken_catalogue_is_one_clear_finding() {
        let why = |text: &str| {
            let found = parse(text).unwrap_err();
            assert_eq!((found.path.as_str(), found.faults.len()), ("catalog.json", 1));
            found.faults[0].reason.clone()
        };
        let row = r#"{"id": "a", "name": "A", "description": "", "status": "beta", "platform": [], "source_types": []}"#;
        let with = |row: &str| format!("{{\"plugins\": [{row}]}}");
        assert!(parse(&with(row)).is_ok());
        assert!(why("{").starts_with("invalid catalogue: EOF"));
        assert!(why("{}").contains("missing field `plugins`"));
        assert!(why(&with(&format!("{row},{row}"))).ends_with("duplicate id a"));
        assert!(
            why(&with(&row.replace("beta", "gone")))
                .ends_with("a: the status must be stable, beta or planned")
        );
        assert!(why(&with(&row.replace("\"A\"", "1"))).contains("invalid type"));
    }
}

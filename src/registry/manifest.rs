//! `plugin.json`: the manifest of a plugin.
//!
//! Required: `id` (kebab-case, at most 64, the name of its directory), `name`, `version` (SemVer), `platform` (list),
//! `source_types` (list), `sensitivity`. Optional: `description`, `requires_permissions` (list of strings),
//! `heartbeat_seconds` (60 to 86400), `run` (a program and its arguments), `config_schema` (settings, each with a type and a default that fits it). Unknown members are kept and
//! shown. `fields` has the table.

pub(crate) mod document;
pub(crate) mod fields;
mod schema;
pub(crate) mod violation;

use openclone_client::v1::{Platform, Plugin, Sensitivity, SourceType};
use openclone_vault::SourceType as VaultType;

use document::Node;
pub use schema::SCHEMA;
use violation::{Violation, Violations};

/// The manifest of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Kebab-case, the name of its directory.
    pub id: String,
    /// Display name.
    pub name: String,
    /// SemVer.
    pub version: String,
    /// The platforms it runs on.
    pub platforms: Vec<Platform>,
    /// The source types it sends.
    pub source_types: Vec<SourceType>,
    /// The declared sensitivity.
    pub sensitivity: Sensitivity,
    /// Platform permissions that it needs.
    pub requires_permissions: Vec<String>,
    /// The program that captures, and its arguments; empty if it has none.
    pub run: Vec<String>,
    /// A one-line description.
    pub description: String,
    /// The complete text, with unknown members.
    pub json: String,
}

/// An invalid manifest.
#[derive(Debug)]
pub(crate) struct Unfit {
    /// The id that it claims.
    pub(crate) id: Option<String>,
    /// All faults.
    pub(crate) faults: Vec<Violation>,
}

/// Reads the manifest in the directory `directory`.
///
/// # Errors
/// All faults.
pub(crate) fn parse(directory: &str, text: &str) -> Result<Manifest, Unfit> {
    let mut faults = Violations::new();
    let unfit = |id: Option<&str>, faults: Violations| {
        Err(Unfit {
            id: id.map(str::to_owned),
            faults: faults.finish(text),
        })
    };
    let Some(root) = document::read(text, &mut faults) else {
        return unfit(None, faults);
    };
    for field in &fields::FIELDS {
        match root.get(field.name) {
            Some(node) => field.check(node, &mut faults),
            None if field.is_required => faults.add(field.name, root.at, "is missing"),
            None => {}
        }
    }
    let id = root
        .get("id")
        .filter(|id| id.text().is_some_and(fields::is_kebab));
    if let Some(node) = id.filter(|id| id.text() != Some(directory)) {
        let reason = format!(
            "must be the name of its directory, {}",
            violation::plain(directory)
        );
        faults.add("id", node.at, &reason);
    }
    if faults.is_empty() {
        Ok(Manifest::of(&root, text))
    } else {
        unfit(id.and_then(Node::text), faults)
    }
}

impl Manifest {
    /// Builds a manifest that has passed the checks of the table.
    fn of(root: &Node, text: &str) -> Self {
        let one = |key: &str| root.get(key).and_then(Node::text).unwrap_or_default().to_owned();
        let all = |key: &str| {
            let items = root.get(key).and_then(Node::items).unwrap_or_default();
            items.iter().filter_map(Node::text)
        };
        Self {
            id: one("id"),
            name: one("name"),
            version: one("version"),
            platforms: all("platform").filter_map(Platform::from_json_name).collect(),
            source_types: all("source_types")
                .filter_map(SourceType::from_json_name)
                .collect(),
            sensitivity: fields::level(&one("sensitivity")).unwrap_or_default(),
            requires_permissions: all("requires_permissions").map(str::to_owned).collect(),
            run: all("run").map(str::to_owned).collect(),
            description: one("description"),
            json: text.trim().to_owned(),
        }
    }

    /// The registry entry, without activity.
    pub(super) fn to_proto(&self) -> Plugin {
        Plugin {
            id: self.id.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
            platforms: self.platforms.iter().map(|known| *known as i32).collect(),
            source_types: self.source_types.iter().map(|known| *known as i32).collect(),
            sensitivity: self.sensitivity as i32,
            requires_permissions: self.requires_permissions.clone(),
            manifest_json: self.json.clone(),
            folders: folders(&self.source_types),
            consent_required: self.needs_consent(),
            installed: true,
            warnings: self.warnings(),
            description: self.description.clone(),
            ..Plugin::default()
        }
    }

    /// Whether people must consent before it is enabled, by its declared sensitivity or its source types.
    pub(crate) fn needs_consent(&self) -> bool {
        let high = Sensitivity::High as i32;
        self.sensitivity as i32 >= high || greatest(&self.source_types) as i32 >= high
    }

    /// Warnings that do not make it invalid.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let greatest = greatest(&self.source_types);
        if self.sensitivity as i32 >= greatest as i32 {
            return Vec::new();
        }
        vec![format!(
            "sensitivity is {}, but its source types are up to {}",
            self.sensitivity.json_name(),
            greatest.json_name()
        )]
    }
}

/// The vault folders of source types, without duplicates.
pub(crate) fn folders(source_types: &[SourceType]) -> Vec<String> {
    let mut folders: Vec<String> = Vec::new();
    for source_type in vault_types(source_types) {
        let folder = source_type.folder();
        if !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    folders
}

/// The sensitivity of the most personal of these source types.
pub(crate) fn greatest(source_types: &[SourceType]) -> Sensitivity {
    vault_types(source_types)
        .map(|known| Sensitivity::from(known.sensitivity()))
        .max_by_key(|known| *known as i32)
        .unwrap_or_default()
}

fn vault_types(source_types: &[SourceType]) -> impl Iterator<Item = VaultType> {
    source_types.iter().filter_map(|known| known.to_core())
}

#[cfg(test)]
mod tests;

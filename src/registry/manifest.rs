//! `plugin.json`: what a plugin says of itself.
//!
//! Required: `id` (kebab-case, at most 64, the name of its directory), `name`, `version` (SemVer), `platform` (list),
//! `source_types` (list), `sensitivity`. Optional: `requires_permissions` (list of strings), `config_schema` (object),
//! `description`. Members that are not known are kept and shown.

use openclone_client::v1::{ManifestFault, Platform, Plugin, Sensitivity, SourceType};
use openclone_vault::SourceType as VaultType;
use serde_json::{Map, Value};

use crate::prepare;

/// Levels of a manifest, at most.
const MAX_DEPTH: usize = 16;
/// Characters of an id and of a name, at most.
const MAX_NAME: usize = 64;

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Kebab-case, the name of its directory.
    pub id: String,
    /// Display name.
    pub name: String,
    /// SemVer.
    pub version: String,
    /// Where it runs.
    pub platforms: Vec<Platform>,
    /// What it writes.
    pub source_types: Vec<SourceType>,
    /// How personal, as declared.
    pub sensitivity: Sensitivity,
    /// Permissions of the platform that it needs.
    pub requires_permissions: Vec<String>,
    /// One line about it.
    pub description: String,
    /// The whole text, unknown members included.
    pub json: String,
}

/// Reads the manifest in the directory `directory`.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn parse(directory: &str, text: &str) -> Result<Manifest, Vec<ManifestFault>> {
    let members = match serde_json::from_str(text) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return Err(vec![fault("", "it is not a JSON object")]),
        Err(error) => return Err(vec![fault("", &format!("it is not JSON: {error}"))]),
    };
    if members.values().any(|value| depth(value) >= MAX_DEPTH) {
        return Err(vec![fault(
            "",
            &format!("it is more than {MAX_DEPTH} levels deep"),
        )]);
    }
    let mut reader = Reader {
        members: &members,
        faults: Vec::new(),
    };
    let manifest = Manifest {
        id: reader.id(directory),
        name: reader.text(
            "name",
            |name| name.chars().count() <= MAX_NAME,
            "must be at most 64 characters",
        ),
        version: reader.text(
            "version",
            |text| semver::Version::parse(text).is_ok(),
            "must be SemVer, such as 1.0.0",
        ),
        platforms: reader.names(
            "platform",
            Platform::from_json_name,
            "is none of the six platforms",
        ),
        source_types: reader.names(
            "source_types",
            SourceType::from_json_name,
            "is none of the 15 source types",
        ),
        sensitivity: reader.sensitivity(),
        requires_permissions: reader.optional_list("requires_permissions"),
        description: members
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        json: text.trim().to_owned(),
    };
    reader.config_schema();
    if reader.faults.is_empty() {
        Ok(manifest)
    } else {
        Err(reader.faults)
    }
}

impl Manifest {
    /// As the registry shows it, without activity.
    pub(super) fn to_proto(&self) -> Plugin {
        let types: Vec<VaultType> = self
            .source_types
            .iter()
            .filter_map(|known| prepare::source_type(*known as i32))
            .collect();
        let mut folders: Vec<String> = types.iter().map(|known| known.folder().to_owned()).collect();
        folders.dedup();
        let greatest = types
            .iter()
            .map(|known| sensitivity_of(*known))
            .max_by_key(|known| *known as i32);
        let consent_required = self.sensitivity as i32 >= Sensitivity::High as i32;
        let warnings = greatest
            .filter(|greatest| *greatest as i32 > self.sensitivity as i32)
            .map(|greatest| {
                let declared = self.sensitivity.json_name();
                format!(
                    "sensitivity is {declared}, but its source types are up to {}",
                    greatest.json_name()
                )
            })
            .into_iter()
            .collect();
        Plugin {
            id: self.id.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
            platforms: self.platforms.iter().map(|known| *known as i32).collect(),
            source_types: self.source_types.iter().map(|known| *known as i32).collect(),
            sensitivity: self.sensitivity as i32,
            requires_permissions: self.requires_permissions.clone(),
            manifest_json: self.json.clone(),
            folders,
            consent_required,
            installed: true,
            warnings,
            description: self.description.clone(),
            ..Plugin::default()
        }
    }
}

/// The contract's word for how personal a source type is.
pub(super) fn sensitivity_of(source_type: VaultType) -> Sensitivity {
    use openclone_vault::Sensitivity as Vault;
    match source_type.sensitivity() {
        Vault::Low => Sensitivity::Low,
        Vault::Medium => Sensitivity::Medium,
        Vault::High => Sensitivity::High,
        Vault::Critical => Sensitivity::Critical,
    }
}

struct Reader<'a> {
    members: &'a Map<String, Value>,
    faults: Vec<ManifestFault>,
}

impl Reader<'_> {
    fn id(&mut self, directory: &str) -> String {
        let id = self.text("id", is_kebab, "must be kebab-case of at most 64 characters");
        if !id.is_empty() && is_kebab(&id) && id != directory {
            self.faults.push(fault(
                "id",
                &format!("must be the name of its directory, {directory}"),
            ));
        }
        id
    }

    fn text(&mut self, key: &str, fits: impl Fn(&str) -> bool, reason: &str) -> String {
        match self.members.get(key) {
            None => self.faults.push(fault(key, "is missing")),
            Some(Value::String(text)) if !text.trim().is_empty() && fits(text) => return text.clone(),
            Some(Value::String(text)) if text.trim().is_empty() => self.faults.push(fault(key, "is empty")),
            Some(Value::String(_)) => self.faults.push(fault(key, reason)),
            Some(_) => self.faults.push(fault(key, "must be a string")),
        }
        String::new()
    }

    fn names<T: PartialEq>(&mut self, key: &str, find: impl Fn(&str) -> Option<T>, reason: &str) -> Vec<T> {
        let items = match self.members.get(key) {
            None => return self.complain(key, "is missing"),
            Some(Value::Array(items)) if !items.is_empty() => items,
            Some(_) => return self.complain(key, "must be a list with at least one name"),
        };
        let mut found = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item.as_str().and_then(&find) {
                None => self.faults.push(fault(&format!("{key}[{index}]"), reason)),
                Some(known) if found.contains(&known) => {
                    self.faults
                        .push(fault(&format!("{key}[{index}]"), "is named twice"));
                }
                Some(known) => found.push(known),
            }
        }
        found
    }

    fn sensitivity(&mut self) -> Sensitivity {
        let known = [
            Sensitivity::Low,
            Sensitivity::Medium,
            Sensitivity::High,
            Sensitivity::Critical,
        ];
        let find = |text: &str| known.into_iter().find(|level| level.json_name() == text);
        let text = self.text(
            "sensitivity",
            |text| find(text).is_some(),
            "must be LOW, MEDIUM, HIGH or CRITICAL",
        );
        find(&text).unwrap_or_default()
    }

    fn optional_list(&mut self, key: &str) -> Vec<String> {
        let items = match self.members.get(key) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => return self.complain(key, "must be a list of strings"),
        };
        let texts: Option<Vec<_>> = items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect();
        texts.unwrap_or_else(|| self.complain(key, "must be a list of strings"))
    }

    fn config_schema(&mut self) {
        if self
            .members
            .get("config_schema")
            .is_some_and(|schema| !schema.is_object() && !schema.is_null())
        {
            self.faults.push(fault("config_schema", "must be an object"));
        }
    }

    fn complain<T>(&mut self, key: &str, reason: &str) -> Vec<T> {
        self.faults.push(fault(key, reason));
        Vec::new()
    }
}

fn fault(path: &str, reason: &str) -> ManifestFault {
    ManifestFault {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn is_kebab(id: &str) -> bool {
    let word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    id.len() <= MAX_NAME && id.split('-').all(word)
}

/// Containers inside each other; 0 for a plain value. The parser bounds it.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let faults = parse("p", text).unwrap_err();
        faults
            .into_iter()
            .map(|fault| format!("{}: {}", fault.path, fault.reason))
            .collect()
    }

    #[test]
    fn every_fault_is_named() {
        let text = r#"{"id": "P_", "name": "", "version": "1", "platform": ["macos", "dos", "macos"],
            "source_types": [], "sensitivity": "low", "requires_permissions": [1], "config_schema": 3}"#;
        assert_eq!(
            faults(text),
            [
                "id: must be kebab-case of at most 64 characters",
                "name: is empty",
                "version: must be SemVer, such as 1.0.0",
                "platform[1]: is none of the six platforms",
                "platform[2]: is named twice",
                "source_types: must be a list with at least one name",
                "sensitivity: must be LOW, MEDIUM, HIGH or CRITICAL",
                "requires_permissions: must be a list of strings",
                "config_schema: must be an object",
            ]
        );
    }

    #[test]
    fn depth_is_bounded() {
        let nested =
            |levels: usize| format!("{{\"x\": {}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(faults(&nested(16)).len() > 1);
        assert_eq!(faults(&nested(17)), [": it is more than 16 levels deep"]);
        assert!(faults(&nested(100_000))[0].contains("not JSON"));
    }
}

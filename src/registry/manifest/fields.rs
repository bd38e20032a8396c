//! The table of a manifest's members, from which the reader and the JSON Schema are derived.

use openclone_client::v1::{Platform, Sensitivity, SourceType};
use serde_json::{Value, json};

use super::{
    document::{Node, Shape, member_path},
    violation::Violations,
};

/// The most characters of an id and of a name.
pub(super) const MAX_NAME: usize = 64;
/// SemVer 2.0.
const SEMVER: &str = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$";
/// Types of a setting.
pub(super) const TYPES: [&str; 6] = ["integer", "number", "string", "boolean", "array", "object"];
/// Seconds between two reports of a plugin's health.
const HEARTBEAT: std::ops::RangeInclusive<u32> = 60..=86_400;
/// Levels of sensitivity, from least to most.
pub(super) const LEVELS: [Sensitivity; 4] = [
    Sensitivity::Low,
    Sensitivity::Medium,
    Sensitivity::High,
    Sensitivity::Critical,
];

/// A member of a manifest.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) is_required: bool,
    pub(super) about: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Id,
    Name,
    Version,
    Platforms,
    SourceTypes,
    Level,
    Text,
    Texts,
    Heartbeat,
    Program,
    Settings,
}

const fn field(name: &'static str, is_required: bool, kind: Kind, about: &'static str) -> Field {
    Field {
        name,
        is_required,
        about,
        kind,
    }
}

/// All members with a meaning, in documented order.
#[rustfmt::skip]
pub(super) const FIELDS: [Field; 11] = [
    field("id", true, Kind::Id, "Unique, kebab-case, the name of the plugin's directory; sent as plugin_id with each batch."),
    field("name", true, Kind::Name, "Display name."),
    field("version", true, Kind::Version, "SemVer; sent as plugin_version with each batch."),
    field("platform", true, Kind::Platforms, "Where it runs."),
    field("source_types", true, Kind::SourceTypes, "What it writes."),
    field("sensitivity", true, Kind::Level, "How personal what it captures is, at least that of its source types. HIGH and CRITICAL: people are asked before it is turned on."),
    field("description", false, Kind::Text, "One line about it."),
    field("requires_permissions", false, Kind::Texts, "Permissions of the platform that it needs."),
    field("heartbeat_seconds", false, Kind::Heartbeat, "How often it reports that it works; a plugin that missed two reports counts as silent."),
    field("run", false, Kind::Program, "The program that captures, and its arguments, run in the plugin's directory: `openclone plugins run` and `enable` start it."),
    field("config_schema", false, Kind::Settings, "Settings that people may change, each with its type and its default."),
];

impl Field {
    /// The JSON Schema of the value.
    pub(super) fn schema(&self) -> Value {
        let list_of = |names: Vec<&str>| json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": { "enum": names } });
        match self.kind {
            Kind::Id => {
                json!({ "type": "string", "maxLength": MAX_NAME, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$" })
            }
            Kind::Name => json!({ "type": "string", "maxLength": MAX_NAME, "pattern": r"\S" }),
            Kind::Version => json!({ "type": "string", "pattern": SEMVER }),
            Kind::Platforms => list_of(Platform::ALL.map(Platform::json_name).to_vec()),
            Kind::SourceTypes => list_of(SourceType::ALL.map(SourceType::json_name).to_vec()),
            Kind::Level => json!({ "enum": LEVELS.map(Sensitivity::json_name) }),
            Kind::Text => json!({ "type": "string" }),
            Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Kind::Heartbeat => {
                json!({ "type": "integer", "minimum": HEARTBEAT.start(), "maximum": HEARTBEAT.end() })
            }
            Kind::Program => {
                json!({ "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } })
            }
            Kind::Settings => settings_schema(),
        }
    }

    /// Adds the faults of the value.
    pub(super) fn check(&self, node: &Node, faults: &mut Violations) {
        let mut is = |holds: bool, reason: &str| {
            if !holds {
                faults.add(self.name, node.at, reason);
            }
        };
        match self.kind {
            Kind::Id => is(
                node.text().is_some_and(is_kebab),
                "must be kebab-case of at most 64 characters",
            ),
            Kind::Name => is(
                node.text().is_some_and(is_name),
                "must be a string of 1 to 64 characters",
            ),
            Kind::Version => is(
                node.text().is_some_and(openclone_core::version::is_valid),
                "must be SemVer, such as 1.0.0",
            ),
            Kind::Level => is(
                node.text().is_some_and(|text| level(text).is_some()),
                "must be LOW, MEDIUM, HIGH or CRITICAL",
            ),
            Kind::Text => is(node.text().is_some(), "must be a string"),
            Kind::Texts => is(
                node.items()
                    .is_some_and(|items| items.iter().all(|item| item.text().is_some())),
                "must be a list of strings",
            ),
            Kind::Heartbeat => is(
                matches!(&node.shape, Shape::Scalar(Value::Number(number))
                    if fits("integer", &node.shape)
                        && number.as_f64().is_some_and(|value| (60.0..=86_400.0).contains(&value))),
                "must be a whole number of seconds from 60 to 86400",
            ),
            Kind::Program => is(
                node.items().is_some_and(|items| {
                    !items.is_empty()
                        && items.iter().all(|item| {
                            item.text()
                                .is_some_and(|text| !text.is_empty() && !text.contains('\0'))
                        })
                }),
                "must be a list of strings: a program and its arguments",
            ),
            Kind::Platforms => self.names(
                node,
                faults,
                |name| Platform::from_json_name(name).is_some(),
                "is not one of the six platforms",
            ),
            Kind::SourceTypes => self.names(
                node,
                faults,
                |name| SourceType::from_json_name(name).is_some(),
                "is not one of the 15 source types",
            ),
            Kind::Settings => settings(self.name, node, faults),
        }
    }

    fn names(&self, node: &Node, faults: &mut Violations, is_known: impl Fn(&str) -> bool, reason: &str) {
        let Some(items) = node.items().filter(|items| !items.is_empty()) else {
            faults.add(self.name, node.at, "must be a list with at least one name");
            return;
        };
        let mut seen = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}[{index}]", self.name);
            match item.text().filter(|name| is_known(name)) {
                None => faults.add(&path, item.at, reason),
                Some(name) if seen.contains(&name) => faults.add(&path, item.at, "is listed twice"),
                Some(name) => seen.push(name),
            }
        }
    }
}

/// The level of that name.
pub(crate) fn level(name: &str) -> Option<Sensitivity> {
    LEVELS.into_iter().find(|level| level.json_name() == name)
}

/// Whether `text` is a valid plugin id.
pub(crate) fn is_kebab(id: &str) -> bool {
    openclone_core::PluginId::is_valid(id)
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= MAX_NAME
}

fn settings_schema() -> Value {
    let fits = TYPES.map(|name| {
        json!({
            "if": { "properties": { "type": { "const": name } }, "required": ["type"] },
            "then": { "properties": { "default": { "type": name } } }
        })
    });
    json!({
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": { "enum": TYPES },
                "default": { "description": "The value until somebody changes it; of the setting's type." }
            },
            "allOf": fits
        }
    })
}

fn settings(name: &str, node: &Node, faults: &mut Violations) {
    let Shape::Object(settings) = &node.shape else {
        faults.add(name, node.at, "must be an object");
        return;
    };
    for (key, setting) in settings {
        let path = member_path(name, key);
        if !matches!(setting.shape, Shape::Object(_)) {
            faults.add(&path, setting.at, "must be an object with type and default");
            continue;
        }
        let Some(declared) = setting.get("type") else {
            faults.add(&member_path(&path, "type"), setting.at, "is missing");
            continue;
        };
        let known = TYPES
            .into_iter()
            .find(|known| declared.text().is_some_and(|text| text == *known));
        match (known, setting.get("default")) {
            (None, _) => {
                let reason = format!("must be one of {}", TYPES.join(", "));
                faults.add(&member_path(&path, "type"), declared.at, &reason);
            }
            (Some(known), Some(default)) if !fits(known, &default.shape) => {
                let reason = format!("is not of type {known}");
                faults.add(&member_path(&path, "default"), default.at, &reason);
            }
            _ => {}
        }
    }
}

/// Whether a default is of the type named, as JSON Schema has it: 60.0 is an integer.
fn fits(name: &str, shape: &Shape) -> bool {
    match shape {
        Shape::List(_) => name == "array",
        Shape::Object(_) => name == "object",
        Shape::Scalar(Value::String(_)) => name == "string",
        Shape::Scalar(Value::Bool(_)) => name == "boolean",
        Shape::Scalar(Value::Number(number)) => {
            let is_whole = number.is_i64()
                || number.is_u64()
                || number.as_f64().is_some_and(|value| value.fract() == 0.0);
            name == "number" || (name == "integer" && is_whole)
        }
        Shape::Scalar(_) => false,
    }
}

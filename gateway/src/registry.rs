//! The registry in JSON.

use openclone_client::Rule;
use openclone_client::v1::{
    ListPluginsRequest, ListPluginsResponse, ListSourceTypesResponse, Platform, Plugin, PluginActivity,
    RejectedManifest, SourceType,
};
use prost_types::Timestamp;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::fault::Kind;

/// The registry as a list.
#[derive(Serialize)]
pub(crate) struct PluginList {
    plugins: Vec<PluginView>,
    rejected: Vec<Value>,
}

/// One plugin.
#[derive(Serialize)]
pub(crate) struct PluginView {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    status: &'static str,
    installed: bool,
    platform: Vec<&'static str>,
    source_types: Vec<&'static str>,
    sensitivity: &'static str,
    consent_required: bool,
    requires_permissions: Vec<String>,
    folders: Vec<String>,
    warnings: Vec<String>,
    activity: Value,
    manifest: Option<Box<RawValue>>,
}

impl From<ListPluginsResponse> for PluginList {
    fn from(list: ListPluginsResponse) -> Self {
        Self {
            plugins: list.plugins.into_iter().map(PluginView::from).collect(),
            rejected: list.rejected.iter().map(rejected).collect(),
        }
    }
}

impl From<Plugin> for PluginView {
    fn from(plugin: Plugin) -> Self {
        Self {
            platform: plugin.platforms().map(Platform::json_name).collect(),
            source_types: plugin.source_types().map(SourceType::json_name).collect(),
            sensitivity: plugin.sensitivity().json_name(),
            status: plugin.status().json_name(),
            activity: activity(&plugin.activity.unwrap_or_default()),
            id: plugin.id,
            name: plugin.name,
            version: plugin.version,
            description: plugin.description,
            installed: plugin.installed,
            consent_required: plugin.consent_required,
            requires_permissions: plugin.requires_permissions,
            folders: plugin.folders,
            warnings: plugin.warnings,
            manifest: RawValue::from_string(plugin.manifest_json).ok(),
        }
    }
}

fn activity(activity: &PluginActivity) -> Value {
    json!({
        "last_seen": activity.last_seen.as_ref().map(unix_seconds),
        "stored": activity.stored,
        "skipped": activity.skipped,
        "rejected": activity.rejected,
        "clock_skew_seconds": activity.clock_skew_seconds,
    })
}

fn rejected(manifest: &RejectedManifest) -> Value {
    let fault = |path: &str, reason: &str| json!({ "path": path, "reason": reason });
    let faults: Vec<Value> = manifest
        .faults
        .iter()
        .map(|found| fault(&found.path, &found.reason))
        .collect();
    json!({ "path": manifest.path, "faults": faults })
}

#[allow(
    clippy::cast_precision_loss,
    reason = "seconds of this era are exact to a fraction of a microsecond"
)]
fn unix_seconds(moment: &Timestamp) -> f64 {
    moment.seconds as f64 + f64::from(moment.nanos) / 1e9
}

/// The source types as a list.
pub(crate) fn source_types(list: &ListSourceTypesResponse) -> Value {
    let one = |info: &openclone_client::v1::SourceTypeInfo| {
        json!({
            "name": info.name,
            "folder": info.folder,
            "sensitivity": info.sensitivity().json_name(),
            "typical_fields": info.typical_fields,
        })
    };
    json!({ "source_types": list.source_types.iter().map(one).collect::<Vec<_>>() })
}

/// A parameter of the query that is not one of the known names.
#[derive(Debug)]
pub(crate) struct BadFilter {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) kind: Kind,
}

/// Reads `platform` and `source_type` from the pairs of a query; the last of a name counts, an empty one does not.
pub(crate) fn filter(pairs: Vec<(String, String)>) -> Result<ListPluginsRequest, BadFilter> {
    let mut filter = ListPluginsRequest::default();
    for (name, value) in pairs {
        match (name.as_str(), value.as_str()) {
            (_, "") => {}
            ("platform", known) => match Platform::from_json_name(known) {
                Some(platform) => filter.set_platform(platform),
                None => {
                    return Err(BadFilter {
                        name: "platform",
                        value,
                        kind: Kind::Rule(Rule::Platform),
                    });
                }
            },
            ("source_type", known) => match SourceType::from_json_name(known) {
                Some(source_type) => filter.set_source_type(source_type),
                None => {
                    return Err(BadFilter {
                        name: "source_type",
                        value,
                        kind: Kind::Rule(Rule::SourceType),
                    });
                }
            },
            _ => {}
        }
    }
    Ok(filter)
}

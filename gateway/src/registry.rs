//! The registry in JSON.

use openclone_client::v1::{
    HealthState, ListPluginsRequest, ListPluginsResponse, ListSourceTypesResponse, ManifestFault, Platform,
    Plugin, PluginActivity, PluginHealth, RejectedManifest, SourceType, SourceTypeInfo,
};
use openclone_core::validate::Rule;
use prost_types::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// The registry as `GET /api/v1/plugins` shows it.
#[derive(Serialize)]
pub struct PluginList {
    plugins: Vec<PluginView>,
    rejected: Vec<RejectedView>,
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
    activity: ActivityView,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    health: Vec<HealthView>,
    manifest: Option<Box<RawValue>>,
}

impl From<ListPluginsResponse> for PluginList {
    fn from(list: ListPluginsResponse) -> Self {
        Self {
            plugins: list.plugins.into_iter().map(PluginView::from).collect(),
            rejected: list.rejected.into_iter().map(RejectedView::from).collect(),
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
            activity: plugin.activity.unwrap_or_default().into(),
            health: plugin.health.into_iter().map(HealthView::from).collect(),
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

/// What a plugin has sent. Times are Unix seconds.
#[derive(Serialize)]
struct ActivityView {
    last_seen: Option<f64>,
    stored: u64,
    skipped: u64,
    rejected: u64,
    clock_skew_seconds: Option<f64>,
}

impl From<PluginActivity> for ActivityView {
    fn from(activity: PluginActivity) -> Self {
        Self {
            last_seen: activity.last_seen.as_ref().map(unix_seconds),
            stored: activity.stored,
            skipped: activity.skipped,
            rejected: activity.rejected,
            clock_skew_seconds: activity.clock_skew_seconds.filter(|skew| skew.is_finite()),
        }
    }
}

/// The last report of a plugin on a device. Times are Unix seconds.
#[derive(Serialize)]
struct HealthView {
    device_id: String,
    plugin_version: String,
    state: &'static str,
    reason: String,
    last_capture: Option<f64>,
    reported_at: Option<f64>,
    heartbeat_seconds: u32,
    is_silent: bool,
    queued: u64,
}

impl From<PluginHealth> for HealthView {
    fn from(health: PluginHealth) -> Self {
        Self {
            state: match health.state() {
                HealthState::Capturing => "capturing",
                HealthState::Paused => "paused",
                HealthState::Failing => "failing",
                HealthState::Stopped => "stopped",
                HealthState::Unspecified => "",
            },
            last_capture: health.last_capture.as_ref().map(unix_seconds),
            reported_at: health.reported_at.as_ref().map(unix_seconds),
            device_id: health.device_id,
            plugin_version: health.plugin_version,
            reason: health.reason,
            heartbeat_seconds: health.heartbeat_seconds,
            is_silent: health.is_silent,
            queued: health.queued,
        }
    }
}

/// A manifest that was rejected.
#[derive(Serialize)]
struct RejectedView {
    path: String,
    faults: Vec<FaultView>,
}

/// An error in a manifest.
#[derive(Serialize)]
struct FaultView {
    path: String,
    reason: String,
}

impl From<RejectedManifest> for RejectedView {
    fn from(manifest: RejectedManifest) -> Self {
        let view = |fault: ManifestFault| FaultView {
            path: fault.path,
            reason: fault.reason,
        };
        Self {
            path: manifest.path,
            faults: manifest.faults.into_iter().map(view).collect(),
        }
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "seconds of this era are exact to a fraction of a microsecond"
)]
fn unix_seconds(time: &Timestamp) -> f64 {
    time.seconds as f64 + f64::from(time.nanos) / 1e9
}

/// The source types as a list.
#[derive(Serialize)]
pub(crate) struct SourceTypeList {
    source_types: Vec<SourceTypeView>,
}

/// A source type.
#[derive(Serialize)]
struct SourceTypeView {
    name: String,
    folder: String,
    sensitivity: &'static str,
    typical_fields: Vec<String>,
}

impl From<ListSourceTypesResponse> for SourceTypeList {
    fn from(list: ListSourceTypesResponse) -> Self {
        let view = |info: SourceTypeInfo| SourceTypeView {
            sensitivity: info.sensitivity().json_name(),
            name: info.name,
            folder: info.folder,
            typical_fields: info.typical_fields,
        };
        Self {
            source_types: list.source_types.into_iter().map(view).collect(),
        }
    }
}

/// A parameter of the query with an unknown value.
#[derive(Debug)]
pub(crate) struct BadFilter {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) rule: Rule,
}

/// Reads `platform` and `source_type` from the pairs of a query. The last of a repeated name counts, empty ones do not.
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
                        rule: Rule::Platform,
                    });
                }
            },
            ("source_type", known) => match SourceType::from_json_name(known) {
                Some(source_type) => filter.set_source_type(source_type),
                None => {
                    return Err(BadFilter {
                        name: "source_type",
                        value,
                        rule: Rule::SourceType,
                    });
                }
            },
            _ => {}
        }
    }
    Ok(filter)
}

//! Schemas of requests and responses.

use openclone_core::{
    Platform, SourceType,
    validate::{
        EARLIEST, MAX_DATA_KEYS, MAX_EVENTS, MAX_PLUGIN_ID, MAX_PLUGIN_VERSION, MAX_RAW_REF, MAX_VIOLATIONS,
        Rule,
    },
};
use serde_json::{Value, json};

use super::operations::reference;
use crate::validation_error::SEMVER_PATTERN;

const DEVICE_ID_PATTERN: &str = "^([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}|test-[a-z0-9-]{1,59})$";

pub(super) fn schemas() -> Value {
    json!({
        "SourceType": { "type": "string", "enum": SourceType::ALL.map(SourceType::as_str),
            "description": "The kind of the events. It decides the folder of the vault." },
        "Platform": { "type": "string", "enum": Platform::ALL.map(Platform::as_str),
            "description": "The platform that the plugin runs on." },
        "Timestamp": { "type": "number", "minimum": EARLIEST,
            "description": "Unix seconds, not before 2020-01-01, not more than 24 h in the future. Kept to the microsecond." },
        "Batch": batch(),
        "Event": event(),
        "IngestResult": ingest_result(),
        "Error": object(&["detail"], json!({
            "detail": { "type": "string", "description": "The error." },
            "error": { "type": "string", "description": "Which limit was exceeded; with 429 only." }
        })),
        "ValidationError": object(&["detail"], json!({
            "detail": { "type": "array", "items": reference("schemas", "Violation"), "maxItems": MAX_VIOLATIONS }
        })),
        "Violation": violation(),
        "SourceTypeList": object(&["source_types"], json!({
            "source_types": { "type": "array", "items": reference("schemas", "SourceTypeInfo") }
        })),
        "SourceTypeInfo": object(&["name", "folder", "sensitivity", "typical_fields"], json!({
            "name": reference("schemas", "SourceType"),
            "folder": { "type": "string" },
            "sensitivity": sensitivity(),
            "typical_fields": strings("The documented members of `data`.")
        })),
        "PluginList": object(&["plugins", "rejected"], json!({
            "plugins": { "type": "array", "items": reference("schemas", "Plugin") },
            "rejected": { "type": "array", "items": reference("schemas", "RejectedManifest") }
        })),
        "Plugin": plugin(),
        "RejectedManifest": rejected(),
        "TenantList": object(&["tenants"], json!({
            "tenants": { "type": "array", "items": reference("schemas", "Tenant") }
        })),
        "Tenant": tenant()
    })
}

fn tenant() -> Value {
    let count = |what: &str| json!({ "type": "integer", "minimum": 0, "description": what });
    let events = json!({
        "stored": count("Events stored since the service started."),
        "duplicate": count("Events that were stored before."),
        "rejected": count("Events that were not acknowledged.")
    });
    let journal = json!({
        "bytes": count("Approximate bytes of Markdown since the last checkpoint."),
        "waiting": count("Batches waiting for the writer."),
        "seconds": { "type": "number", "minimum": 0, "description": "How long the first of them has been waiting." }
    });
    let limits = object(
        &["requests_per_minute", "events_per_second"],
        json!({
            "requests_per_minute": count("Requests a minute of all its keys together; 0 means no limit."),
            "events_per_second": count("Events a second on streams of all its keys together; 0 means no limit.")
        }),
    );
    object(
        &[
            "tenant",
            "vault",
            "events",
            "files",
            "bytes",
            "last_seen",
            "journal",
            "limits",
        ],
        json!({
            "tenant": { "type": "string" },
            "vault": { "type": "string", "description": "Directory of its vault on the machine of the service." },
            "events": object(&["stored", "duplicate", "rejected"], events),
            "files": count("Daily files on disk."),
            "bytes": count("Their bytes."),
            "last_seen": { "type": ["string", "null"], "format": "date-time",
                "description": "When its last batch arrived; null if none did since the service started." },
            "journal": object(&["bytes", "waiting", "seconds"], journal),
            "limits": { "description": "Limits that all its keys share; null if none are configured.",
                "oneOf": [limits, { "type": "null" }] }
        }),
    )
}

fn batch() -> Value {
    object(
        &[
            "source_type",
            "platform",
            "device_id",
            "plugin_id",
            "plugin_version",
            "timestamp",
            "events",
        ],
        json!({
            "source_type": reference("schemas", "SourceType"),
            "platform": reference("schemas", "Platform"),
            "device_id": { "type": "string", "pattern": DEVICE_ID_PATTERN,
                "description": "UUID v4, stable across sessions; or `test-` and 1 to 59 of `[a-z0-9-]`." },
            "plugin_id": { "type": "string", "maxLength": MAX_PLUGIN_ID, "pattern": Rule::PLUGIN_ID_PATTERN,
                "description": "Kebab-case." },
            "plugin_version": { "type": "string", "maxLength": MAX_PLUGIN_VERSION, "pattern": SEMVER_PATTERN,
                "description": "SemVer 2.0." },
            "timestamp": reference("schemas", "Timestamp"),
            "events": { "type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": reference("schemas", "Event") }
        }),
    )
}

fn event() -> Value {
    object(
        &["timestamp", "data"],
        json!({
            "timestamp": reference("schemas", "Timestamp"),
            "data": { "type": "object", "maxProperties": MAX_DATA_KEYS,
                "description": "The captured data: at most 32 levels deep, 256 members an object, 128 bytes a key, \
                    256 KiB a string." },
            "raw_ref": { "type": ["string", "null"], "maxLength": MAX_RAW_REF,
                "description": "Your own stable id for this event, at most 256 bytes. An event whose id has been stored \
                    before is skipped. Empty counts as absent." }
        }),
    )
}

fn ingest_result() -> Value {
    let count = |description: &str| json!({ "type": "integer", "minimum": 0, "description": description });
    object(
        &["stored", "skipped", "file"],
        json!({
            "stored": count("Events that were stored."),
            "skipped": count("Events that were stored before, or occur twice in this batch."),
            "file": { "type": "string", "description": "The daily file, relative to the vault." },
            "files": strings("All daily files, if there is more than one."),
            "redacted": count("Secrets that were replaced, if any.")
        }),
    )
}

fn violation() -> Value {
    object(
        &["type", "loc", "msg", "input"],
        json!({
            "type": { "type": "string", "description": "The kind of violation, for programs." },
            "loc": { "type": "array", "items": { "type": ["string", "integer"] }, "description": "The path of the value." },
            "msg": { "type": "string", "description": "The violation, for people." },
            "input": { "description": "The bad value, cut to 256 bytes." },
            "ctx": { "type": "object", "description": "Parameters of the rule." }
        }),
    )
}

fn plugin() -> Value {
    let names = |schema: &str| json!({ "type": "array", "items": reference("schemas", schema) });
    let yes_or_no = |description: &str| json!({ "type": "boolean", "description": description });
    object(
        &[
            "id",
            "name",
            "installed",
            "platform",
            "source_types",
            "sensitivity",
            "consent_required",
            "activity",
        ],
        json!({
            "id": { "type": "string" },
            "name": { "type": "string" },
            "version": { "type": "string" },
            "description": { "type": "string" },
            "status": { "enum": ["stable", "beta", "planned"] },
            "installed": yes_or_no("Whether its manifest was read from the plugins directory."),
            "platform": names("Platform"),
            "source_types": names("SourceType"),
            "sensitivity": sensitivity(),
            "consent_required": yes_or_no("Whether the user must consent before it is enabled."),
            "requires_permissions": strings("Platform permissions that it needs."),
            "folders": strings("Folders of the vault that it writes to."),
            "warnings": strings("Warnings about its manifest."),
            "activity": { "type": "object", "description": "Number of its events since the service started." },
            "health": { "type": "array", "items": { "type": "object" }, "description": "Its last report from each device; absent if there is none." },
            "manifest": { "type": ["object", "null"], "description": "The whole manifest, unknown members included." }
        }),
    )
}

fn rejected() -> Value {
    let text = json!({ "type": "string" });
    let error = object(&["path", "reason"], json!({ "path": text, "reason": text }));
    object(
        &["path", "faults"],
        json!({ "path": text, "faults": { "type": "array", "items": error } }),
    )
}

fn sensitivity() -> Value {
    json!({ "enum": ["LOW", "MEDIUM", "HIGH", "CRITICAL", ""], "description": "How personal it is." })
}

fn strings(description: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": description })
}

#[allow(clippy::needless_pass_by_value, reason = "every caller passes a temporary")]
fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

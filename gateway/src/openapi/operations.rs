//! Paths, and the responses that they share.

use serde_json::{Map, Value, json};

/// The documented first request, as it is shown.
pub(crate) const FIRST_REQUEST: &str = r#"{
  "source_type": "braindump", "platform": "macos",
  "device_id": "test-001", "plugin_id": "my-plugin",
  "plugin_version": "1.0.0", "timestamp": 1708258800.0,
  "events": [{"timestamp": 1708258800.0, "data": {"text": "Hello!"}, "raw_ref": "e1"}]
}"#;

fn example() -> Value {
    serde_json::from_str(FIRST_REQUEST).unwrap_or_default()
}

pub(super) fn paths() -> Value {
    json!({
        "/api/v1/ingest": { "post": ingest() },
        "/api/v1/plugins": { "get": list_plugins() },
        "/api/v1/plugins/{id}": { "get": get_plugin() },
        "/api/v1/source-types": { "get": keyed(json!({
            "operationId": "listSourceTypes", "tags": ["Registry"],
            "summary": "List source types",
            "description": "Folder, sensitivity and typical fields of each source type, in documented order.",
            "responses": { "200": content("The source types.", "SourceTypeList") }
        }), &["401", "429", "503"]) },
        "/api/v1/tenants": { "get": keyed(json!({
            "operationId": "listTenants", "tags": ["Service"],
            "summary": "List tenants",
            "description": "The tenant of the key; every tenant for a key with the scope `metrics`.",
            "responses": { "200": content("The tenants.", "TenantList") }
        }), &["401", "429", "503"]) },
        "/healthz": { "get": open("live", "Liveness probe", "The process is running.") },
        "/readyz": { "get": with_503(open("ready", "Readiness probe", "Batches are accepted.")) },
        "/schemas/plugin.json": { "get": open("describeManifest", "Get the JSON Schema of `plugin.json`", "A JSON Schema.") },
        "/openapi.json": { "get": open("describe", "Get this description", "An OpenAPI 3.1 document.") }
    })
}

fn ingest() -> Value {
    let mut response = content(
        "The batch is in the vault. `stored + skipped` is the number of its events.",
        "IngestResult",
    );
    response["headers"] = limit_headers();
    response["content"]["application/json"]["example"] =
        json!({ "stored": 1, "skipped": 0, "file": "Braindump/2026-02-26.md" });
    keyed(
        json!({
            "operationId": "ingest", "tags": ["Ingest"],
            "summary": "Send a batch of events",
            "description": "1 to 500 events of one source type, at most 1 MiB decompressed. `Content-Encoding: gzip` and `zstd` are \
                accepted. Each event is stored once: by its `raw_ref`, or by its content if it has none. Nothing of an invalid \
                batch is stored.",
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": reference("schemas", "Batch"), "example": example() } }
            },
            "responses": { "200": response }
        }),
        &[
            "400", "401", "403", "408", "413", "415", "422", "429", "500", "503",
        ],
    )
}

fn list_plugins() -> Value {
    let parameter = |name: &str, schema: &str| {
        let description = format!("Only plugins of this {}", name.replace('_', " "));
        json!({ "name": name, "in": "query", "required": false, "description": description,
            "schema": reference("schemas", schema) })
    };
    keyed(
        json!({
            "operationId": "listPlugins", "tags": ["Registry"],
            "summary": "List plugins",
            "description": "Installed and catalogued plugins ordered by id, and manifests that were rejected.",
            "parameters": [parameter("platform", "Platform"), parameter("source_type", "SourceType")],
            "responses": { "200": content("The plugins.", "PluginList") }
        }),
        &["401", "403", "422", "429", "503"],
    )
}

fn get_plugin() -> Value {
    keyed(
        json!({
            "operationId": "getPlugin", "tags": ["Registry"],
            "summary": "Get a plugin",
            "parameters": [{ "name": "id", "in": "path", "required": true, "description": "The plugin's id",
                "schema": { "type": "string" } }],
            "responses": { "200": content("The plugin.", "Plugin") }
        }),
        &["401", "403", "404", "429", "503"],
    )
}

fn open(id: &str, summary: &str, response: &str) -> Value {
    json!({ "operationId": id, "tags": ["Service"], "summary": summary, "security": [],
        "responses": { "200": { "description": response } } })
}

fn with_503(mut operation: Value) -> Value {
    operation["responses"]["503"] = reference("responses", "503");
    operation
}

/// Adds shared responses to an operation.
fn keyed(mut operation: Value, statuses: &[&str]) -> Value {
    for status in statuses {
        operation["responses"][status] = reference("responses", status);
    }
    operation
}

pub(super) fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn content(description: &str, schema: &str) -> Value {
    json!({ "description": description,
        "content": { "application/json": { "schema": reference("schemas", schema) } } })
}

pub(super) fn headers() -> Value {
    let whole = |description: &str| json!({ "description": description, "schema": { "type": "integer" } });
    json!({
        "X-RateLimit-Limit": whole("Requests that the key may make in one burst."),
        "X-RateLimit-Remaining": whole("Requests that are left of the burst."),
        "X-RateLimit-Reset": whole("When the whole burst is available again, in Unix seconds."),
        "Retry-After": whole("Whole seconds to wait before the next attempt.")
    })
}

fn limit_headers() -> Value {
    let names = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];
    names
        .into_iter()
        .map(|name| (name.to_owned(), reference("headers", name)))
        .collect::<Map<_, _>>()
        .into()
}

pub(super) fn responses() -> Value {
    let mut all = Map::new();
    for (status, description, detail) in [
        (
            "400",
            "The body cannot be parsed: invalid UTF-8, nested too deeply, or truncated.",
            "There was an error parsing the body",
        ),
        (
            "401",
            "The key is missing or invalid. The body was not read.",
            "Invalid or missing X-API-Key",
        ),
        (
            "403",
            "The key may not do this, or `Origin` or `Host` is not allowed.",
            "the key lacks the scope",
        ),
        ("404", "The resource does not exist.", "Not Found"),
        (
            "408",
            "The body did not arrive in time.",
            "The request body did not arrive in time",
        ),
        (
            "413",
            "The body is larger than 1 MiB decompressed.",
            "Request body too large: the limit is 1048576 bytes",
        ),
        (
            "415",
            "The content encoding is unknown.",
            "Unsupported Content-Encoding: use gzip, zstd or identity",
        ),
        (
            "429",
            "Too many requests for this key. Retry with back-off.",
            "Rate limit exceeded — retry with backoff",
        ),
        (
            "500",
            "The vault could not be written. Send the batch again.",
            "Storage error — vault write failed",
        ),
        (
            "503",
            "Starting, draining or unavailable. Send the batch again later.",
            "draining",
        ),
    ] {
        let mut response = content(description, "Error");
        response["content"]["application/json"]["example"] = json!({ "detail": detail });
        all.insert(status.to_owned(), response);
    }
    all["401"]["headers"] = json!({ "WWW-Authenticate": { "schema": { "const": "APIKey" } } });
    all["429"]["headers"] = limit_headers();
    for status in ["429", "503"] {
        all[status]["headers"]["Retry-After"] = reference("headers", "Retry-After");
    }
    all["429"]["content"]["application/json"]["example"]["error"] =
        json!("Rate limit exceeded: 60 per 1 minute");
    all.insert(
        "422".to_owned(),
        content(
            "Every violation of the request, in field order.",
            "ValidationError",
        ),
    );
    all.into()
}

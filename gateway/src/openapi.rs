//! The OpenAPI 3.1 description of the JSON endpoint, generated once from the same tables that requests are validated with.

mod operations;
mod schemas;

use std::sync::LazyLock;

use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::response::json_response;
pub(crate) use operations::FIRST_REQUEST;

/// The description.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "OpenClone ingest API",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Plugins send batches of events; each event is stored in the vault exactly once.",
            "description": "A response of 200 counts every event of the batch as stored or skipped, and means that it is \
                durable. After no response, 500 or 503, send the batch again; no event will be duplicated.",
            "license": { "name": "MIT", "identifier": "MIT" }
        },
        "servers": [{ "url": "/" }],
        "security": [{ "ApiKey": [] }],
        "tags": [
            { "name": "Ingest", "description": "Sending events" },
            { "name": "Registry", "description": "Plugins and source types" },
            { "name": "Service", "description": "Health and description of the service" }
        ],
        "paths": operations::paths(),
        "components": {
            "securitySchemes": {
                "ApiKey": {
                    "type": "apiKey", "in": "header", "name": "X-API-Key",
                    "description": "A key of this service. The first one is `API_KEY` in `.env` in the home directory."
                }
            },
            "headers": operations::headers(),
            "responses": operations::responses(),
            "schemas": schemas::schemas()
        }
    })
});

static TEXT: LazyLock<Bytes> = LazyLock::new(|| DOCUMENT.to_string().into());

/// Serves the description.
pub(crate) async fn serve() -> Response {
    json_response(StatusCode::OK, TEXT.clone())
}

#[cfg(test)]
mod tests;

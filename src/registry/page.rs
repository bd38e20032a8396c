//! `/schemas/plugin.json`: the JSON Schema of manifests; needs no key.

use axum::{Router, routing::get};
use http::header;

use super::SCHEMA;

/// The route of the schema.
pub(crate) fn schema_routes() -> Router {
    let headers = [
        (header::CONTENT_TYPE, "application/schema+json"),
        (header::CACHE_CONTROL, "max-age=300"),
    ];
    Router::new()
        .route(
            "/schemas/plugin.json",
            get(move || async move { (headers, SCHEMA.as_str()) }),
        )
        .method_not_allowed_fallback(openclone_gateway::method_not_allowed)
}

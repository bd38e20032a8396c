//! Routes, and the order of the steps behind each.

mod ingest;

use std::sync::Arc;

use axum::{
    Router,
    extract::{
        Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::HeaderMap;

pub(crate) use ingest::ingest;

use crate::{
    Backend, GatewayOptions, docs,
    http_error::HttpError,
    openapi,
    registry::{self, PluginList, PluginView, SourceTypeList},
    response,
    tenants::TenantList,
    validation_error,
};

/// The path for batches.
pub(crate) const INGEST: &str = "/api/v1/ingest";

/// The backend and the options that all requests share.
pub(crate) struct Gateway<B> {
    backend: B,
    options: GatewayOptions,
}

impl<B> Gateway<B> {
    pub(crate) const fn new(backend: B, options: GatewayOptions) -> Self {
        Self { backend, options }
    }
}

type Shared<B> = State<Arc<Gateway<B>>>;

/// All routes of `gateway`.
pub(crate) fn all<B: Backend>(gateway: Arc<Gateway<B>>) -> Router {
    let ingest = |State(gateway): Shared<B>, request: Request| ingest(gateway, request);
    Router::new()
        .route(INGEST, post(ingest))
        .route("/api/v1/plugins", get(list_plugins::<B>))
        .route("/api/v1/plugins/{id}", get(get_plugin::<B>))
        .route("/api/v1/source-types", get(list_source_types::<B>))
        .route("/api/v1/tenants", get(list_tenants::<B>))
        .with_state(gateway)
        .route("/openapi.json", get(openapi::serve))
        .route("/docs", get(docs::page))
        .route("/docs/style.css", get(docs::style))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// The response to a path that is not served.
pub async fn not_found() -> Response {
    HttpError::NotFound.into_response()
}

/// The response to a method that a path does not serve; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    HttpError::MethodNotAllowed.into_response()
}

async fn list_plugins<B: Backend>(
    State(gateway): Shared<B>,
    headers: HeaderMap,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, HttpError> {
    let caller = gateway.backend.authenticate(&headers).await?;
    let Query(pairs) = query.unwrap_or_default();
    let filter = registry::filter(pairs).map_err(|bad| {
        let redact = gateway.options.redact.as_ref();
        HttpError::invalid(validation_error::render_query(
            bad.name, bad.rule, &bad.value, redact,
        ))
    })?;
    let list = gateway.backend.list_plugins(caller, filter).await?;
    Ok(response::json_of(&PluginList::from(list)))
}

async fn get_plugin<B: Backend>(
    State(gateway): Shared<B>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let caller = gateway.backend.authenticate(&headers).await?;
    let Path(id) = id.map_err(|_| HttpError::NotFound)?;
    let plugin = gateway.backend.get_plugin(caller, id).await?;
    let plugin = plugin.ok_or(HttpError::NotFound)?;
    Ok(response::json_of(&PluginView::from(plugin)))
}

async fn list_source_types<B: Backend>(
    State(gateway): Shared<B>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let caller = gateway.backend.authenticate(&headers).await?;
    let list = gateway.backend.list_source_types(caller).await?;
    Ok(response::json_of(&SourceTypeList::from(list)))
}

async fn list_tenants<B: Backend>(
    State(gateway): Shared<B>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let caller = gateway.backend.authenticate(&headers).await?;
    let list = gateway.backend.list_tenants(caller).await?;
    Ok(response::json_of(&TenantList::from(list)))
}

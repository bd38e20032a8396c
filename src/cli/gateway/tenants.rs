//! `/api/v1/tenants` of a gateway: forwards the request with the caller's key, and the response unchanged.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use tonic::transport::Channel;

use crate::cli::connect;

/// How long the service may take to respond; it reads the directories of all vaults.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct RemoteService {
    channel: Channel,
    uri: String,
}

/// The route.
pub(super) fn routes(channel: Channel, uri: String) -> Router {
    Router::new()
        .route("/api/v1/tenants", get(forward))
        .with_state(RemoteService { channel, uri })
        .method_not_allowed_fallback(openclone_gateway::method_not_allowed)
}

async fn forward(State(upstream): State<RemoteService>, headers: HeaderMap) -> Response {
    let key = headers.get("x-api-key");
    let request = connect::get(&upstream.channel, &upstream.uri, "/api/v1/tenants", key);
    let Ok(Ok(page)) = tokio::time::timeout(TIMEOUT, request).await else {
        let retry = [(header::RETRY_AFTER, HeaderValue::from(2))];
        let body = Json(json!({"detail": "the service cannot be reached"}));
        return (StatusCode::SERVICE_UNAVAILABLE, retry, body).into_response();
    };
    let (head, body) = page.into_parts();
    let mut response = (head.status, body).into_response();
    for name in [
        header::CONTENT_TYPE,
        header::RETRY_AFTER,
        header::WWW_AUTHENTICATE,
    ] {
        if let Some(value) = head.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

//! `/healthz`, `/readyz`, `/metrics`, and `/api/v1/tenants` (how each tenant stands).

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    auth::{API_KEY, Authenticator, KeyRing, Need, PEER, Principal},
    error::IngestError,
    lifecycle::Lifecycle,
    meters::Meters,
    tenants::Tenants,
};

/// What the probes look at.
#[derive(Clone, Debug)]
pub(crate) struct Probes {
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) meters: Meters,
    pub(crate) authenticator: Authenticator,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) tenants: Arc<Tenants>,
}

/// The routes of the probes.
pub(crate) fn router(probes: Probes) -> Router {
    Router::new()
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/v1/tenants", get(tenants))
        .with_state(Arc::new(probes))
        .merge(liveness())
        .method_not_allowed_fallback(openclone_gateway::method_not_allowed)
}

/// The route that only says that the process runs.
pub(crate) fn liveness() -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
        .method_not_allowed_fallback(openclone_gateway::method_not_allowed)
}

async fn ready(State(probes): State<Arc<Probes>>) -> Response {
    let version = env!("CARGO_PKG_VERSION");
    match probes.lifecycle.ready() {
        Ok(()) => {
            let mut body = json!({"status": "ready", "version": version});
            // batches are taken, but somebody should look
            if let Some(fault) = probes.keys.state().fault {
                body["detail"] = format!("{fault}; the keys read before hold").into();
            }
            Json(body).into_response()
        }
        Err(error) => {
            let seconds = error.retry_after().map_or(1, |delay| delay.as_secs().max(1));
            let state = error.reason().to_ascii_lowercase();
            let body = json!({"status": state, "version": version, "detail": error.to_string()});
            let retry = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
            (StatusCode::SERVICE_UNAVAILABLE, retry, Json(body)).into_response()
        }
    }
}

async fn metrics(State(probes): State<Arc<Probes>>, headers: HeaderMap) -> Response {
    if let Err(error) = probes.may_read(&headers) {
        return refusal(&error);
    }
    let figures = probes.lifecycle.figures();
    probes.meters.keys(&probes.keys.state());
    probes.meters.tenants(
        &probes.tenants.figures(),
        figures.map_or(0, |figures| figures.checkpoints),
    );
    let text = probes
        .meters
        .render(probes.lifecycle.ready().is_ok(), figures.as_ref());
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response()
}

/// All tenants for a key with scope `metrics`, else the key's own.
async fn tenants(State(probes): State<Arc<Probes>>, headers: HeaderMap) -> Response {
    let principal = match probes.caller(&headers) {
        Ok(principal) => principal,
        Err(error) => return refusal(&error),
    };
    let sees_all = principal.require(Need::Metrics, Timestamp::now()).is_ok();
    let checkpoints = probes.lifecycle.checkpoints();
    // directories are read
    let reported = tokio::task::spawn_blocking(move || {
        let only = (!sees_all).then_some(&*principal.tenant);
        probes.tenants.report(only, checkpoints)
    });
    match reported.await {
        Ok(report) => Json(json!({"tenants": report})).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Probes {
    fn caller(&self, headers: &HeaderMap) -> Result<Principal, IngestError> {
        let peer = headers.get(PEER).and_then(|value| value.to_str().ok());
        let key = headers.get(API_KEY).map(HeaderValue::as_bytes);
        self.authenticator.authenticate(key, peer)
    }

    /// Loopback peers may; others need a key with scope `metrics`.
    fn may_read(&self, headers: &HeaderMap) -> Result<(), IngestError> {
        let peer = headers.get(PEER).and_then(|value| value.to_str().ok());
        let is_loopback = peer
            .and_then(|peer| peer.parse::<SocketAddr>().ok())
            .is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        if is_loopback {
            return Ok(());
        }
        self.caller(headers)?.require(Need::Metrics, Timestamp::now())
    }
}

fn refusal(error: &IngestError) -> Response {
    let (status, name, value) = match error {
        IngestError::InvalidKey => (
            StatusCode::UNAUTHORIZED,
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("APIKey"),
        ),
        IngestError::TooManyFailures { retry_after, .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            header::RETRY_AFTER,
            HeaderValue::from(retry_after.as_secs() + 1),
        ),
        _ => (
            StatusCode::FORBIDDEN,
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ),
    };
    (
        status,
        [(name, value)],
        Json(json!({"detail": error.to_string()})),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::KeyRing;

    #[test]
    fn strangers_need_a_key_for_the_figures() {
        let meters = Meters::new();
        let ring = Arc::new(KeyRing::new([]));
        let authenticator = Authenticator::new(Arc::clone(&ring), 20, meters.clone());
        let probes = Probes {
            lifecycle: Arc::default(),
            meters,
            authenticator,
            keys: ring,
            tenants: Arc::new(Tenants::new(
                openclone_vault::VaultDirs {
                    default: "v".into(),
                    tenants: "t".into(),
                },
                crate::limit::TenantLimits::default(),
            )),
        };
        let from = |peer: &'static str| {
            probes.may_read(&HeaderMap::from_iter([(
                http::HeaderName::from_static(PEER),
                HeaderValue::from_static(peer),
            )]))
        };
        assert!(
            from("127.0.0.1:80").is_ok() && from("[::1]:80").is_ok() && from("[::ffff:127.0.0.1]:80").is_ok()
        );
        assert!(matches!(from("192.0.2.1:80"), Err(IngestError::InvalidKey)));
        assert!(probes.may_read(&HeaderMap::new()).is_err());
    }
}

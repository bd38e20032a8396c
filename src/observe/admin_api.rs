//! `/healthz`, `/readyz` and `/metrics`.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, header};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    auth::{API_KEY, Authenticator, KeyRing, Need, PEER},
    error::IngestError,
    observe::{
        metrics::{Metrics, render_tenants},
        tenants::Tenants,
    },
    runtime::lifecycle::Lifecycle,
};

/// The state that these routes show.
#[derive(Clone, Debug)]
pub(crate) struct AdminApi {
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) metrics: Metrics,
    pub(crate) authenticator: Authenticator,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) tenants: Arc<Tenants>,
    /// Whether programs on this machine may read metrics without a key.
    pub(crate) open_metrics: bool,
}

/// The metrics that a caller may read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MetricsVisibility {
    /// All metrics.
    All,
    /// Those of the service, and of one tenant.
    Own(Arc<str>),
    /// Those of the service.
    Service,
}

/// Whether batches are accepted.
pub(super) struct Readiness {
    /// `ready`, or the reason in lower case.
    pub(super) state: String,
    /// Why batches are not accepted, or what needs attention.
    pub(super) detail: Option<String>,
    /// Why batches are not accepted.
    error: Option<IngestError>,
}

/// The routes for operators.
pub(crate) fn router(admin_api: Arc<AdminApi>) -> Router {
    Router::new()
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(admin_api)
        .merge(liveness())
        .method_not_allowed_fallback(openclone_gateway::method_not_allowed)
}

/// The liveness route.
pub(crate) fn liveness() -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
        .method_not_allowed_fallback(openclone_gateway::method_not_allowed)
}

async fn ready(State(admin_api): State<Arc<AdminApi>>) -> Response {
    let version = env!("CARGO_PKG_VERSION");
    let Readiness { state, detail, error } = admin_api.readiness();
    let mut body = json!({"status": state, "version": version});
    if let Some(detail) = detail {
        body["detail"] = detail.into();
    }
    let Some(error) = error else {
        return Json(body).into_response();
    };
    openclone_gateway::not_ready(&error.into(), &body)
}

async fn metrics(State(admin_api): State<Arc<AdminApi>>, headers: HeaderMap) -> Response {
    let visible = match admin_api.visibility(&headers) {
        Ok(visible) => visible,
        Err(error) => return openclone_gateway::error_response(&error.into()),
    };
    let stats = admin_api.lifecycle.writer_stats();
    admin_api.metrics.keys(&admin_api.keys.state());
    let mut text = admin_api
        .metrics
        .render(admin_api.lifecycle.ready().is_ok(), stats.as_ref());
    let mut tenants = admin_api.tenants.stats();
    tenants.retain(|tenant, _| visible.includes(tenant));
    if !tenants.is_empty() {
        text.push_str(&render_tenants(&tenants, admin_api.lifecycle.checkpoints()));
    }
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response()
}

impl AdminApi {
    /// Whether batches are accepted, and what needs attention.
    pub(super) fn readiness(&self) -> Readiness {
        match self.lifecycle.ready() {
            Ok(()) => Readiness {
                state: "ready".to_owned(),
                // batches are accepted, but the operator should act
                detail: self
                    .keys
                    .state()
                    .error
                    .map(|error| format!("{error}; the previous keys stay valid")),
                error: None,
            },
            Err(error) => Readiness {
                state: error.reason().to_ascii_lowercase(),
                detail: Some(error.to_string()),
                error: Some(error),
            },
        }
    }

    /// The metrics that a caller may read. Loopback peers need no key if `open_metrics` is set, but then see no metrics of
    /// tenants.
    pub(super) fn visibility(&self, headers: &HeaderMap) -> Result<MetricsVisibility, IngestError> {
        let peer = headers.get(PEER).and_then(|value| value.to_str().ok());
        let is_loopback = peer
            .and_then(|peer| peer.parse::<SocketAddr>().ok())
            .is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        let is_open = is_loopback && self.open_metrics;
        if is_open && !headers.contains_key(API_KEY) {
            return Ok(MetricsVisibility::Service);
        }
        let caller = self.authenticator.admit(headers)?;
        match caller.require(Need::Metrics, Timestamp::now) {
            Ok(()) => Ok(MetricsVisibility::All),
            Err(IngestError::Forbidden { .. }) if is_open => {
                Ok(MetricsVisibility::Own(Arc::clone(&caller.tenant)))
            }
            Err(error) => Err(error),
        }
    }
}

impl MetricsVisibility {
    /// Whether the metrics of `tenant` are visible.
    fn includes(&self, tenant: &str) -> bool {
        match self {
            Self::All => true,
            Self::Own(own) => **own == *tenant,
            Self::Service => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::{
        auth::{Key, KeyRing, Scope},
        config::testing::limits,
        limit::KeyLimits,
    };

    fn key(scope: Scope) -> Key {
        Key {
            id: "test".into(),
            hash: None,
            tenant: "ana".into(),
            label: "test".into(),
            scopes: vec![scope],
            plugin_id: None,
            expires_at: None,
            limits: Arc::new(KeyLimits::new(limits())),
            used: None,
        }
    }

    fn admin_api(open_metrics: bool) -> AdminApi {
        let metrics = Metrics::new();
        let all = (b"key-for-all".as_slice(), key(Scope::All));
        let own = (b"key-for-own".as_slice(), key(Scope::Ingest));
        let ring = Arc::new(KeyRing::new([all, own]));
        AdminApi {
            lifecycle: Arc::default(),
            authenticator: Authenticator::new(Arc::clone(&ring), 20, metrics.auth_failures()),
            metrics,
            keys: ring,
            tenants: Arc::new(Tenants::new(
                openclone_vault::VaultDirs {
                    default: "v".into(),
                    tenants: "t".into(),
                },
                crate::limit::TenantLimits::default(),
            )),
            open_metrics,
        }
    }

    fn visibility(
        admin_api: &AdminApi,
        peer: &'static str,
        key: Option<&'static str>,
    ) -> Result<MetricsVisibility, IngestError> {
        let mut headers = HeaderMap::new();
        headers.insert(PEER, HeaderValue::from_static(peer));
        if let Some(key) = key {
            headers.insert(API_KEY, HeaderValue::from_static(key));
        }
        admin_api.visibility(&headers)
    }

    #[test]
    fn remote_callers_need_a_key_for_metrics() {
        let open = admin_api(true);
        for near in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(visibility(&open, near, None).unwrap(), MetricsVisibility::Service);
            assert_eq!(
                visibility(&open, near, Some("key-for-all")).unwrap(),
                MetricsVisibility::All
            );
            assert_eq!(
                visibility(&open, near, Some("key-for-own")).unwrap(),
                MetricsVisibility::Own("ana".into())
            );
            assert!(matches!(
                visibility(&open, near, Some("wrong-key")),
                Err(IngestError::InvalidKey)
            ));
            assert!(matches!(
                visibility(&admin_api(false), near, None),
                Err(IngestError::InvalidKey)
            ));
        }
        let far = "192.0.2.1:80";
        assert!(matches!(
            visibility(&open, far, None),
            Err(IngestError::InvalidKey)
        ));
        assert!(matches!(
            visibility(&open, far, Some("key-for-own")),
            Err(IngestError::Forbidden { .. })
        ));
        assert_eq!(
            visibility(&open, far, Some("key-for-all")).unwrap(),
            MetricsVisibility::All
        );
        assert!(open.visibility(&HeaderMap::new()).is_err());
    }

    #[test]
    fn only_the_own_tenant_is_visible() {
        let includes =
            |visibility: MetricsVisibility| ["ana", "an", "anab"].map(|tenant| visibility.includes(tenant));
        assert_eq!(includes(MetricsVisibility::All), [true; 3]);
        assert_eq!(includes(MetricsVisibility::Service), [false; 3]);
        assert_eq!(
            includes(MetricsVisibility::Own("ana".into())),
            [true, false, false]
        );
    }
}

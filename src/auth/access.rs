//! AccessService: what the key of a request permits, and the health of plugins. Does not count against rate limits.

use std::sync::Arc;

use jiff::Timestamp;
use openclone_client::v1::{
    GetAccessRequest, GetAccessResponse, RateLimits, ReportHealthRequest, ReportHealthResponse,
};
use tonic::{Request, Response, Status};

use super::{Need, Principal};
use crate::{
    error::IngestError, limit::KeyLimits, runtime::convert::timestamp_to_proto,
    v1::access_service_server::AccessService,
};

/// Where reports of plugins go.
pub trait HealthSink: Send + Sync + 'static {
    /// Records a report.
    ///
    /// # Errors
    /// [`IngestError::Invalid`] with all violations.
    fn report_health(&self, tenant: &Arc<str>, report: ReportHealthRequest) -> Result<(), IngestError>;
}

/// Reports what the key of a request permits, and records the health of plugins.
#[derive(Clone, Debug)]
pub struct Access<S>(pub Arc<S>);

#[tonic::async_trait]
impl<S: HealthSink> AccessService for Access<S> {
    async fn get_access(
        &self,
        request: Request<GetAccessRequest>,
    ) -> Result<Response<GetAccessResponse>, Status> {
        let principal = Principal::of(&request)?;
        Ok(Response::new(GetAccessResponse {
            tenant: principal.tenant.to_string(),
            label: principal.label.clone(),
            scopes: principal.scopes.iter().map(ToString::to_string).collect(),
            limits: Some(rate_limits(&principal.limits, Timestamp::now())),
            expires_at: principal.expires_at.map(timestamp_to_proto),
            plugin_id: principal.plugin_id.clone().unwrap_or_default(),
        }))
    }

    async fn report_health(
        &self,
        request: Request<ReportHealthRequest>,
    ) -> Result<Response<ReportHealthResponse>, Status> {
        let principal = Principal::of(&request)?;
        let report = request.into_inner();
        principal.require(Need::AnyIngest, Timestamp::now)?;
        principal.require_plugin(&report.plugin_id)?;
        self.0.report_health(&principal.tenant, report)?;
        Ok(Response::new(ReportHealthResponse {}))
    }
}

fn rate_limits(limits: &KeyLimits, now: Timestamp) -> RateLimits {
    let rate_limit = limits.status();
    let (requests_per_minute, burst, events_per_second) = limits.allowed();
    RateLimits {
        requests_per_minute,
        burst,
        remaining: rate_limit.map_or(0, |rate_limit| rate_limit.remaining),
        reset_at: rate_limit.map(|rate_limit| timestamp_to_proto(rate_limit.reset_at(now))),
        events_per_second,
        max_body_bytes: limits.config().max_body_bytes,
    }
}

//! AccessService: what the key of a request permits. Does not count against rate limits.

use jiff::Timestamp;
use openclone_client::v1::{GetAccessRequest, GetAccessResponse, RateLimits};
use tonic::{Request, Response, Status};

use super::Principal;
use crate::{
    limit::KeyLimits, runtime::convert::timestamp_to_proto, v1::access_service_server::AccessService,
};

/// Reports what the key of a request permits.
#[derive(Clone, Copy, Debug)]
pub struct Access;

#[tonic::async_trait]
impl AccessService for Access {
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

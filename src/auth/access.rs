//! impl AccessService: what a key may do. Free of charge.

use jiff::Timestamp;
use openclone_client::v1::{GetAccessRequest, GetAccessResponse, RateLimits};
use tonic::{Request, Response, Status};

use super::Principal;
use crate::{limit::KeyLimits, v1::access_service_server::AccessService};

/// Tells what a key may do.
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
            expires_at: principal.expires_at.map(to_proto),
            plugin_id: principal.plugin_id.clone().unwrap_or_default(),
        }))
    }
}

fn rate_limits(limits: &KeyLimits, now: Timestamp) -> RateLimits {
    let standing = limits.standing();
    let (requests_per_minute, burst, events_per_second) = limits.allowed();
    RateLimits {
        requests_per_minute,
        burst,
        remaining: standing.map_or(0, |standing| standing.remaining),
        reset_at: standing.map(|standing| to_proto(standing.reset_at(now))),
        events_per_second,
        max_body_bytes: limits.config().max_body_bytes,
    }
}

/// A moment as the contract writes it.
pub(crate) fn to_proto(moment: Timestamp) -> prost_types::Timestamp {
    let nanos = moment.as_nanosecond().rem_euclid(1_000_000_000);
    let seconds = (moment.as_nanosecond() - nanos) / 1_000_000_000;
    prost_types::Timestamp {
        seconds: seconds as i64,
        nanos: nanos as i32,
    }
}

//! impl TenantService: reports on tenants.

use std::sync::Arc;

use jiff::Timestamp;
use openclone_client::v1::{ListTenantsRequest, ListTenantsResponse};
use tokio::task::spawn_blocking;
use tonic::{Request, Response, Status};

use super::Tenants;
use crate::{
    auth::{Need, Principal},
    error::IngestError,
    runtime::lifecycle::Lifecycle,
    v1::tenant_service_server::TenantService,
};

/// Reports on tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct TenantFacade {
    tenants: Arc<Tenants>,
    lifecycle: Arc<Lifecycle>,
}

impl TenantFacade {
    pub(crate) const fn new(tenants: Arc<Tenants>, lifecycle: Arc<Lifecycle>) -> Self {
        Self { tenants, lifecycle }
    }
}

#[tonic::async_trait]
impl TenantService for TenantFacade {
    async fn list_tenants(
        &self,
        request: Request<ListTenantsRequest>,
    ) -> Result<Response<ListTenantsResponse>, Status> {
        let principal = Principal::of(&request)?;
        if principal.has_ended(Timestamp::now) {
            return Err(IngestError::InvalidKey.into());
        }
        let sees_all = principal.require(Need::Metrics, Timestamp::now).is_ok();
        let checkpoints = self.lifecycle.checkpoints();
        let all = Arc::clone(&self.tenants);
        // the report reads directories
        let tenants = spawn_blocking(move || {
            let only = (!sees_all).then_some(&*principal.tenant);
            all.report(only, checkpoints)
        })
        .await
        .map_err(|_| IngestError::Internal)?;
        Ok(Response::new(ListTenantsResponse { tenants }))
    }
}

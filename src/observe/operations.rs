//! impl OperationsService: the state of the service.

use std::{collections::HashMap, sync::Arc};

use openclone_client::v1::{GetStatusRequest, GetStatusResponse, Totals};
use tonic::{Request, Response, Status};

use super::admin_api::AdminApi;
use crate::v1::operations_service_server::OperationsService;

/// Reports the state of the service. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct OperationsFacade(Arc<AdminApi>);

impl OperationsFacade {
    pub(crate) const fn new(admin_api: Arc<AdminApi>) -> Self {
        Self(admin_api)
    }

    fn totals(&self) -> Totals {
        let events = self.0.metrics.events().into_iter();
        let events: HashMap<String, u64> = events
            .map(|(outcome, count)| (outcome.to_owned(), count))
            .collect();
        let writer = self.0.lifecycle.writer_stats();
        Totals {
            events,
            ids_indexed: writer.map_or(0, |stats| stats.ids_indexed),
            ids_recent: writer.map_or(0, |stats| stats.ids_recent),
            journal_bytes: writer.map_or(0, |stats| stats.journal_bytes),
            incomplete_groups: writer.map_or(0, |stats| stats.groups_incomplete),
        }
    }
}

#[tonic::async_trait]
impl OperationsService for OperationsFacade {
    async fn get_status(
        &self,
        request: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        let readiness = self.0.readiness();
        let may_see_totals = self.0.visibility(request.metadata().as_ref()).is_ok();
        Ok(Response::new(GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: readiness.state,
            detail: readiness.detail.unwrap_or_default(),
            totals: may_see_totals.then(|| self.totals()),
        }))
    }
}

//! grpc.health.v1.Health: SERVING while batches are accepted. Polls only while a client watches.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server::Health,
};

use crate::runtime::lifecycle::Lifecycle;

/// How often a watched status is polled.
const INTERVAL: Duration = Duration::from_secs(1);
/// Service names; the empty name is the server as a whole.
const SERVICES: [&str; 6] = [
    "",
    "openclone.v1.IngestService",
    "openclone.v1.AccessService",
    "openclone.v1.RegistryService",
    "openclone.v1.TenantService",
    "openclone.v1.OperationsService",
];

/// Implements Health.
#[derive(Clone, Debug)]
pub struct HealthFacade(Arc<Lifecycle>);

impl HealthFacade {
    /// Serves the health of `lifecycle`.
    pub fn new(lifecycle: Arc<Lifecycle>) -> Self {
        Self(lifecycle)
    }

    fn status(&self) -> ServingStatus {
        match self.0.ready() {
            Ok(()) => ServingStatus::Serving,
            Err(_) => ServingStatus::NotServing,
        }
    }
}

#[tonic::async_trait]
impl Health for HealthFacade {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        if !SERVICES.contains(&request.get_ref().service.as_str()) {
            return Err(Status::not_found("unknown service"));
        }
        Ok(Response::new(response(self.status())))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        if !SERVICES.contains(&request.get_ref().service.as_str()) {
            let unknown = tokio_stream::iter([Ok(response(ServingStatus::ServiceUnknown))]);
            return Ok(Response::new(Box::pin(unknown.chain(tokio_stream::pending()))));
        }
        let health = self.clone();
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            let mut last = None;
            loop {
                let status = health.status();
                if last != Some(status) && sender.send(Ok(response(status))).await.is_err() {
                    return;
                }
                last = Some(status);
                tokio::select! {
                    () = sender.closed() => return,
                    () = tokio::time::sleep(INTERVAL) => {}
                }
            }
        });
        Ok(Response::new(Box::pin(
            tokio_stream::wrappers::ReceiverStream::new(receiver),
        )))
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status as i32,
    }
}

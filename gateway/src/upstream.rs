//! The service as the routes see it: one method a call.

use std::{sync::Arc, time::Duration};

use openclone_client::v1::{
    Batch, GetAccessRequest, GetPluginRequest, GetPluginResponse, IngestBatchRequest, IngestBatchResponse,
    ListPluginsRequest, ListPluginsResponse, ListSourceTypesRequest, ListSourceTypesResponse,
    access_service_client::AccessServiceClient, ingest_service_client::IngestServiceClient,
    registry_service_client::RegistryServiceClient,
};
use tonic::{Code, Extensions, Request, Response, Status};
use tonic_types::StatusExt;

use crate::{
    GatewayOptions, Transport,
    access::{AccessCache, Caller},
    transport::{Direct, DirectCaller},
};

/// Bytes of the whole registry, at most: a thousand manifests of 64 KiB, as text and in parts.
const REGISTRY_BYTES: usize = 128 << 20;

/// Calls the service over a [`Transport`].
#[derive(Clone)]
pub(crate) struct Upstream {
    access: AccessServiceClient<Transport>,
    ingest: IngestServiceClient<Transport>,
    registry: RegistryServiceClient<Transport>,
    /// Of a service in the same process that offers them.
    direct: Option<Arc<dyn Direct>>,
    /// Of a remote service only.
    remote: Option<Remote>,
}

#[derive(Clone)]
struct Remote {
    cache: Arc<AccessCache>,
    timeout: Duration,
}

/// A caller whose key is good, as a service in the same process knows it.
#[derive(Default)]
pub(crate) struct Admitted(Option<Box<dyn DirectCaller>>);

type Answer<T> = Result<Response<T>, Status>;

impl Upstream {
    pub(crate) fn new(transport: Transport, options: &GatewayOptions) -> Self {
        let remote = transport.is_remote().then(|| Remote {
            cache: Arc::new(AccessCache::new(options.access_cache)),
            timeout: options.upstream_timeout,
        });
        Self {
            direct: transport.direct(),
            access: AccessServiceClient::new(transport.clone()),
            ingest: IngestServiceClient::new(transport.clone()),
            registry: RegistryServiceClient::new(transport).max_decoding_message_size(REGISTRY_BYTES),
            remote,
        }
    }

    /// Checks the caller's key.
    pub(crate) async fn check_access(&self, caller: &Caller<'_>) -> Result<Admitted, Status> {
        if let Some(direct) = &self.direct {
            let admitted = direct.check_access(caller.headers())?;
            return Ok(Admitted(Some(admitted)));
        }
        if self
            .remote
            .as_ref()
            .is_some_and(|remote| remote.cache.is_known(caller))
        {
            return Ok(Admitted::default());
        }
        let mut client = self.access.clone();
        let call = self.settle(caller, client.get_access(request(caller, GetAccessRequest {})));
        // boxed, since a call over a transport takes some KiB, which a request that goes another way need not have
        Box::pin(call).await?;
        if let Some(remote) = &self.remote {
            remote.cache.remember(caller);
        }
        Ok(Admitted::default())
    }

    /// Sends a batch of a caller whom [`Self::check_access`] has let in.
    pub(crate) async fn ingest_batch(
        &self,
        caller: &Caller<'_>,
        admitted: Admitted,
        batch: Batch,
    ) -> Answer<IngestBatchResponse> {
        if let Some(known) = admitted.0 {
            return known.ingest_batch(batch).await;
        }
        let message = IngestBatchRequest { batch: Some(batch) };
        let mut client = self.ingest.clone();
        Box::pin(self.settle(caller, client.ingest_batch(request(caller, message)))).await
    }

    pub(crate) async fn list_plugins(
        &self,
        caller: &Caller<'_>,
        filter: ListPluginsRequest,
    ) -> Answer<ListPluginsResponse> {
        let mut client = self.registry.clone();
        self.settle(caller, client.list_plugins(request(caller, filter)))
            .await
    }

    pub(crate) async fn get_plugin(&self, caller: &Caller<'_>, id: String) -> Answer<GetPluginResponse> {
        let mut client = self.registry.clone();
        self.settle(
            caller,
            client.get_plugin(request(caller, GetPluginRequest { id })),
        )
        .await
    }

    pub(crate) async fn list_source_types(&self, caller: &Caller<'_>) -> Answer<ListSourceTypesResponse> {
        let mut client = self.registry.clone();
        self.settle(
            caller,
            client.list_source_types(request(caller, ListSourceTypesRequest {})),
        )
        .await
    }

    /// Waits for the answer to a call. The service explains each of its errors, so one without an explanation comes
    /// from the way to a remote service, and is that it cannot be reached.
    async fn settle<T>(&self, caller: &Caller<'_>, call: impl Future<Output = Answer<T>>) -> Answer<T> {
        let Some(remote) = &self.remote else {
            return call.await;
        };
        let late = |_| Err(Status::deadline_exceeded("no answer in time"));
        let status = match tokio::time::timeout(remote.timeout, call)
            .await
            .unwrap_or_else(late)
        {
            Ok(response) => return Ok(response),
            Err(status) => status,
        };
        if status.code() == Code::Unauthenticated {
            remote.cache.forget(caller);
        }
        if status.get_details_error_info().is_some() {
            return Err(status);
        }
        let id = caller.request_id();
        tracing::warn!(id, code = ?status.code(), reason = status.message(), "service not reachable");
        Err(Status::unavailable("the service cannot be reached"))
    }
}

fn request<T>(caller: &Caller<'_>, message: T) -> Request<T> {
    Request::from_parts(caller.metadata(), Extensions::default(), message)
}

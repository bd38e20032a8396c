//! The service as the gateway in the same process calls it: the generated methods of the very objects that tonic serves,
//! without encoding HTTP/2 messages in between.

use http::{HeaderMap, HeaderValue};
use openclone_client::v1::{
    Batch, GetPluginRequest, IngestBatchRequest, IngestResult, ListPluginsRequest, ListPluginsResponse,
    ListSourceTypesRequest, ListSourceTypesResponse, ListTenantsRequest, ListTenantsResponse, Plugin,
};
use openclone_core::header;
use openclone_gateway::Backend;
use tonic::{Request, Response, Status, metadata::MetadataMap};

use super::Ingest;
use crate::{
    auth::{Authenticator, Principal},
    error::{IngestError, write_rate_limit},
    observe::tenants::TenantFacade,
    registry::RegistryFacade,
    v1::{
        ingest_service_server::IngestService as _, registry_service_server::RegistryService as _,
        tenant_service_server::TenantService as _,
    },
};

/// Calls the service in the same process. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct LocalBackend {
    pub(crate) authenticator: Authenticator,
    pub(crate) ingest: Ingest,
    pub(crate) registry: RegistryFacade,
    pub(crate) tenants: TenantFacade,
}

/// A caller whose key was good when its request arrived.
#[derive(Debug)]
pub(crate) struct LocalCaller {
    principal: Principal,
    request_id: Option<HeaderValue>,
}

impl LocalCaller {
    /// The request as the interceptor passes it on.
    fn request<T>(self, message: T) -> Request<T> {
        let mut headers = HeaderMap::new();
        if let Some(id) = self.request_id {
            headers.insert(header::REQUEST_ID, id);
        }
        let mut request = Request::new(message);
        *request.metadata_mut() = tonic::metadata::MetadataMap::from_headers(headers);
        request.extensions_mut().insert(self.principal);
        request
    }
}

impl Backend for LocalBackend {
    type Caller = LocalCaller;

    async fn authenticate(&self, headers: &HeaderMap) -> Result<LocalCaller, Status> {
        Ok(LocalCaller {
            principal: self.authenticator.admit(headers)?,
            request_id: headers.get(header::REQUEST_ID).cloned(),
        })
    }

    async fn ingest(&self, caller: LocalCaller, batch: Batch) -> Result<Response<IngestResult>, Status> {
        let request = caller.request(IngestBatchRequest { batch: Some(batch) });
        let response = self.ingest.ingest_batch(request).await?;
        Ok(response.map(|message| message.result.unwrap_or_default()))
    }

    async fn count_rejected(&self, caller: LocalCaller) -> Result<HeaderMap, Status> {
        let rate_limit = caller.principal.limits.take().map_err(IngestError::from)?;
        let mut metadata = MetadataMap::new();
        if let Some(rate_limit) = &rate_limit {
            write_rate_limit(&mut metadata, rate_limit);
        }
        Ok(metadata.into_headers())
    }

    async fn list_plugins(
        &self,
        caller: LocalCaller,
        filter: ListPluginsRequest,
    ) -> Result<ListPluginsResponse, Status> {
        let response = self.registry.list_plugins(caller.request(filter)).await?;
        Ok(response.into_inner())
    }

    async fn get_plugin(&self, caller: LocalCaller, id: String) -> Result<Option<Plugin>, Status> {
        let request = caller.request(GetPluginRequest { id });
        Ok(self.registry.get_plugin(request).await?.into_inner().plugin)
    }

    async fn list_source_types(&self, caller: LocalCaller) -> Result<ListSourceTypesResponse, Status> {
        let request = caller.request(ListSourceTypesRequest {});
        Ok(self.registry.list_source_types(request).await?.into_inner())
    }

    async fn list_tenants(&self, caller: LocalCaller) -> Result<ListTenantsResponse, Status> {
        let request = caller.request(ListTenantsRequest {});
        Ok(self.tenants.list_tenants(request).await?.into_inner())
    }
}

//! RegistryService: lists plugins and source types.

use std::sync::Arc;

use jiff::Timestamp;
use openclone_client::v1::{
    GetPluginRequest, GetPluginResponse, ListPluginsRequest, ListPluginsResponse, ListSourceTypesRequest,
    ListSourceTypesResponse, SourceTypeInfo,
};
use openclone_core::SourceType;
use tonic::{Request, Response, Status};

use super::Registry;
use crate::{
    auth::{Need, Principal},
    error::IngestError,
    v1::registry_service_server::RegistryService,
};

/// Implements RegistryService.
#[derive(Clone, Debug)]
pub struct RegistryFacade(Arc<Registry>);

impl RegistryFacade {
    /// Serves `registry`.
    pub fn new(registry: Arc<Registry>) -> Self {
        Self(registry)
    }
}

#[tonic::async_trait]
impl RegistryService for RegistryFacade {
    async fn list_plugins(
        &self,
        request: Request<ListPluginsRequest>,
    ) -> Result<Response<ListPluginsResponse>, Status> {
        let principal = reader(&request)?;
        Ok(Response::new(self.0.list(&principal.tenant, request.get_ref())))
    }

    async fn get_plugin(
        &self,
        request: Request<GetPluginRequest>,
    ) -> Result<Response<GetPluginResponse>, Status> {
        let principal = reader(&request)?;
        let plugin = self
            .0
            .get(&principal.tenant, &request.get_ref().id)
            .ok_or(IngestError::PluginNotFound)?;
        Ok(Response::new(GetPluginResponse { plugin: Some(plugin) }))
    }

    async fn list_source_types(
        &self,
        request: Request<ListSourceTypesRequest>,
    ) -> Result<Response<ListSourceTypesResponse>, Status> {
        reader(&request)?;
        let source_types = SourceType::ALL.map(info).into();
        Ok(Response::new(ListSourceTypesResponse { source_types }))
    }
}

fn reader<T>(request: &Request<T>) -> Result<Principal, IngestError> {
    let principal = Principal::of(request)?;
    principal.require(Need::PluginsRead, Timestamp::now)?;
    Ok(principal)
}

fn info(source_type: SourceType) -> SourceTypeInfo {
    SourceTypeInfo {
        source_type: source_type as i32,
        name: source_type.as_str().to_owned(),
        folder: source_type.folder().to_owned(),
        sensitivity: source_type.sensitivity() as i32,
        typical_fields: source_type
            .typical_fields()
            .iter()
            .map(|field| (*field).to_owned())
            .collect(),
    }
}

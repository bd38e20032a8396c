//! The seam between gateway and service.

mod access_cache;
mod remote;

use http::HeaderMap;
use openclone_client::v1::{
    Batch, IngestResult, ListPluginsRequest, ListPluginsResponse, ListSourceTypesResponse,
    ListTenantsResponse, Plugin,
};
use tonic::{Response, Status};

pub use remote::RemoteBackend;

/// The service that the gateway is in front of.
///
/// Every method fails with the status that the gRPC call would have; its `ErrorInfo` gives the reason.
pub trait Backend: Clone + Send + Sync + 'static {
    /// A caller whose key was found good.
    type Caller: Send;

    /// Checks the key in the headers of a request, before its body is read.
    fn authenticate(&self, headers: &HeaderMap) -> impl Future<Output = Result<Self::Caller, Status>> + Send;

    /// Ingests a batch. The metadata of the response has the rate limit.
    fn ingest(
        &self,
        caller: Self::Caller,
        batch: Batch,
    ) -> impl Future<Output = Result<Response<IngestResult>, Status>> + Send;

    /// Counts a request whose body was read and is rejected without a call of [`Self::ingest`]. Returns the rate limit as
    /// headers, or the status of a request that exceeds it.
    fn count_rejected(&self, caller: Self::Caller) -> impl Future<Output = Result<HeaderMap, Status>> + Send;

    /// Lists plugins.
    fn list_plugins(
        &self,
        caller: Self::Caller,
        filter: ListPluginsRequest,
    ) -> impl Future<Output = Result<ListPluginsResponse, Status>> + Send;

    /// Finds one plugin.
    fn get_plugin(
        &self,
        caller: Self::Caller,
        id: String,
    ) -> impl Future<Output = Result<Option<Plugin>, Status>> + Send;

    /// Lists the source types.
    fn list_source_types(
        &self,
        caller: Self::Caller,
    ) -> impl Future<Output = Result<ListSourceTypesResponse, Status>> + Send;

    /// Lists the tenants that the caller may see.
    fn list_tenants(
        &self,
        caller: Self::Caller,
    ) -> impl Future<Output = Result<ListTenantsResponse, Status>> + Send;
}

//! A service elsewhere, called over a channel.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName};
use openclone_client::v1::{
    Batch, GetAccessRequest, GetPluginRequest, IngestBatchRequest, IngestResult, ListPluginsRequest,
    ListPluginsResponse, ListSourceTypesRequest, ListSourceTypesResponse, ListTenantsRequest,
    ListTenantsResponse, Plugin, access_service_client::AccessServiceClient,
    ingest_service_client::IngestServiceClient, registry_service_client::RegistryServiceClient,
    tenant_service_client::TenantServiceClient,
};
use openclone_core::header;
use tonic::{
    Code, Extensions, Request, Response, Status,
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

use super::{
    Backend,
    access_cache::{AccessCache, KeyDigest},
};

/// Bytes of one response about plugins or tenants, at most: a thousand manifests of 64 KiB, as text and in parts.
const MAX_LIST_BYTES: usize = 128 << 20;

/// Bytes of the metadata of one response, at most.
const MAX_METADATA_BYTES: u32 = 1 << 20;

/// What the service gets to know of a request: the key, the id of the request, and the address of the peer, which the
/// socket layer has set itself.
const FORWARDED: [HeaderName; 3] = [
    HeaderName::from_static(header::API_KEY),
    HeaderName::from_static(header::REQUEST_ID),
    HeaderName::from_static(header::PEER),
];

/// Calls a service elsewhere. Cheap to clone.
///
/// Checking a key costs a round trip, so the service's word that a key is good is cached for a while. The call that
/// follows checks the key again, so nothing is written with a key that was revoked in the meantime.
#[derive(Clone)]
pub struct RemoteBackend {
    channel: Channel,
    known_keys: Arc<AccessCache>,
    timeout: Duration,
}

/// A caller of a remote service.
#[derive(Debug)]
pub struct RemoteCaller {
    metadata: MetadataMap,
    key: Option<KeyDigest>,
}

impl RemoteBackend {
    /// Lets a channel receive the errors of the service: one that lists a hundred violations has up to half a MiB of
    /// metadata, far more than a channel accepts by default.
    #[must_use]
    pub fn configure(endpoint: Endpoint) -> Endpoint {
        endpoint.http2_max_header_list_size(MAX_METADATA_BYTES)
    }

    /// Calls the service over `channel`, which should be of an endpoint that [`Self::configure`] has prepared. Waits for a
    /// response for at most `timeout`, and caches that a key is good for `cache_lifetime`.
    #[must_use]
    pub fn new(channel: Channel, timeout: Duration, cache_lifetime: Duration) -> Self {
        Self {
            channel,
            known_keys: Arc::new(AccessCache::new(cache_lifetime)),
            timeout,
        }
    }

    /// Waits for the response to a call. The service explains each of its errors, so one without an explanation comes
    /// from the connection: the service cannot be reached.
    async fn call<T>(
        &self,
        caller: &RemoteCaller,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<Response<T>, Status> {
        let timed_out = |_| Err(Status::deadline_exceeded("no response in time"));
        let status = match tokio::time::timeout(self.timeout, call)
            .await
            .unwrap_or_else(timed_out)
        {
            Ok(response) => return Ok(response),
            Err(status) => status,
        };
        if status.code() == Code::Unauthenticated {
            self.known_keys.forget(caller.key.as_ref());
        }
        if status.get_details_error_info().is_some() {
            return Err(status);
        }
        let id = caller.request_id();
        tracing::warn!(id, code = ?status.code(), reason = status.message(), "service not reachable");
        Err(Status::unavailable("the service cannot be reached"))
    }

    fn registry(&self) -> RegistryServiceClient<Channel> {
        RegistryServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_LIST_BYTES)
    }
}

impl RemoteCaller {
    fn new(headers: &HeaderMap) -> Self {
        let mut metadata = HeaderMap::with_capacity(FORWARDED.len());
        for name in FORWARDED {
            if let Some(value) = headers.get(&name) {
                metadata.insert(name, value.clone());
            }
        }
        Self {
            key: headers.get(header::API_KEY).map(KeyDigest::of),
            metadata: MetadataMap::from_headers(metadata),
        }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        Request::from_parts(self.metadata.clone(), Extensions::default(), message)
    }

    /// The id of the request, for the log.
    fn request_id(&self) -> &str {
        let id = self.metadata.get(header::REQUEST_ID);
        id.and_then(|id| id.to_str().ok()).unwrap_or_default()
    }
}

impl Backend for RemoteBackend {
    type Caller = RemoteCaller;

    async fn authenticate(&self, headers: &HeaderMap) -> Result<RemoteCaller, Status> {
        let caller = RemoteCaller::new(headers);
        if self.known_keys.contains(caller.key.as_ref()) {
            return Ok(caller);
        }
        let mut client = AccessServiceClient::new(self.channel.clone());
        self.call(&caller, client.get_access(caller.request(GetAccessRequest {})))
            .await?;
        self.known_keys.insert(caller.key);
        Ok(caller)
    }

    async fn ingest(&self, caller: RemoteCaller, batch: Batch) -> Result<Response<IngestResult>, Status> {
        let request = caller.request(IngestBatchRequest { batch: Some(batch) });
        let mut client = IngestServiceClient::new(self.channel.clone());
        let response = self.call(&caller, client.ingest_batch(request)).await?;
        Ok(response.map(|message| message.result.unwrap_or_default()))
    }

    async fn count_rejected(&self, caller: RemoteCaller) -> Result<HeaderMap, Status> {
        // A request without a batch is counted like any other, and rejected.
        let request = caller.request(IngestBatchRequest { batch: None });
        let mut client = IngestServiceClient::new(self.channel.clone());
        match self.call(&caller, client.ingest_batch(request)).await {
            Err(status) if status.code() == Code::ResourceExhausted => Err(status),
            Err(status) if status.code() == Code::InvalidArgument => {
                Ok(status.metadata().clone().into_headers())
            }
            // The client gets to know what is wrong with its body even if the service cannot be reached.
            Ok(_) | Err(_) => Ok(HeaderMap::new()),
        }
    }

    async fn list_plugins(
        &self,
        caller: RemoteCaller,
        filter: ListPluginsRequest,
    ) -> Result<ListPluginsResponse, Status> {
        let mut client = self.registry();
        let response = self
            .call(&caller, client.list_plugins(caller.request(filter)))
            .await?;
        Ok(response.into_inner())
    }

    async fn get_plugin(&self, caller: RemoteCaller, id: String) -> Result<Option<Plugin>, Status> {
        let mut client = self.registry();
        let request = caller.request(GetPluginRequest { id });
        let response = self.call(&caller, client.get_plugin(request)).await?;
        Ok(response.into_inner().plugin)
    }

    async fn list_source_types(&self, caller: RemoteCaller) -> Result<ListSourceTypesResponse, Status> {
        let mut client = self.registry();
        let request = caller.request(ListSourceTypesRequest {});
        let response = self.call(&caller, client.list_source_types(request)).await?;
        Ok(response.into_inner())
    }

    async fn list_tenants(&self, caller: RemoteCaller) -> Result<ListTenantsResponse, Status> {
        let mut client =
            TenantServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_LIST_BYTES);
        let request = caller.request(ListTenantsRequest {});
        let response = self.call(&caller, client.list_tenants(request)).await?;
        Ok(response.into_inner())
    }
}

impl fmt::Debug for RemoteBackend {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RemoteBackend")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_key_request_id_and_peer_are_forwarded() {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", "k".parse().unwrap());
        headers.insert("cookie", "a=b".parse().unwrap());
        assert_eq!(RemoteCaller::new(&headers).metadata.len(), 1);
        assert!(RemoteCaller::new(&HeaderMap::new()).metadata.is_empty());
    }
}

//! The calls that every JSON batch makes, for the gateway in the same process: the same checks and the same methods as over
//! the routes, without writing and reading HTTP/2 messages in between.

use http::HeaderMap;
use openclone_client::v1::IngestBatchRequest;
use openclone_gateway::DirectAnswer;
use tonic::{Extensions, Request, Status, metadata::MetadataMap};

use crate::{
    auth::{Authenticator, Principal},
    ingest::Ingest,
    server::request_id,
    v1::ingest_service_server::IngestService as _,
};

/// The service, as the gateway in the same process calls it.
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    authenticator: Authenticator,
    ingest: Ingest,
}

impl Direct {
    pub(crate) fn new(authenticator: Authenticator, ingest: Ingest) -> Self {
        Self {
            authenticator,
            ingest,
        }
    }
}

impl openclone_gateway::Direct for Direct {
    /// What the layer in front of the services does: the caller in the extensions of a request.
    fn check_access(&self, headers: &HeaderMap) -> Result<Extensions, Status> {
        let mut caller = Extensions::new();
        caller.insert(self.authenticator.admit(headers)?);
        Ok(caller)
    }

    fn ingest_batch(
        &self,
        caller: Extensions,
        headers: &HeaderMap,
        message: IngestBatchRequest,
    ) -> DirectAnswer {
        let ingest = self.ingest.clone();
        let id = headers.get(request_id::HEADER).cloned();
        Box::pin(async move {
            let metadata = id.map(|id| (request_id::HEADER, id)).into_iter().collect();
            let mut request = Request::from_parts(MetadataMap::from_headers(metadata), caller, message);
            let principal = ingest.renew(&Principal::of(&request)?, request.get_ref())?;
            request.extensions_mut().insert(principal);
            ingest.ingest_batch(request).await
        })
    }
}

//! The calls that every JSON batch makes, for the gateway in the same process: the same checks and the same methods as over
//! the routes, without writing and reading HTTP/2 messages in between.

use openclone_client::v1::IngestBatchRequest;
use openclone_gateway::DirectAnswer;
use tonic::{Request, Status, metadata::MetadataMap, service::Interceptor as _};

use crate::{auth::Authenticator, ingest::Ingest, v1::ingest_service_server::IngestService as _};

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

    /// What the layer in front of the services does: the caller in the extensions of the request.
    fn admit(&self, metadata: MetadataMap) -> Result<Request<()>, Status> {
        let request = Request::from_parts(metadata, Default::default(), ());
        self.authenticator.clone().call(request)
    }
}

impl openclone_gateway::Direct for Direct {
    fn check_access(&self, metadata: MetadataMap) -> Result<(), Status> {
        self.admit(metadata).map(drop)
    }

    fn ingest_batch(&self, request: Request<IngestBatchRequest>) -> DirectAnswer {
        let service = self.clone();
        Box::pin(async move {
            // Who calls comes from the check alone: nothing but metadata may say so.
            let (metadata, _, message) = request.into_parts();
            let (metadata, caller, ()) = service.admit(metadata)?.into_parts();
            service
                .ingest
                .ingest_batch(Request::from_parts(metadata, caller, message))
                .await
        })
    }
}

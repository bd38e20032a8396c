//! The service for the gateway in the same process: the same checks and methods as over gRPC, without encoding HTTP/2
//! messages in between.

use http::HeaderMap;
use openclone_client::v1::Batch;
use openclone_gateway::{DirectAnswer, DirectCaller};
use tonic::Status;

use super::{Ingest, RequestId};
use crate::auth::{Authenticator, Principal};

/// The service as the gateway in the same process calls it.
#[derive(Clone, Debug)]
pub(crate) struct LocalBackend {
    authenticator: Authenticator,
    ingest: Ingest,
}

/// An authenticated caller.
#[derive(Debug)]
struct Caller {
    principal: Principal,
    ingest: Ingest,
    id: RequestId,
}

impl LocalBackend {
    pub(crate) fn new(authenticator: Authenticator, ingest: Ingest) -> Self {
        Self {
            authenticator,
            ingest,
        }
    }
}

impl openclone_gateway::Direct for LocalBackend {
    fn check_access(&self, headers: &HeaderMap) -> Result<Box<dyn DirectCaller>, Status> {
        Ok(Box::new(Caller {
            principal: self.authenticator.admit(headers)?,
            ingest: self.ingest.clone(),
            id: RequestId::of(headers),
        }))
    }
}

impl DirectCaller for Caller {
    fn ingest_batch(self: Box<Self>, batch: Batch) -> DirectAnswer {
        Box::pin(async move {
            let principal = self.ingest.renew(&self.principal, &batch)?;
            self.ingest.ingest_one(&principal, &batch, &self.id).await
        })
    }
}

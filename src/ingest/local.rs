//! The calls that every JSON batch makes, for the gateway in the same process: the same checks and the same methods as over
//! the routes, without writing and reading HTTP/2 messages in between.

use http::HeaderMap;
use openclone_client::v1::Batch;
use openclone_gateway::{DirectAnswer, DirectCaller};
use tonic::Status;

use super::{Ingest, RequestId};
use crate::auth::{Authenticator, Principal};

/// The service, as the gateway in the same process calls it.
#[derive(Clone, Debug)]
pub(crate) struct LocalBackend {
    authenticator: Authenticator,
    ingest: Ingest,
}

/// A caller whose key was good when its request came.
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
            self.ingest.take(&principal, &batch, &self.id).await
        })
    }
}

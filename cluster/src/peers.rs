//! The seam between a node and the other nodes.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::{
    batch::{Batch, PartitionId, Receipt},
    bucket::Member,
    error::AppendError,
    plan::NodeId,
};

/// Why a forwarded batch was not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// The connection failed, or no response came. The batch may have been stored.
    #[error("no response from the owner: {0}")]
    Lost(String),
    /// The owner answered with an error.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// The other nodes of the cluster.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// Hands a batch to the node that should own `partition`.
    async fn forward(
        &self,
        to: &Member,
        partition: PartitionId,
        batch: Batch,
    ) -> Result<Receipt, ForwardError>;

    /// Asks a node whom it cannot reach. `None` if it does not respond.
    async fn probe(&self, to: &Member) -> Option<BTreeSet<NodeId>>;
}

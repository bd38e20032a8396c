//! Why a batch could not be stored, or a partition not opened.

use std::time::Duration;

/// Why the database of a partition failed. Cheap to clone: all batches of a group get the same error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A newer owner has opened the partition. This database accepts nothing any more.
    #[error("another node has opened the partition")]
    Fenced,
    /// The database was closed, by this node or after a failure.
    #[error("the partition is closed")]
    Closed,
    /// The object store cannot be reached, or rejects the request.
    #[error("the object store failed: {0}")]
    Store(String),
    /// An object or a row cannot be read. The partition stops until it is repaired.
    #[error("the partition is damaged: {0}")]
    Damaged(String),
}

/// Why an owner did not store a batch. The batch may have become durable nevertheless, so the sender resends it; known ids
/// are skipped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// This node does not own the partition, or lost it while the batch was waiting.
    #[error("this node does not own the partition")]
    NotOwner,
    /// Too many bytes wait for this partition.
    #[error("the partition is overloaded")]
    Overloaded,
    /// The batch is inconsistent, for example a file whose ids and entries differ in number.
    #[error("the batch is malformed: {0}")]
    Malformed(&'static str),
    /// The batch has more bytes than one group may have.
    #[error("the batch has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Bytes of the batch.
        bytes: usize,
        /// Bytes that a batch may have.
        limit: usize,
    },
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why a node could not get a batch stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// No owner acknowledged the batch in time. The sender resends it.
    #[error("no owner acknowledged the batch within {waited:?}: {last}")]
    Unavailable {
        /// How long the node tried.
        waited: Duration,
        /// The last failure.
        last: String,
    },
    /// The batch can never be stored.
    #[error(transparent)]
    Rejected(AppendError),
}

/// Why the bucket could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// The store failed.
    #[error("{what} failed: {source}")]
    Store {
        /// The operation and its object.
        what: String,
        /// The store's error.
        #[source]
        source: object_store::Error,
    },
    /// An object of the cluster cannot be parsed.
    #[error("{object} cannot be read: {reason}; it may belong to another version or program")]
    Unreadable {
        /// The object's path.
        object: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The bucket belongs to a cluster with other settings.
    #[error(
        "the bucket has {found} partitions, and {configured} are configured; the number of partitions cannot change"
    )]
    Partitions {
        /// Partitions in `cluster.json`.
        found: u16,
        /// Partitions in the configuration.
        configured: u16,
    },
    /// The number of partitions is out of range.
    #[error("{0} partitions are configured; a cluster has 8 to 256")]
    PartitionCount(u16),
    /// Two concurrent conditional writes of one version both succeeded.
    #[error(
        "the object store let {winners} of {writers} concurrent conditional writes succeed ({race}); it cannot hold a cluster"
    )]
    Race {
        /// Which race: `create` or `update`.
        race: &'static str,
        /// Writers that were told that they had won.
        winners: usize,
        /// Writers that took part.
        writers: usize,
    },
    /// A conditional write cannot be used with this store.
    #[error("the object store does not support conditional writes ({race}): {reason}")]
    NoConditionalWrites {
        /// Which race: `create` or `update`.
        race: &'static str,
        /// The store's error.
        reason: String,
    },
}

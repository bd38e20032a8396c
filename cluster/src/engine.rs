//! The seam between the worker of a partition and its database.
//!
//! The product has one engine, [`slate::SlateEngine`]. Tests wrap it in engines that break one rule each, to show that the
//! simulation notices.

pub mod slate;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};

use crate::{batch::PartitionId, error::EngineError, rows::Rows};

/// Resolves when a write is durable, or when it is certain that this database will not make it durable. Several may wait.
pub type Durable = Shared<BoxFuture<'static, Result<(), EngineError>>>;

/// A [`Durable`] that has resolved already.
pub fn already_durable() -> Durable {
    futures_util::future::ready(Ok(())).boxed().shared()
}

/// The open database of one partition.
///
/// An implementation guarantees that the rows of one [`write`](Self::write) become durable together or not at all, that
/// writes become durable in the order in which they were made, and that nothing becomes durable after a newer owner has
/// opened the database.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// The value of a key, including writes that are not durable yet.
    async fn get(&self, key: &[u8]) -> Result<Option<Bytes>, EngineError>;

    /// Writes rows together. They are visible at once and durable when the returned future resolves.
    async fn write(&self, rows: Rows) -> Result<Durable, EngineError>;

    /// Resolves when every write made before this call is durable.
    fn newest(&self) -> Durable;

    /// All rows whose keys begin with `prefix`, in the order of keys.
    async fn scan(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, EngineError>;

    /// Waits until the database is closed, and says why.
    async fn closed(&self) -> EngineError;

    /// Makes everything durable that can be, and closes the database.
    async fn close(&self) -> Result<(), EngineError>;
}

/// Opens databases of partitions.
#[async_trait]
pub trait OpenEngine: Send + Sync + 'static {
    /// Opens a partition as its newest owner. Earlier owners are fenced when this returns.
    async fn open(&self, partition: PartitionId) -> Result<Arc<dyn Engine>, EngineError>;
}

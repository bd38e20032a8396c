//! The engine on SlateDB: log, tables and manifest of a partition are objects below `p/<nn>`.
//!
//! Opening increments the writer's epoch in the manifest and creates a fence object at the next position of the log. An
//! earlier owner that writes there finds the object taken and closes. **Fence objects are never collected**: without the
//! fence, the object of a paused owner would be created in its place and acknowledged, although nobody reads it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt as _;
use object_store::{ObjectStore, path::Path};
use slatedb::{
    CloseReason, Db, ErrorKind, WriteBatch,
    config::{GarbageCollectorDirectoryOptions, GarbageCollectorOptions, Settings},
};
use slatedb_common::clock::SystemClock;
use tokio::sync::Mutex;

use super::{Durable, Engine, OpenEngine, already_durable};
use crate::{batch::PartitionId, error::EngineError, rows::Rows};

/// Settings of a partition's database.
#[derive(Clone, Debug)]
pub struct SlateSettings {
    /// How long writes wait for others before they are sent to the store together.
    pub flush: Duration,
    /// How long log objects are kept after their content is in a table.
    pub keep_log: Duration,
    /// How often objects that are no longer needed are looked for.
    pub collect_every: Duration,
    /// How often the owner looks whether a newer one has opened the partition while nothing is written.
    pub poll: Duration,
    /// Bytes of a table in memory before it is written to the store.
    pub table_bytes: usize,
    /// Bytes that may wait for the store before writers are slowed down.
    pub max_unflushed_bytes: usize,
}

impl Default for SlateSettings {
    fn default() -> Self {
        Self {
            flush: Duration::from_millis(200),
            keep_log: Duration::from_secs(7 * 24 * 3600),
            collect_every: Duration::from_secs(300),
            poll: Duration::from_secs(10),
            table_bytes: 32 << 20,
            max_unflushed_bytes: 128 << 20,
        }
    }
}

impl SlateSettings {
    /// The same as SlateDB's settings.
    #[must_use]
    pub fn to_slatedb(&self) -> Settings {
        let collect = |min_age| {
            Some(GarbageCollectorDirectoryOptions {
                interval: Some(self.collect_every),
                min_age,
                dry_run: false,
            })
        };
        // Longer than a paused reader of the manifest may take to read the tables that it names.
        let age = self.keep_log.min(Duration::from_secs(24 * 3600));
        Settings {
            flush_interval: Some(self.flush),
            manifest_poll_interval: self.poll,
            l0_sst_size_bytes: self.table_bytes,
            max_unflushed_bytes: self.max_unflushed_bytes,
            garbage_collector_options: Some(GarbageCollectorOptions {
                manifest_options: collect(age),
                wal_options: collect(self.keep_log),
                compacted_options: collect(age),
                compactions_options: collect(age),
                wal_fence_options: None,
                ..GarbageCollectorOptions::default()
            }),
            ..Settings::default()
        }
    }
}

/// Opens the partitions of a cluster.
pub struct SlateOpener {
    store: Arc<dyn ObjectStore>,
    root: Path,
    settings: Settings,
    clock: Option<Arc<dyn SystemClock>>,
    seed: Option<u64>,
}

impl std::fmt::Debug for SlateOpener {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SlateOpener")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl SlateOpener {
    /// Opens partitions below `root` in `store`. The settings must never collect fence objects.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, root: Path, settings: Settings) -> Self {
        Self {
            store,
            root,
            settings,
            clock: None,
            seed: None,
        }
    }

    /// Replaces clock and random numbers: for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn SystemClock>, seed: u64) -> Self {
        (self.clock, self.seed) = (Some(clock), Some(seed));
        self
    }

    /// Where the objects of a partition are.
    #[must_use]
    pub fn path(&self, partition: PartitionId) -> Path {
        self.root.clone().join("p").join(partition.to_string())
    }
}

#[async_trait]
impl OpenEngine for SlateOpener {
    async fn open(&self, partition: PartitionId) -> Result<Arc<dyn Engine>, EngineError> {
        let mut builder =
            Db::builder(self.path(partition), Arc::clone(&self.store)).with_settings(self.settings.clone());
        if let Some(clock) = &self.clock {
            builder = builder.with_system_clock(Arc::clone(clock));
        }
        if let Some(seed) = self.seed {
            builder = builder.with_seed(seed ^ u64::from(partition.0));
        }
        let db = builder.build().await.map_err(|error| convert(&error))?;
        Ok(Arc::new(SlateEngine::new(db)))
    }
}

/// An open partition.
pub struct SlateEngine {
    db: Db,
    newest: std::sync::Mutex<Durable>,
    /// Keeps the order of `newest` the order of the writes.
    writing: Mutex<()>,
}

impl std::fmt::Debug for SlateEngine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SlateEngine").finish_non_exhaustive()
    }
}

impl SlateEngine {
    /// Uses an open database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self {
            db,
            newest: std::sync::Mutex::new(already_durable()),
            writing: Mutex::new(()),
        }
    }
}

#[async_trait]
impl Engine for SlateEngine {
    async fn get(&self, key: &[u8]) -> Result<Option<Bytes>, EngineError> {
        self.db.get(key).await.map_err(|error| convert(&error))
    }

    async fn write(&self, rows: Rows) -> Result<Durable, EngineError> {
        let mut batch = WriteBatch::new();
        for (key, value) in rows.puts {
            batch.put_bytes(key, value);
        }
        let _order = self.writing.lock().await;
        let handle = self.db.write(batch).await.map_err(|error| convert(&error))?;
        let durable = async move { handle.await_durable().await.map_err(|error| convert(&error)) }
            .boxed()
            .shared();
        if let Ok(mut newest) = self.newest.lock() {
            newest.clone_from(&durable);
        }
        Ok(durable)
    }

    fn newest(&self) -> Durable {
        let locked = self.newest.lock();
        locked.map_or_else(
            |_| {
                futures_util::future::ready(Err(EngineError::Closed))
                    .boxed()
                    .shared()
            },
            |newest| newest.clone(),
        )
    }

    async fn scan(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, EngineError> {
        let mut rows = Vec::new();
        let mut found = self
            .db
            .scan_prefix(prefix, ..)
            .await
            .map_err(|error| convert(&error))?;
        while let Some(row) = found.next().await.map_err(|error| convert(&error))? {
            rows.push((row.key, row.value));
        }
        Ok(rows)
    }

    async fn closed(&self) -> EngineError {
        let mut status = self.db.subscribe();
        match status.wait_for(|status| status.close_reason.is_some()).await {
            Ok(status) if status.close_reason == Some(CloseReason::Fenced) => EngineError::Fenced,
            _ => EngineError::Closed,
        }
    }

    async fn close(&self) -> Result<(), EngineError> {
        self.db.close().await.map_err(|error| convert(&error))
    }
}

fn convert(error: &slatedb::Error) -> EngineError {
    match error.kind() {
        ErrorKind::Closed(CloseReason::Fenced) => EngineError::Fenced,
        ErrorKind::Closed(_) => EngineError::Closed,
        ErrorKind::Data => EngineError::Damaged(error.to_string()),
        _ => EngineError::Store(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_never_collected() {
        let settings = SlateSettings::default().to_slatedb();
        let collector = settings.garbage_collector_options.unwrap_or_default();
        assert!(collector.wal_fence_options.is_none());
        assert!(
            collector
                .wal_options
                .is_some_and(|log| log.min_age == SlateSettings::default().keep_log)
        );
    }
}

//! Variants of the design that are wrong on purpose. A simulation that does not catch them proves nothing.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use openclone_cluster::{
    batch::PartitionId,
    engine::{
        Durable, Engine, OpenEngine, already_durable,
        slate::{SlateOpener, SlateSettings},
    },
    error::EngineError,
    rows::{Rows, key},
};
use slatedb::config::Settings;

use super::store::SimStore;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// The product.
    Right,
    /// Fence objects are collected like the rest of the log.
    FencesCollected,
    /// Batches are acknowledged as soon as they are in memory.
    AcknowledgedBeforeDurable,
    /// Ids and entries are written one after the other.
    TwoWrites,
    /// A batch of known ids is acknowledged without waiting for what the look-up saw.
    SkippedWithoutWaiting,
    /// The owner trusts the map to be exclusive, so that objects of the log need no condition.
    MapBelieved,
    /// Ids are looked up without the tenant.
    TenantsShareIds,
}

/// Settings under which collection and tables happen within a simulated minute.
pub(crate) fn settings(variant: Variant) -> Settings {
    let mut settings = SlateSettings {
        flush: Duration::from_millis(100),
        keep_log: Duration::from_secs(4),
        collect_every: Duration::from_secs(2),
        poll: Duration::from_secs(1),
        table_bytes: 16 << 10,
        ..SlateSettings::default()
    }
    .to_slatedb();
    if variant == Variant::FencesCollected
        && let Some(collector) = &mut settings.garbage_collector_options
    {
        collector.wal_fence_options = collector.wal_options;
    }
    settings
}

/// Opens engines of a variant.
pub(crate) struct WrongOpener {
    inner: SlateOpener,
    variant: Variant,
}

impl WrongOpener {
    pub(crate) fn new(mut store: SimStore, variant: Variant, skew: i64, seed: u64) -> Self {
        store.unconditional = variant == Variant::MapBelieved;
        let clock = Arc::new(store.disk.clock.skewed(skew));
        let inner =
            SlateOpener::new(Arc::new(store), "cluster".into(), settings(variant)).with_clock(clock, seed);
        Self { inner, variant }
    }
}

#[async_trait]
impl OpenEngine for WrongOpener {
    async fn open(&self, partition: PartitionId) -> Result<Arc<dyn Engine>, EngineError> {
        let inner = self.inner.open(partition).await?;
        Ok(Arc::new(WrongEngine {
            inner,
            variant: self.variant,
        }))
    }
}

struct WrongEngine {
    inner: Arc<dyn Engine>,
    variant: Variant,
}

#[async_trait]
impl Engine for WrongEngine {
    async fn get(&self, row: &[u8]) -> Result<Option<Bytes>, EngineError> {
        self.inner.get(&self.key(row)).await
    }

    async fn write(&self, mut rows: Rows) -> Result<Durable, EngineError> {
        for (row, _) in &mut rows.puts {
            *row = self.key(row);
        }
        if self.variant == Variant::TwoWrites {
            let (ids, rest) = rows
                .puts
                .into_iter()
                .partition(|(row, _)| row.first() == Some(&key::ID));
            self.inner.write(Rows { puts: ids }).await?.await?;
            rows = Rows { puts: rest };
        }
        let durable = self.inner.write(rows).await?;
        match self.variant {
            Variant::AcknowledgedBeforeDurable => Ok(already_durable()),
            _ => Ok(durable),
        }
    }

    fn newest(&self) -> Durable {
        match self.variant {
            Variant::AcknowledgedBeforeDurable | Variant::SkippedWithoutWaiting => already_durable(),
            _ => self.inner.newest(),
        }
    }

    async fn scan(&self, prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>, EngineError> {
        self.inner.scan(prefix).await
    }

    async fn closed(&self) -> EngineError {
        self.inner.closed().await
    }

    async fn close(&self) -> Result<(), EngineError> {
        self.inner.close().await
    }
}

impl WrongEngine {
    fn key(&self, row: &[u8]) -> Bytes {
        let mut row = row.to_vec();
        if self.variant == Variant::TenantsShareIds && row.first() == Some(&key::ID) {
            row[1..9].fill(0);
        }
        row.into()
    }
}

//! A home with a vault in a temporary directory.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, mpsc},
    time::Duration,
};

use jiff::{Timestamp, civil, tz::TimeZone};
use openclone_vault::{
    AppendError, BatchBuilder, BatchContext, CheckpointPolicy, DayBy, DayRule, Event, EventId, Object,
    Options, PreparedBatch, Receipt, SourceType, Value, Vault, VaultDirs, WalOptions,
    maintenance::Maintenance,
};
use tempfile::TempDir;

/// The file that events of [`batch`] go to.
pub(crate) const FILE: &str = "Journal/2026-02-26.md";

pub(crate) struct TempVault {
    pub(crate) home: TempDir,
}

impl TempVault {
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn vault_path(&self, name: &str) -> PathBuf {
        self.path("vault").join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.vault_path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.vault_path(name), text).unwrap();
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            db: self.path("db"),
            wal: WalOptions::small(self.path("wal")),
            dirs: VaultDirs {
                default: self.path("vault"),
                tenants: self.path("tenants"),
            },
            min_free: 0,
            checkpoint: CheckpointPolicy::default(),
            open_files: 16,
        }
    }

    pub(crate) fn maintenance(&self) -> Maintenance {
        let options = self.options();
        Maintenance::new(options.db, options.wal, options.dirs, self.path("forgotten"))
    }

    pub(crate) fn open(&self) -> Vault {
        Vault::open(self.options()).unwrap()
    }

    /// Stores batches and closes; the sum of the receipts.
    pub(crate) fn store(&self, batches: impl IntoIterator<Item = PreparedBatch>) -> Receipt {
        let vault = self.open();
        let mut sum = Receipt {
            stored: 0,
            skipped: 0,
        };
        for batch in batches {
            let receipt = send(&vault, batch).unwrap();
            sum.stored += receipt.stored;
            sum.skipped += receipt.skipped;
        }
        vault.close().unwrap();
        sum
    }
}

/// Hands a batch over and waits for the answer.
pub(crate) fn send(vault: &Vault, batch: PreparedBatch) -> Result<Receipt, AppendError> {
    let (reply, answer) = mpsc::channel();
    vault.append(batch, move |outcome| _ = reply.send(outcome));
    answer.recv_timeout(Duration::from_secs(60)).unwrap()
}

pub(crate) fn id(plugin: &str, event: u32) -> EventId {
    EventId::from_ref("default", SourceType::Journal, plugin, &raw_ref(event))
}

/// Hostile, as any text of a plugin may be.
pub(crate) fn raw_ref(event: u32) -> String {
    format!("[{event}](x)#^oc-*")
}

/// One event a second from 10:00 on, each with a text of two lines.
pub(crate) fn batch(plugin: &str, events: impl IntoIterator<Item = u32>) -> PreparedBatch {
    batch_of("default", plugin, events)
}

pub(crate) fn batch_of(tenant: &str, plugin: &str, events: impl IntoIterator<Item = u32>) -> PreparedBatch {
    let days = DayRule {
        by: DayBy::Received,
        zone: TimeZone::get("Europe/Madrid").unwrap(),
        zone_name: "Europe/Madrid".to_owned(),
        starts_at: civil::Time::midnight(),
    };
    let tenant: Arc<str> = tenant.into();
    let first: Timestamp = "2026-02-26T09:00:00Z".parse().unwrap();
    let mut builder = BatchBuilder::new(BatchContext {
        tenant: &tenant,
        source_type: SourceType::Journal,
        plugin_id: plugin,
        plugin_version: "1.0.0",
        device_id: "test-001",
        received: "2026-02-26T13:30:00Z".parse().unwrap(),
        days: &days,
        format: openclone_vault::Format::default(),
    });
    for event in events {
        let raw_ref = raw_ref(event);
        let mut data = Object::default();
        data.push(
            "text",
            Value::String(format!("event {event}\nsecond line").into()),
        );
        let id = EventId::from_ref(&tenant, SourceType::Journal, plugin, &raw_ref);
        let timestamp = first + jiff::SignedDuration::from_secs(event.into());
        builder.push(
            id,
            &Event {
                timestamp,
                raw_ref: Some(&raw_ref),
                data: &data,
            },
        );
    }
    builder.finish()
}

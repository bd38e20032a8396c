//! The Markdown vault: renders events, drops duplicates, and appends each to its daily file exactly once.
//!
//! A synchronous library with a thread. It knows nothing of gRPC, HTTP or async runtimes. See [`writer`] for the
//! commit protocol and its invariants.
#![cfg_attr(
    feature = "baseline",
    allow(dead_code, reason = "the baseline does only half of the work")
)]

pub mod day;
pub mod entry;
pub mod error;
pub mod fs;
pub mod index;
pub mod maintenance;
pub mod markdown;
pub mod store;
#[cfg(any(test, fuzzing, feature = "testing"))]
pub mod testing;
pub mod wal;
pub mod writer;

pub use day::{DayBy, DayRule};
pub use entry::{BatchBuilder, BatchContext, DailyFile, Event, PreparedBatch, PreparedFile, ids_in};
pub use error::{AppendError, OpenError, Outage};
pub use markdown::{FieldSelection, Format, Metadata};
pub use openclone_core::{
    EventId, Sensitivity, SourceType, event_id,
    json::{Number, Object, Value},
};
pub use wal::WalOptions;
pub use writer::{CheckpointPolicy, Options, Receipt, State, Vault, VaultDirs, WriterStats};

/// The source types, as `openclone-core` has them.
pub mod source_type {
    pub use openclone_core::{Sensitivity, SourceType};
}

/// The values that events carry, as `openclone-core` has them.
pub mod value {
    pub use openclone_core::json::{self, Number, Object, Value};
}

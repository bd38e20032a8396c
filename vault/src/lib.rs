//! The Markdown vault: renders events, drops duplicates, and appends each to its daily file exactly once.
//!
//! A synchronous library with a thread. It knows nothing of gRPC, HTTP or async runtimes. See [`writer`] for the
//! commit protocol and its invariants.
#![cfg_attr(
    feature = "ceiling",
    allow(dead_code, reason = "the ceiling leaves half of the work out")
)]

/// The name under which cases that are shared with the fuzz targets know the library.
#[cfg(test)]
extern crate self as openclone_vault;

mod append;
mod boot;
mod checkpoint;
pub mod day;
pub mod entry;
pub mod error;
pub mod event_id;
mod files;
pub mod filter;
pub mod fs;
mod gather;
pub mod index;
pub mod journal;
pub mod markdown;
mod recovery;
pub mod source_type;
pub mod store;
pub mod upkeep;
pub mod value;
mod vaults;
pub mod writer;

pub use day::{DayBy, DayRule};
pub use entry::{BatchBuilder, BatchContext, DailyFile, Event, PreparedBatch, PreparedFile, ids_in};
pub use error::{AppendError, OpenError, Outage};
pub use event_id::EventId;
pub use source_type::{Sensitivity, SourceType};
pub use value::{Number, Object, Value};
pub use writer::{CheckpointPolicy, Figures, Options, Receipt, State, Vault, VaultDirs};

//! The rules for the fields of a batch that need no protobuf.
//!
//! A [`Rule`] is one constraint, a [`Violation`] is a rule broken at a path. [`Violations`] collects them while the fields
//! of a batch are visited in order.

mod data;
mod describe;
mod fields;
mod rule;
mod violation;

pub use data::check_data;
pub use fields::{device_id, event_count, plugin_id, plugin_version, timestamp};
pub use rule::Rule;
pub use violation::{Segment, Violation, Violations};

pub use crate::{
    plugin_id::MAX_LEN as MAX_PLUGIN_ID,
    timestamp::{EARLIEST, MAX_AHEAD},
    version::MAX_LEN as MAX_PLUGIN_VERSION,
};

/// Events in one batch, at most.
pub const MAX_EVENTS: usize = 500;
/// Violations listed for one batch, at most.
pub const MAX_VIOLATIONS: usize = 100;
/// Bytes of a `raw_ref`, at most.
pub const MAX_RAW_REF: usize = 256;
/// Levels of nested containers in `data`, the object itself included, at most.
pub const MAX_DATA_DEPTH: usize = 32;
/// Members of one object in `data`, at most.
pub const MAX_DATA_KEYS: usize = 256;
/// Bytes of one key in `data`, at most.
pub const MAX_DATA_KEY: usize = 128;
/// Bytes of one string in `data`, at most.
pub const MAX_DATA_STRING: usize = 256 * 1024;

//! Types and rules that every part of OpenClone shares. No I/O, no async, no protobuf.
//!
//! - [`SourceType`], [`Sensitivity`], [`Platform`]: the enumerations of the contract, one table each.
//! - [`TenantId`], [`PluginId`], [`EventId`]: identifiers that are valid by construction.
//! - [`timestamp`]: Unix timestamps, their range, and the one rule for rounding them.
//! - [`json`]: the one JSON reader, and the values that events carry.
//! - [`validate`]: the rules for the fields of a batch that need no protobuf.
//! - [`header`]: names of HTTP headers and gRPC metadata.

pub mod event_id;
pub mod header;
pub mod json;
mod platform;
mod plugin_id;
mod source_type;
pub mod tenant;
pub mod timestamp;
pub mod validate;
pub mod version;

pub use event_id::EventId;
pub use platform::Platform;
pub use plugin_id::PluginId;
pub use source_type::{Sensitivity, SourceType};
pub use tenant::TenantId;

//! Client for OpenClone's ingest service: the SDK for plugins, the generated messages and clients, and the rules of a
//! batch.
//!
//! - [`sdk`]: for plugins: queue events, and they arrive exactly once. Behind the feature `sdk`, which is on by default.
//! - [`stream`]: one stream of batches, without a spool. Behind the feature `stream`.
//! - [`v1`]: messages and clients generated from `proto/openclone/v1`.
//! - [`names`]: the enumerations and their names in JSON.
//! - [`payload`]: the typed payloads of events and their fields.
//! - [`mod@validate`]: the rules of a batch, the same for the service, the gateway and every plugin.

#![warn(missing_docs)]

pub mod names;
pub mod payload;
#[cfg(feature = "sdk")]
pub mod sdk;
#[cfg(feature = "stream")]
pub mod stream;
pub mod validate;

/// Generated from `proto/openclone/v1`.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    tonic::include_proto!("openclone.v1");
}

pub use openclone_core::json;
pub use validate::{Rule, Segment, Violation, validate};

//! Client for OpenClone's ingest service: an SDK for plugins, the generated messages and client, and the rules of a batch.
//!
//! - [`sdk`]: what a plugin uses: queue events, and they arrive. Behind the feature `sdk`, which is on by default.
//! - [`v1`]: messages and clients generated from `proto/openclone/v1`.
//! - [`names`]: what the enums are called in JSON.
//! - [`mod@validate`]: the rules of a batch, the same for the service, the gateway and every plugin.
//! - [`json`]: the reader of JSON text that the rules are checked with.

#![warn(missing_docs)]

pub mod json;
pub mod names;
#[cfg(feature = "sdk")]
pub mod sdk;
pub mod validate;

/// Generated from `proto/openclone/v1`.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    tonic::include_proto!("openclone.v1");
}

pub use validate::{Rule, Segment, Violation, validate};

//! OpenClone's ingest service.
//!
//! A request passes [`net`] (sockets, TLS, `Host` and `Origin`), then either the gateway's JSON routes or tonic, [`auth`]
//! (authentication) and [`ingest`] (validation, redaction, rendering), and ends in the vault's writer. [`app`] composes
//! the service, [`cli`] is the command line, [`config`] reads the options and locates the home directory.

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod ingest;
pub mod limit;
pub mod net;
pub mod observe;
pub mod registry;
pub mod runtime;

/// Server traits generated from `proto/openclone/v1`.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    tonic::include_proto!("openclone.v1");
}

//! OpenClone's ingest service.
//!
//! The way in: [`server`] (sockets, TLS, `Host` and `Origin`) → the gateway's JSON routes or gRPC itself → [`auth`] (who
//! is calling) → [`ingest`] (protocol) → [`pipeline`] (limit, rules, ids, redaction, Markdown) → the vault's writer.
//! [`app`] puts it together; [`cli`] is the command line; [`config`] and [`home`] say where everything is.

pub mod access;
mod admission;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
mod direct;
pub mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod health;
pub mod home;
pub mod ingest;
pub mod lifecycle;
pub mod limit;
pub mod meters;
mod payload;
pub mod pipeline;
mod prepare;
mod probes;
pub mod registry;
pub mod server;
pub mod telemetry;
mod tenants;
#[cfg(test)]
mod testing;

/// Server traits generated from `proto/openclone/v1`.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    tonic::include_proto!("openclone.v1");
}

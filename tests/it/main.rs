//! Integration tests of the service, over real sockets and mostly against the real binary.
//!
//! One program, so that RocksDB is linked once. `cargo test --release -p openclone --test it MODULE::` runs one topic;
//! `scripts/reliability` runs the long forms of [`flood`], [`overload`], [`reliability`] and [`security`].

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

/// A service inside this process, with clients for HTTP and gRPC.
mod app;
/// Batches and keys for tests that send over every transport.
mod batches;
/// The real binary as a child process.
mod process;

/// Connections that are idle, slow or abandoned.
mod connections;
/// Every event ends in exactly one counter of `/metrics`.
mod counters;
/// Kills at start, in flight and at shutdown; what is acknowledged is stored once.
mod crash;
/// The day under which an event is filed: time zones, day start, clocks.
mod days;
/// Denial-of-service attacks while a well-behaved client is served.
#[cfg(target_os = "linux")]
mod flood;
/// `openclone gateway` in front of a service in another process.
mod gateway;
/// The gRPC services, compression, health and reflection.
mod grpc;
/// The documented JSON endpoint.
mod ingest;
/// API keys: file, scopes, tenants, limits, on every transport.
mod keys;
/// `fsck`, `reindex`, `find` and `forget`.
mod maintenance;
/// Commands, documents, traces and completions that operators use.
mod operate;
/// More batches than the disk can store.
#[cfg(target_os = "linux")]
mod overload;
/// JSON in the same process and through a remote gateway give the same responses.
mod parity;
/// `openclone plugins`: new, lint, install, list.
mod plugins;
/// Secrets in events.
mod redaction;
/// Manifests, catalogue and the plugin API.
mod registry;
/// The real binary under kills, on full disks and without memory; and faulty stores that these tests must catch.
#[cfg(unix)]
mod reliability;
/// The sample batches in `tests/data`.
mod samples;
/// Attacks on keys, tenants, files and browsers.
mod security;
/// What a start checks, creates and prints.
mod startup;
/// TLS.
mod tls;

//! Keys and tenants over real sockets: who may do what, on every transport, and what happens when that changes.

#![allow(clippy::unwrap_used, missing_docs)]

mod calls;
#[allow(dead_code)]
#[path = "../common/app.rs"]
mod common;
mod doors;
mod file;
mod rates;
mod streams;
mod tenants;

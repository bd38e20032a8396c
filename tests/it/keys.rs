//! Keys and tenants over real sockets: who may do what, on every transport, and what happens when that changes.

mod calls;
mod file;
mod rates;
mod streams;
mod tenants;
mod transports;

//! API keys and tenants over real sockets: permissions on every transport, and changes while the service runs.

mod calls;
mod file;
mod rates;
mod streams;
mod tenants;
mod transports;

//! The network side of the service: accepts connections and responses HTTP/1, HTTP/2, gRPC and gRPC-Web on one port.
//!
//! [`server`] accepts and drains connections; [`connection`] handles the requests of one connection; [`router`] selects
//! gRPC, the JSON endpoint or another route. The other modules bound what one client can use: [`connection_limiter`] and
//! [`request_limiter`] (concurrency), [`connection_state`] (time), [`limited_body`] (memory), [`write_timeout`] and
//! [`tcp_keepalive`] (clients that stop reading or disappear), [`guard`] and [`cors`] (`Host` and `Origin`).

mod connection;
mod connection_limiter;
mod connection_state;
mod cors;
pub(crate) mod guard;
mod guarded_response;
mod limited_body;
mod request_limiter;
mod response_future;
mod router;
mod server;
mod tcp_keepalive;
mod tls;
mod write_timeout;

pub use router::ServiceRouter;
pub use server::Server;
pub use tls::{TlsAcceptor, TlsError};

//! The documented JSON endpoint in front of the gRPC service.
//!
//! Only this crate knows the JSON wire format. It speaks to the service through one trait, [`Backend`]:
//! [`RemoteBackend`] calls a service elsewhere over a channel; the service itself has one that calls it in the same process.
//! A request passes `routes` (the order of steps), `body` (reading within limits), `batch` (from JSON to a batch),
//! the backend, and `response`. Every error becomes an HTTP response in `http_error`, the only place for HTTP statuses.

pub mod backend;
mod batch;
mod body;
mod docs;
mod endpoint;
mod http_error;
mod openapi;
mod options;
mod read_batch;
mod registry;
mod response;
mod routes;
mod tenants;
mod validation_error;

pub use backend::{Backend, RemoteBackend};
pub use endpoint::Endpoint;
pub use http_error::{error_response, not_ready};
pub use options::{GatewayOptions, OnRejection, Redact, Rejection, Undecodable};
pub use read_batch::read_batch;
pub use registry::PluginList;
pub use routes::{method_not_allowed, not_found};

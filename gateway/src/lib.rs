//! The documented JSON endpoint in front of the gRPC service.
//!
//! This is the only room that knows the JSON wire format. It speaks to the service through the generated client over a
//! [`Transport`], which is the service in the same process or one far away; nothing but metadata carries identity
//! across. An [`Endpoint`] is all of it: a request is checked (`access`), its body read within bounds (`body`), turned into a
//! batch (`batch`), sent, and the answer turned into JSON (`answer`). Whatever goes wrong on the way becomes an HTTP
//! answer in `rejection`, the one place that knows which gRPC status is which HTTP status.

mod access;
mod answer;
mod batch;
mod body;
mod docs;
mod endpoint;
mod fault;
mod openapi;
mod options;
mod read;
mod registry;
mod rejection;
mod routes;
mod transport;
mod upstream;

pub use endpoint::Endpoint;
pub use options::{GatewayOptions, OnRefusal, Redact, Refusal, Unread};
pub use read::read_batch;
pub use registry::PluginList;
pub use routes::{method_not_allowed, not_found, router};
pub use transport::{Direct, DirectAnswer, DirectCaller, Transport, TransportError};

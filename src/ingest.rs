//! Ingestion of batches, from a decoded request to the vault's writer.
//!
//! [`service`] implements the gRPC service and [`local`] serves the gateway in the same process; both call [`pipeline`],
//! which validates, authorises, admits, redacts and renders a batch and hands it to the writer.

pub(crate) mod admission;
pub(crate) mod local;
mod normalise;
mod payload;
pub mod pipeline;
pub(crate) mod prepare;
#[cfg(test)]
mod rendered;
mod service;
mod stream;
mod stream_request;
pub(crate) mod undecodable;

pub(crate) use service::RequestId;
pub use service::{Ingest, MAX_MESSAGE};
pub use stream_request::StreamRequest;

//! Client for OpenClone's ingest service: the generated messages and client, and the rules of a batch.

/// Generated from `proto/openclone/v1`.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    tonic::include_proto!("openclone.v1");
}

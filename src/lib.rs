//! OpenClone's ingest service.

pub mod redact;

/// Server traits generated from `proto/openclone/v1`.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    tonic::include_proto!("openclone.v1");
}

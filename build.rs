//! Generates the server traits from the contract in `proto/`, and the descriptor set that reflection serves.
//! Messages are those of `clients/rust`, so that server, gateway and SDK share one set of types.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const FILES: [&str; 6] = [
    "openclone/v1/batch.proto",
    "openclone/v1/ingest_service.proto",
    "openclone/v1/access_service.proto",
    "openclone/v1/registry_service.proto",
    "openclone/v1/tenant_service.proto",
    "openclone/v1/operations_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(FILES, ["proto"])?;
    let target = PathBuf::from(env::var("OUT_DIR")?).join("openclone.v1.bin");
    fs::write(target, descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_client(false)
        .extern_path(".openclone.v1", "::openclone_client::v1")
        // keeps the error of an undecodable message, so that a stream survives it
        .extern_path(".openclone.v1.IngestRequest", "crate::ingest::StreamRequest")
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(descriptors)?;
    Ok(())
}

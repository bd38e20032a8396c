//! Generates messages and client from the contract in `proto/`, without protoc.

use std::{env, error::Error, path::PathBuf};

const FILES: [&str; 4] = [
    "openclone/v1/batch.proto",
    "openclone/v1/ingest_service.proto",
    "openclone/v1/access_service.proto",
    "openclone/v1/registry_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let include = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", include.display());
    let descriptors = protox::compile(FILES, [&include])?;
    tonic_prost_build::configure()
        .build_server(false)
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(descriptors)?;
    Ok(())
}

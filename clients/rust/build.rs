//! Generates messages, client and the table of typed payloads from the contract in `proto/`, without protoc.

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};

const FILES: [&str; 6] = [
    "openclone/v1/batch.proto",
    "openclone/v1/ingest_service.proto",
    "openclone/v1/access_service.proto",
    "openclone/v1/registry_service.proto",
    "openclone/v1/tenant_service.proto",
    "openclone/v1/operations_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let include = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("proto");
    println!("cargo:rerun-if-changed={}", include.display());
    let descriptors = protox::compile(FILES, [&include])?;
    let target = PathBuf::from(env::var("OUT_DIR")?).join("payloads.rs");
    fs::write(target, payload_table(&descriptors)?)?;
    tonic_prost_build::configure()
        .build_server(false)
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(descriptors)?;
    Ok(())
}

/// The typed payloads of an event and their fields, as a call of the macro in `payload.rs`.
fn payload_table(descriptors: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let messages = || descriptors.file.iter().flat_map(|file| &file.message_type);
    let find = |name: &str| messages().find(|message| message.name() == name);
    let event = find("Event").ok_or("the contract has no message Event")?;
    let mut table = String::from("payloads! {\n");
    for field in event.field.iter().filter(|field| is_payload(event, field)) {
        let name = field.type_name().rsplit('.').next().unwrap_or_default();
        let payload = find(name).ok_or_else(|| format!("the contract has no message {name}"))?;
        let fields: Vec<&str> = payload.field.iter().map(|field| field.name()).collect();
        writeln!(table, "    {name} {{ {} }}", fields.join(", "))?;
    }
    table.push_str("}\n");
    Ok(table)
}

fn is_payload(event: &DescriptorProto, field: &prost_types::FieldDescriptorProto) -> bool {
    let oneof = field
        .oneof_index
        .and_then(|index| event.oneof_decl.get(usize::try_from(index).ok()?));
    field.r#type() == Type::Message && oneof.is_some_and(|oneof| oneof.name() == "data")
}

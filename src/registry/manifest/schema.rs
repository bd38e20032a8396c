//! The JSON Schema of `plugin.json`, generated from the table that manifests are read with.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::FIELDS;

/// The schema as it is served and committed.
pub static SCHEMA: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", schema()));

fn schema() -> Value {
    let properties: Map<String, Value> = FIELDS
        .iter()
        .map(|field| {
            let mut schema = field.schema();
            schema["description"] = field.about.into();
            (field.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<_> = FIELDS
        .iter()
        .filter(|field| field.is_required)
        .map(|field| field.name)
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://openclone.dev/schemas/plugin.json",
        "title": "OpenClone plugin manifest",
        "description": "plugin.json, at the root of a plugin's directory: at most 64 KiB, 16 levels deep, no key twice. \
            Further members are kept and shown.",
        "type": "object",
        "required": required,
        "properties": properties
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// `OPENCLONE_WRITE_SCHEMA=1 cargo test --release committed_schema` regenerates it.
    #[test]
    fn the_committed_schema_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/plugins/plugin.schema.json");
        if std::env::var_os("OPENCLONE_WRITE_SCHEMA").is_some() {
            std::fs::write(path, SCHEMA.as_str()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), *SCHEMA);
    }
}

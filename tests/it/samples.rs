//! The sample batches in `tests/data`: one per source type, with all of its typical fields.

use std::{collections::BTreeSet, fs, path::Path};

use openclone_redact::{RedactConfig, Redactor};
use openclone_vault::SourceType;
use serde_json::Value;

fn sample(source_type: SourceType) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(format!("{}.json", source_type.as_str()));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_source_type_has_a_batch_with_all_its_typical_fields() {
    for source_type in SourceType::ALL {
        let batch = sample(source_type);
        assert_eq!(batch["source_type"], source_type.as_str());
        let events = batch["events"].as_array().unwrap();
        assert!(events.len() >= 2, "{}", source_type.as_str());
        let fields: BTreeSet<&str> = events
            .iter()
            .flat_map(|event| event["data"].as_object().unwrap().keys())
            .map(String::as_str)
            .collect();
        let typical: BTreeSet<&str> = source_type.typical_fields().iter().copied().collect();
        assert_eq!(fields, typical, "{}", source_type.as_str());
    }
}

#[test]
fn redaction_leaves_ordinary_events_alone() {
    let redactor = Redactor::new(&RedactConfig::default()).unwrap();
    for source_type in SourceType::ALL {
        let text = sample(source_type).to_string();
        assert_eq!(redactor.redact_str(&text), (text.as_str().into(), 0));
    }
}

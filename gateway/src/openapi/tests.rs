#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use super::*;

fn references<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
        _ => {}
    }
}

#[test]
fn every_reference_resolves() {
    let mut found = HashSet::new();
    references(&DOCUMENT, &mut found);
    assert!(found.len() > 15);
    for reference in found {
        assert!(DOCUMENT.pointer(&reference[1..]).is_some(), "{reference}");
    }
}

#[test]
fn example_is_a_valid_batch() {
    let example =
        DOCUMENT.pointer("/paths/~1api~1v1~1ingest/post/requestBody/content/application~1json/example");
    let decoded = crate::batch::decode(&example.unwrap().to_string()).unwrap();
    assert_eq!(decoded.violations, []);
    assert_eq!(
        openclone_client::validate(&decoded.batch, std::time::SystemTime::now()),
        []
    );
}

#[test]
fn every_status_of_an_operation_is_described() {
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            assert!(operation["responses"]["200"]["description"].is_string(), "{path}");
        }
    }
    assert_eq!(DOCUMENT["components"]["responses"].as_object().unwrap().len(), 11);
}

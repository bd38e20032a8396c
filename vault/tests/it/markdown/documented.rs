//! The documented example, byte for byte, and that both forms of data are one.

use std::sync::Arc;

use jiff::{civil, tz::TimeZone};
use openclone_vault::{
    BatchBuilder, BatchContext, DayBy, DayRule, Event, EventId, Format, Number, Object, SourceType, Value,
};
use proptest::prelude::*;

use super::batch::Setting;

#[test]
fn the_example_of_the_documentation() {
    let tenant: Arc<str> = Arc::from("default");
    let days = DayRule {
        by: DayBy::Received,
        zone: TimeZone::get("Europe/Madrid").unwrap(),
        zone_name: "Europe/Madrid".to_owned(),
        starts_at: civil::Time::midnight(),
    };
    let mut builder = BatchBuilder::new(BatchContext {
        tenant: &tenant,
        source_type: SourceType::AudioSystem,
        plugin_id: "openclone-mac-audio",
        plugin_version: "1.0.0",
        device_id: "550e8400-e29b-41d4-a716-446655440000",
        received: "2026-02-26T13:30:00Z".parse().unwrap(),
        days: &days,
        format: Format::default(),
    });
    let json = r#"{"text": "We discussed the product roadmap for Q2.", "duration": 60, "app_name": "Google Meet",
        "confidence": 0.95}"#;
    let reference = "chunk-2026-02-18-14h30-001";
    let id = EventId::from_ref(
        "default",
        SourceType::AudioSystem,
        "openclone-mac-audio",
        reference,
    );
    let data = Object::parse(json).unwrap();
    let timestamp = "2026-02-26T13:30:00Z".parse().unwrap();
    builder.push(
        id,
        &Event {
            timestamp,
            raw_ref: Some(reference),
            data: &data,
        },
    );
    let batch = builder.finish();

    let file = &batch.files[0];
    assert_eq!(file.path.to_string(), "Audio/2026-02-26.md");
    let whole = [file.header.as_slice(), &file.bytes].concat();
    assert_eq!(
        String::from_utf8(whole).unwrap(),
        include_str!("../../data/example.md")
    );
}

/// Values as a typed payload gives them, and as JSON.
fn value() -> impl Strategy<Value = (Value<'static>, serde_json::Value)> {
    prop_oneof![
        any::<i64>().prop_map(|number| (Value::Number(Number::from(number)), number.into())),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| (Value::Number(Number::from(number)), number.into())),
        (-1000_i32..1000).prop_map(|number| (
            Value::Number(Number::from(f64::from(number))),
            f64::from(number).into()
        )),
        any::<String>().prop_map(|text| (Value::String(text.clone().into()), text.into())),
        prop::collection::vec(any::<String>(), 0..4).prop_map(|texts| {
            let strings = texts
                .iter()
                .map(|text| Value::String(text.clone().into()))
                .collect();
            (Value::Array(strings), texts.into())
        }),
    ]
}

proptest! {
    #[test]
    fn typed_and_json_data_are_one(
        source_type in prop::sample::select(SourceType::ALL.to_vec()),
        values in prop::collection::vec(value(), 5),
    ) {
        let mut typed = Object::default();
        let mut json = serde_json::Map::new();
        for (key, (value, same)) in source_type.typical_fields().iter().zip(values) {
            typed.push(*key, value);
            json.insert((*key).to_owned(), same);
        }
        let json = serde_json::Value::Object(json).to_string();
        let parsed = Object::parse(&json).unwrap();
        let setting = Setting::new(source_type);
        prop_assert_eq!(setting.item(&typed), setting.item(&parsed));
        let id = |data: &Object<'_>| EventId::from_content("t", source_type, "p", "d", 1, data);
        prop_assert_eq!(id(&typed), id(&parsed));
    }
}

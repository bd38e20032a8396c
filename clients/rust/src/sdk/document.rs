//! The documented JSON: events and batches as `POST /api/v1/ingest` takes them.

use std::fmt::Write as _;

use prost_types::Timestamp;
use serde_json::Value;

use super::typed;
use crate::v1::{self, Platform, SourceType, event::Data};

/// Adds a batch up to its events: `{"source_type": …, "events":[`.
pub(super) fn begin(text: &mut String, header: &v1::Batch, timestamp: &Timestamp) {
    let source_type = SourceType::try_from(header.source_type)
        .unwrap_or_default()
        .json_name();
    let platform = Platform::try_from(header.platform)
        .unwrap_or_default()
        .json_name();
    let fields = [
        ("source_type", source_type),
        ("platform", platform),
        ("device_id", &header.device_id),
        ("plugin_id", &header.plugin_id),
        ("plugin_version", &header.plugin_version),
    ];
    text.push('{');
    for (name, value) in fields {
        let _ = write!(text, "\"{name}\":{},", Value::from(value));
    }
    text.push_str("\"timestamp\":");
    seconds(text, timestamp);
    text.push_str(",\"events\":[");
}

/// Adds one event.
pub(super) fn event(text: &mut String, event: &v1::Event) {
    text.push_str("{\"timestamp\":");
    seconds(text, &event.timestamp.unwrap_or_default());
    let _ = write!(text, ",\"raw_ref\":{},\"data\":", Value::from(event.raw_ref()));
    match &event.data {
        // Passed on as it is, with every digit.
        Some(Data::Json(json)) => text.push_str(json),
        Some(data) => {
            let _ = write!(
                text,
                "{}",
                Value::Object(typed::to_json(data).unwrap_or_default())
            );
        }
        None => text.push_str("{}"),
    }
    text.push('}');
}

/// The whole batch, as a request's body.
pub(super) fn batch<'a>(
    header: &v1::Batch,
    timestamp: &Timestamp,
    events: impl Iterator<Item = &'a v1::Event>,
) -> String {
    let mut text = String::new();
    begin(&mut text, header, timestamp);
    for (number, one) in events.enumerate() {
        if number > 0 {
            text.push(',');
        }
        event(&mut text, one);
    }
    text.push_str("]}");
    text
}

/// Unix seconds with as many digits as the service keeps.
fn seconds(text: &mut String, timestamp: &Timestamp) {
    let _ = write!(text, "{}.{:06}", timestamp.seconds, timestamp.nanos / 1000);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_the_documented_one() {
        let header = v1::Batch {
            source_type: SourceType::Braindump.into(),
            platform: Platform::Linux.into(),
            device_id: "test-001".to_owned(),
            plugin_id: "my-plugin".to_owned(),
            plugin_version: "1.0.0".to_owned(),
            ..v1::Batch::default()
        };
        let at = Timestamp {
            seconds: 1_708_258_800,
            nanos: 5_000,
        };
        let event = |raw_ref: &str, data| v1::Event {
            timestamp: Some(at),
            raw_ref: Some(raw_ref.to_owned()),
            data: Some(data),
        };
        let events = [
            event("a\"b", Data::Json("{\"n\": 12345678901234567890}".to_owned())),
            event(
                "c",
                v1::Braindump {
                    text: Some("é\n".to_owned()),
                }
                .into(),
            ),
        ];
        assert_eq!(
            batch(&header, &at, events.iter()),
            r#"{"source_type":"braindump","platform":"linux","device_id":"test-001","plugin_id":"my-plugin","plugin_version":"1.0.0","timestamp":1708258800.000005,"events":[{"timestamp":1708258800.000005,"raw_ref":"a\"b","data":{"n": 12345678901234567890}},{"timestamp":1708258800.000005,"raw_ref":"c","data":{"text":"é\n"}}]}"#
        );
    }
}

//! Changes batches on their way, so that the service itself finds them wrong.

use openclone_client::v1::{Event, IngestRequest, event::Data};
use prost::Message as _;
use serde_json::Value;

use super::fault::Kind;

/// Seconds by which times are moved: two days, while one is allowed.
const AHEAD: i64 = 2 * 86_400;
/// Bytes of a `raw_ref` that is too long.
const LONG: usize = 300;
/// Levels of data that is too deep.
const DEEP: usize = 40;

/// An encoded `IngestRequest`, changed; as it is, if it cannot be read.
pub(super) fn message(kind: &Kind, message: &[u8]) -> Vec<u8> {
    let Ok(mut request) = IngestRequest::decode(message) else {
        return message.to_vec();
    };
    let Some(batch) = request.batch.as_mut() else {
        return message.to_vec();
    };
    if matches!(kind, Kind::Clock)
        && let Some(timestamp) = &mut batch.timestamp
    {
        timestamp.seconds += AHEAD;
    }
    for event in &mut batch.events {
        change_event(kind, event);
    }
    request.encode_to_vec()
}

fn change_event(kind: &Kind, event: &mut Event) {
    let raw_ref = event.raw_ref().to_owned();
    let is_named = |refs: &[String]| refs.contains(&raw_ref);
    match kind {
        Kind::Clock => move_time(event),
        Kind::Ahead { raw_refs } if is_named(raw_refs) => move_time(event),
        Kind::Spoil { long, .. } if is_named(long) => event.raw_ref = Some("r".repeat(LONG)),
        Kind::Spoil { deep, .. } if is_named(deep) => event.data = Some(Data::Json(deep_data())),
        _ => {}
    }
}

fn move_time(event: &mut Event) {
    if let Some(timestamp) = &mut event.timestamp {
        timestamp.seconds += AHEAD;
    }
}

/// A documented batch, changed; as it is, if it cannot be read.
pub(super) fn document(kind: &Kind, body: &[u8]) -> Vec<u8> {
    let Ok(mut batch) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    if matches!(kind, Kind::Clock) {
        move_seconds(&mut batch["timestamp"]);
    }
    for event in batch["events"].as_array_mut().into_iter().flatten() {
        let raw_ref = event["raw_ref"].as_str().unwrap_or_default().to_owned();
        match kind {
            Kind::Clock => move_seconds(&mut event["timestamp"]),
            Kind::Ahead { raw_refs } if raw_refs.contains(&raw_ref) => move_seconds(&mut event["timestamp"]),
            Kind::Spoil { long, .. } if long.contains(&raw_ref) => event["raw_ref"] = "r".repeat(LONG).into(),
            Kind::Spoil { deep, .. } if deep.contains(&raw_ref) => {
                event["data"] = serde_json::from_str(&deep_data()).unwrap_or_default();
            }
            _ => {}
        }
    }
    batch.to_string().into_bytes()
}

fn move_seconds(timestamp: &mut Value) {
    #[expect(clippy::cast_precision_loss, reason = "two days")]
    let moved = timestamp.as_f64().unwrap_or_default() + AHEAD as f64;
    *timestamp = moved.into();
}

fn deep_data() -> String {
    format!("{}{{}}{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP))
}

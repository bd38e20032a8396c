//! Events that the server rejected: each a documented batch of its own, with one member more, `rejected`. After repair
//! `openclone ingest FILE` sends it.

use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use prost_types::Timestamp;
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::{document, state::write_whole};
use crate::v1::{Batch, Event};

/// Writes it down; the same event again takes the position of the first.
pub(super) fn write(
    directory: &Path,
    header: &Batch,
    timestamp: &Timestamp,
    event: &Event,
    reasons: &[String],
) -> io::Result<PathBuf> {
    let path = directory.join(name(event.raw_ref()));
    let mut text = document::batch(header, timestamp, std::iter::once(event));
    text.pop();
    let _ = writeln!(text, ",\"rejected\":{}}}", Value::from(reasons));
    write_whole(&path, text.as_bytes())?;
    Ok(path)
}

/// The first 32 hex digits of SHA-256 of the `raw_ref`, which itself may hold what no file name can.
fn name(raw_ref: &str) -> String {
    let mut name = String::new();
    for byte in digest(&SHA256, raw_ref.as_bytes()).as_ref().iter().take(16) {
        let _ = write!(name, "{byte:02x}");
    }
    name + ".json"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::Braindump;

    #[test]
    fn a_dead_letter_is_a_documented_batch_with_its_reasons() {
        let directory = tempfile::tempdir().unwrap();
        let event = Event {
            timestamp: Some(Timestamp {
                seconds: 1_708_258_800,
                nanos: 0,
            }),
            raw_ref: Some("abc".to_owned()),
            data: Some(
                Braindump {
                    text: Some("x".to_owned()),
                }
                .into(),
            ),
        };
        let at = Timestamp {
            seconds: 1_708_258_900,
            nanos: 0,
        };
        let reasons = ["events[0].timestamp: too late".to_owned()];
        let path = write(directory.path(), &Batch::default(), &at, &event, &reasons).unwrap();
        assert!(path.ends_with("ba7816bf8f01cfea414140de5dae2223.json"));
        let batch: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(batch["rejected"][0], "events[0].timestamp: too late");
        assert_eq!(batch["events"][0]["data"]["text"], "x");
        assert_eq!(batch["timestamp"], 1_708_258_900.0);
    }
}

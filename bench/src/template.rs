//! Batches that are made once and sent many times, each time with new refs written over the old ones: the machine that is
//! measured also runs the load, and what the load costs is missing from the result.
//!
//! An event is an 85-character transcript, about 190 bytes of Markdown.

mod others;

use std::{
    ops::Range,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use openclone_client::v1::{AudioSystem, Batch, Event, Platform, SourceType, event::Data};
use prost::{
    Message as _,
    encoding::{self, WireType},
};
use prost_types::Timestamp;

const TEXT: &str = "We discussed the product roadmap for the second quarter and agreed on what comes next.";
const DEVICE: &str = "550e8400-e29b-41d4-a716-446655440000";
/// Hex digits of run, sender, batch and position in a ref.
const DIGITS: [usize; 4] = [16, 3, 8, 3];
const REF: usize = 16 + 3 + 8 + 3;

/// An encoded batch and where its refs stand.
pub(crate) struct Template {
    bytes: Vec<u8>,
    refs: Vec<usize>,
    run: u64,
    sender: u64,
}

impl Template {
    /// A `Batch` for gRPC. `run` keeps the refs of one run apart from another's.
    pub(crate) fn message(run: u64, sender: usize, events: usize) -> Self {
        let timestamp = Some(Timestamp::from(SystemTime::now()));
        let event = Event {
            timestamp,
            raw_ref: Some(placeholder()),
            data: Some(Data::AudioSystem(AudioSystem {
                text: Some(TEXT.to_owned()),
                duration: Some(60.0),
                app_name: None,
                confidence: Some(0.95),
            })),
        };
        let batch = Batch {
            source_type: SourceType::AudioSystem.into(),
            platform: Platform::Linux.into(),
            device_id: DEVICE.to_owned(),
            plugin_id: "openclone-bench".to_owned(),
            plugin_version: "1.0.0".to_owned(),
            timestamp,
            events: vec![event; events],
        };
        Self::new(batch.encode_to_vec(), run, sender)
    }

    /// A body for the JSON endpoint.
    pub(crate) fn json(run: u64, sender: usize, events: usize) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let event = format!(
            r#"{{"timestamp":{now}.5,"data":{{"text":"{TEXT}","duration":60,"confidence":0.95}},"raw_ref":"{}"}}"#,
            placeholder()
        );
        let body = format!(
            r#"{{"source_type":"audio_system","platform":"linux","device_id":"{DEVICE}","plugin_id":"openclone-bench","plugin_version":"1.0.0","timestamp":{now}.5,"events":[{}]}}"#,
            vec![event; events].join(",")
        );
        Self::new(body.into_bytes(), run, sender)
    }

    fn new(bytes: Vec<u8>, run: u64, sender: usize) -> Self {
        let placeholder = placeholder().into_bytes();
        let refs = (0..bytes.len().saturating_sub(REF))
            .filter(|&at| bytes[at..].starts_with(&placeholder))
            .collect();
        Self {
            bytes,
            refs,
            run,
            sender: sender as u64,
        }
    }

    /// The bytes of batch `number`.
    pub(crate) fn batch(&mut self, number: u64) -> &[u8] {
        for (position, &at) in self.refs.iter().enumerate() {
            let parts = [self.run, self.sender, number, position as u64];
            let mut from = at;
            for (part, digits) in parts.into_iter().zip(DIGITS) {
                write_hex(&mut self.bytes, from..from + digits, part);
                from += digits;
            }
        }
        &self.bytes
    }

    /// An `IngestRequest` with `number` as its sequence.
    pub(crate) fn stream_request(&mut self, number: u64) -> Bytes {
        let mut out = BytesMut::with_capacity(self.bytes.len() + 16);
        encoding::uint64::encode(1, &number, &mut out);
        self.write_field(2, number, &mut out);
        out.freeze()
    }

    /// An `IngestBatchRequest`.
    pub(crate) fn unary_request(&mut self, number: u64) -> Bytes {
        let mut out = BytesMut::with_capacity(self.bytes.len() + 8);
        self.write_field(1, number, &mut out);
        out.freeze()
    }

    fn write_field(&mut self, tag: u32, number: u64, out: &mut BytesMut) {
        encoding::encode_key(tag, WireType::LengthDelimited, out);
        encoding::encode_varint(self.bytes.len() as u64, out);
        out.put_slice(self.batch(number));
    }
}

/// Not the beginning of any number that is written over it.
fn placeholder() -> String {
    "x".repeat(REF)
}

fn write_hex(bytes: &mut [u8], at: Range<usize>, mut number: u64) {
    for byte in bytes[at].iter_mut().rev() {
        *byte = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_ref_is_another_and_the_rest_stays() -> anyhow::Result<()> {
        let mut template = Template::message(7, 2, 3);
        let mut refs = HashSet::new();
        for number in 0..2 {
            let batch = Batch::decode(template.batch(number))?;
            assert_eq!(batch.events.len(), 3);
            refs.extend(batch.events.into_iter().filter_map(|event| event.raw_ref));
        }
        assert_eq!(refs.len(), 6);
        assert!(refs.contains("000000000000000700200000001002"));
        let json: serde_json::Value = serde_json::from_slice(Template::json(7, 2, 3).batch(1))?;
        assert_eq!(json["events"][2]["raw_ref"], "000000000000000700200000001002");
        Ok(())
    }

    #[test]
    fn requests_are_messages() -> anyhow::Result<()> {
        use openclone_client::v1::{IngestBatchRequest, IngestRequest};
        let mut template = Template::message(1, 1, 1);
        let request = IngestRequest::decode(template.stream_request(300))?;
        assert_eq!(request.sequence, 300);
        assert_eq!(
            request.batch,
            IngestBatchRequest::decode(template.unary_request(300))?.batch
        );
        Ok(())
    }
}

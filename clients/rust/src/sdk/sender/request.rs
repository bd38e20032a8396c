//! Encodes requests of the stream from encoded events, which are not decoded again.
//!
//! An `IngestRequest` is its sequence (field 1) and a batch (field 2); a batch is the header's fields, its timestamp
//! (field 6) and the events (field 7). Protocol buffers allow fields in any order, and those of a message may be put
//! one behind the other.

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::{
    Message as _,
    encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len},
};

use crate::sdk::{event::now, spool::Unit};

const SEQUENCE: u32 = 1;
const BATCH: u32 = 2;
const TIMESTAMP: u32 = 6;
const EVENTS: u32 = 7;

/// The request for a unit.
pub(super) fn encode(sequence: u64, unit: &Unit) -> Bytes {
    let timestamp = now().encode_to_vec();
    let events: usize = unit
        .events
        .iter()
        .map(|event| field_len(EVENTS, event.len()))
        .sum();
    let batch = unit.header.len() + field_len(TIMESTAMP, timestamp.len()) + events;
    let mut message = BytesMut::with_capacity(batch + 32);
    encode_key(SEQUENCE, WireType::Varint, &mut message);
    encode_varint(sequence, &mut message);
    encode_key(BATCH, WireType::LengthDelimited, &mut message);
    encode_varint(batch as u64, &mut message);
    message.put_slice(&unit.header);
    put(TIMESTAMP, &timestamp, &mut message);
    for event in &unit.events {
        put(EVENTS, event, &mut message);
    }
    message.freeze()
}

fn put(field: u32, bytes: &[u8], message: &mut BytesMut) {
    encode_key(field, WireType::LengthDelimited, message);
    encode_varint(bytes.len() as u64, message);
    message.put_slice(bytes);
}

fn field_len(field: u32, length: usize) -> usize {
    key_len(field) + encoded_len_varint(length as u64) + length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{Batch, Braindump, Event, IngestRequest};

    #[test]
    fn a_request_is_what_the_generated_code_would_read() {
        let header = Batch {
            plugin_id: "my-plugin".to_owned(),
            ..Batch::default()
        };
        let events: Vec<Event> = (0..3)
            .map(|number| Event {
                raw_ref: Some(format!("r{number}")),
                data: Some(
                    Braindump {
                        text: Some("x".repeat(number * 100)),
                    }
                    .into(),
                ),
                ..Event::default()
            })
            .collect();
        let unit = Unit {
            segment: 1,
            first: 0,
            header: header.encode_to_vec().into(),
            events: events.iter().map(|event| event.encode_to_vec().into()).collect(),
        };
        let read = IngestRequest::decode(encode(300, &unit)).unwrap();
        assert_eq!(read.sequence, 300);
        let batch = read.batch.unwrap();
        assert!(batch.timestamp.is_some());
        assert_eq!(
            batch,
            Batch {
                timestamp: batch.timestamp,
                events,
                ..header
            }
        );
    }
}

//! Requests of the stream, put together from encoded events, which need not be decoded on their way.
//!
//! An `IngestRequest` is its sequence (field 1) and a batch (field 2); a batch is the header's fields, its timestamp
//! (field 6) and the events (field 7). Protocol buffers allow fields in any order, and those of a message may be put
//! one behind the other.

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::{
    Message as _,
    encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len},
};
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

use crate::{
    sdk::{event::now, spool::Unit},
    v1::IngestResponse,
};

const SEQUENCE: u32 = 1;
const BATCH: u32 = 2;
const TIMESTAMP: u32 = 6;
const EVENTS: u32 = 7;

/// The request for a unit.
pub(super) fn request(sequence: u64, unit: &Unit) -> Bytes {
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

/// Requests that are encoded already, responses that are not decoded yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = IngestResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = IngestResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<IngestResponse>, Status> {
        let response = IngestResponse::decode(buffer);
        response
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
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
        let read = IngestRequest::decode(request(300, &unit)).unwrap();
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

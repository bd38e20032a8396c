//! A message of a stream that may be undecodable.
//!
//! tonic ends a stream at the first message that it cannot decode. So the server decodes the messages of streams as this type,
//! which keeps the error: the batch gets an error in its position, and the stream goes on.

use bytes::{Buf, BufMut, Bytes};
use openclone_client::v1::IngestRequest;
use prost::{
    DecodeError, Message,
    encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field},
};

/// The field `sequence` of `IngestRequest`.
const SEQUENCE: u32 = 1;

/// A message of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamRequest {
    /// The request; of an undecodable one only its sequence.
    pub(super) request: IngestRequest,
    /// Why the message is undecodable.
    pub(super) error: Option<DecodeError>,
}

impl Message for StreamRequest {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        self.request.encode_raw(buffer);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        self.request.merge_field(tag, wire_type, buffer, context)
    }

    fn encoded_len(&self) -> usize {
        self.request.encoded_len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    /// Never fails.
    fn decode(mut buffer: impl Buf) -> Result<Self, DecodeError> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        Ok(match IngestRequest::decode(bytes.clone()) {
            Ok(request) => Self { request, error: None },
            Err(error) => Self {
                request: IngestRequest {
                    sequence: sequence_of(bytes),
                    batch: None,
                },
                error: Some(error),
            },
        })
    }
}

/// The sequence of an undecodable message, as far as its outer fields can be read; 0 if it has none.
fn sequence_of(mut bytes: Bytes) -> u64 {
    let mut sequence = 0;
    while bytes.has_remaining() {
        let Ok((tag, wire_type)) = decode_key(&mut bytes) else {
            break;
        };
        let is_read = match (tag, wire_type) {
            (SEQUENCE, WireType::Varint) => decode_varint(&mut bytes).map(|value| sequence = value),
            _ => skip_field(wire_type, tag, &mut bytes, DecodeContext::default()),
        };
        if is_read.is_err() {
            break;
        }
    }
    sequence
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use openclone_client::v1::Batch;

    use super::*;

    #[test]
    fn a_request_is_decoded_as_the_generated_type_decodes_it() {
        let request = IngestRequest {
            sequence: 300,
            batch: Some(Batch {
                plugin_id: "my-plugin".to_owned(),
                ..Batch::default()
            }),
        };
        let decoded = StreamRequest::decode(Bytes::from(request.encode_to_vec())).unwrap();
        assert_eq!(decoded, StreamRequest { request, error: None });
    }

    #[test]
    fn the_sequence_of_an_undecodable_message_is_found() {
        let sequence = [0x08, 0xac, 0x02];
        // a batch whose content is no message: field 1 of wire type 7
        let batch = [0x12, 0x02, 0x0f, 0xff];
        let decode = |parts: &[&[u8]]| StreamRequest::decode(Bytes::from(parts.concat())).unwrap();
        for message in [decode(&[&sequence, &batch]), decode(&[&batch, &sequence])] {
            assert_eq!((message.request.sequence, message.request.batch), (300, None));
            assert!(message.error.is_some());
        }
        assert_eq!(decode(&[&sequence, &[0x12, 0x7f]]).request.sequence, 300);
        assert_eq!(decode(&[&[0x0f]]).request.sequence, 0);
    }
}

//! Batches that are made once and sent many times, each time with new refs written over the old ones: the machine that is
//! measured also runs the load, and what the load costs is missing from the result.

mod others;

use std::ops::Range;

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::{
    Message as _,
    encoding::{self, WireType},
};

use crate::events;

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
    pub(crate) fn message(run: u64, sender: usize, count: usize) -> Self {
        let batch = events::batch(std::iter::repeat_n(placeholder(), count));
        Self::new(batch.encode_to_vec(), run, sender)
    }

    /// A body for the JSON endpoint.
    pub(crate) fn json(run: u64, sender: usize, count: usize) -> Self {
        let body = events::json(std::iter::repeat_n(placeholder(), count));
        Self::new(body.into_bytes(), run, sender)
    }

    fn new(bytes: Vec<u8>, run: u64, sender: usize) -> Self {
        let placeholder = placeholder().into_bytes();
        let refs = (0..=bytes.len().saturating_sub(REF))
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

    use openclone_client::v1::Batch;

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

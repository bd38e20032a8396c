//! gRPC without encoding: messages go out as the bytes that they are.

use bytes::{BufMut as _, Bytes};
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// Encoded messages out, messages in.
pub(crate) struct Raw<T>(std::marker::PhantomData<fn() -> T>);

impl<T> Default for Raw<T> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<T: prost::Message + Default + 'static> Codec for Raw<T> {
    type Encode = Bytes;
    type Decode = T;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> Self {
        Self::default()
    }
}

impl<T> Encoder for Raw<T> {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl<T: prost::Message + Default> Decoder for Raw<T> {
    type Item = T;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<T>, Status> {
        T::decode(from)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

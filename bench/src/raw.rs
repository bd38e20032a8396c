//! Clients that send bytes as they are: gRPC without encoding messages, HTTP/1.1 without a library.

use anyhow::{Context as _, bail};
use bytes::{BufMut as _, Bytes};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
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

/// A connection to the JSON endpoint that is kept alive.
pub(crate) struct Http {
    stream: TcpStream,
    head: String,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
}

impl Http {
    /// Connects to `endpoint`, an `http://` URL without a path.
    pub(crate) async fn connect(endpoint: &str, key: &str) -> anyhow::Result<Self> {
        let address = endpoint.strip_prefix("http://").context("wants http://")?;
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST /api/v1/ingest HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nx-api-key: {key}\r\ncontent-length: "
        );
        Ok(Self {
            stream,
            head,
            outgoing: Vec::new(),
            incoming: Vec::new(),
        })
    }

    /// Posts `body`: the events stored, or `None` for any other answer than 200.
    pub(crate) async fn post(&mut self, body: &[u8]) -> anyhow::Result<Option<u64>> {
        self.outgoing.clear();
        self.outgoing.extend_from_slice(self.head.as_bytes());
        self.outgoing
            .extend_from_slice(format!("{}\r\n\r\n", body.len()).as_bytes());
        self.outgoing.extend_from_slice(body);
        self.stream.write_all(&self.outgoing).await?;
        self.incoming.clear();
        loop {
            if self.stream.read_buf(&mut self.incoming).await? == 0 {
                bail!("the server has closed the connection");
            }
            if let Some(answer) = stored(&self.incoming)? {
                return Ok(answer);
            }
        }
    }
}

/// `None`: the answer is not complete yet.
fn stored(answer: &[u8]) -> anyhow::Result<Option<Option<u64>>> {
    let text = std::str::from_utf8(answer)?;
    let Some((head, mut body)) = text.split_once("\r\n\r\n") else {
        return Ok(None);
    };
    let length = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    if body.len() < length.context("an answer without a length")? {
        return Ok(None);
    }
    if !head.starts_with("HTTP/1.1 200 ") {
        return Ok(Some(None));
    }
    body = body
        .split_once("\"stored\":")
        .context("an answer that says nothing")?
        .1;
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    Ok(Some(body[..digits].parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() -> anyhow::Result<()> {
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{\"stored\":12,\"skipped\":34}";
        for end in 0..whole.len() {
            assert!(stored(&whole.as_bytes()[..end])?.is_none());
        }
        assert_eq!(stored(whole.as_bytes())?, Some(Some(12)));
        assert_eq!(
            stored(b"HTTP/1.1 429 x\r\ncontent-length: 0\r\n\r\n")?,
            Some(None)
        );
        assert!(stored(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        Ok(())
    }
}

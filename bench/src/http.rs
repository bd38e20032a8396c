//! HTTP/1.1 without a library.

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection that posts to one path, and is kept alive as long as the server wants it.
pub(crate) struct Http {
    stream: TcpStream,
    address: String,
    head: String,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// Whether its status was a 2xx.
    pub(crate) is_ok: bool,
    /// What the body says under `stored`.
    pub(crate) stored: Option<u64>,
    closes: bool,
}

impl Http {
    /// Connects to `endpoint`, an `http://` URL without a path.
    pub(crate) async fn connect(endpoint: &str, path: &str, key: &str) -> anyhow::Result<Self> {
        let address = endpoint
            .strip_prefix("http://")
            .context("wants http://")?
            .to_owned();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nx-api-key: {key}\r\ncontent-length: "
        );
        Ok(Self {
            stream: open(&address).await?,
            address,
            head,
            outgoing: Vec::new(),
            incoming: Vec::new(),
        })
    }

    /// Posts `body`.
    ///
    /// # Errors
    /// When the connection breaks, or what comes back is not HTTP.
    pub(crate) async fn post(&mut self, body: &[u8]) -> anyhow::Result<Response> {
        self.outgoing.clear();
        self.outgoing.extend_from_slice(self.head.as_bytes());
        self.outgoing
            .extend_from_slice(format!("{}\r\n\r\n", body.len()).as_bytes());
        self.outgoing.extend_from_slice(body);
        self.stream.write_all(&self.outgoing).await?;
        self.incoming.clear();
        loop {
            let is_end = self.stream.read_buf(&mut self.incoming).await? == 0;
            if let Some(response) = read(&self.incoming, is_end)? {
                if response.closes {
                    self.stream = open(&self.address).await?;
                }
                return Ok(response);
            }
            if is_end {
                bail!("the server has closed the connection");
            }
        }
    }
}

async fn open(address: &str) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await.context("cannot connect")?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// `None`: the response is not complete yet.
fn read(response: &[u8], is_end: bool) -> anyhow::Result<Option<Response>> {
    let text = std::str::from_utf8(response)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Ok(None);
    };
    let field = |wanted: &str| {
        head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let is_old = head.starts_with("HTTP/1.0 ");
    let closes = is_old || field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let is_whole = match field("content-length") {
        Some(length) => body.len() >= length.parse()?,
        None if closes => is_end,
        None => bail!("an response without a length"),
    };
    let status = head.split(' ').nth(1).unwrap_or_default();
    Ok(is_whole.then(|| Response {
        is_ok: status.starts_with('2'),
        stored: stored(body),
        closes,
    }))
}

fn stored(body: &str) -> Option<u64> {
    let (_, behind) = body.split_once("\"stored\":")?;
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    behind[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() -> anyhow::Result<()> {
        let response = |is_ok, stored, closes| {
            Some(Response {
                is_ok,
                stored,
                closes,
            })
        };
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{\"stored\":12,\"skipped\":34}";
        for end in 0..whole.len() {
            assert!(read(&whole.as_bytes()[..end], false)?.is_none());
        }
        assert_eq!(read(whole.as_bytes(), false)?, response(true, Some(12), false));
        let rejected = b"HTTP/1.1 429 x\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(read(rejected, false)?, response(false, None, false));
        assert!(read(b"HTTP/1.1 200 OK\r\n\r\n", false).is_err());
        let old = b"HTTP/1.0 200 OK\r\n\r\nnull";
        assert_eq!(read(old, false)?, None);
        assert_eq!(read(old, true)?, response(true, None, true));
        Ok(())
    }
}

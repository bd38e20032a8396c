//! Hand-made HTTP/2 frames that no proper client sends.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream, tcp::OwnedWriteHalf},
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A block of headers, each in the plainest form that HPACK has.
pub(crate) fn headers(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in pairs {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127);
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// A gRPC call of `path`, or a plain GET where there is no key.
pub(crate) fn call(path: &str, key: Option<&str>) -> Vec<u8> {
    let mut pairs = vec![
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", path),
        (":method", if key.is_some() { "POST" } else { "GET" }),
    ];
    if let Some(key) = key {
        pairs.extend([
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("x-api-key", key),
        ]);
    }
    headers(&pairs)
}

/// A connection on which the preface was sent, with `settings`. What the server says is read and thrown away.
pub(crate) async fn open(address: SocketAddr, settings: &[u8]) -> io::Result<OwnedWriteHalf> {
    let (mut read, mut write) = TcpStream::connect(address).await?.into_split();
    write.write_all(PREFACE).await?;
    write.write_all(&frame(SETTINGS, 0, 0, settings)).await?;
    tokio::spawn(async move {
        let mut bytes = [0; 16 << 10];
        while read.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    });
    Ok(write)
}

/// A connection whose client never reads: its window is as small as the system lets it be.
pub(crate) async fn deaf(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(1024)?;
    socket.connect(address).await
}

/// The settings of a client that takes nothing of any response.
pub(crate) fn no_window() -> Vec<u8> {
    vec![0, 4, 0, 0, 0, 0]
}

/// What a deaf HTTP/2 client says first.
pub(crate) fn greeting(settings: &[u8]) -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, settings)].concat()
}

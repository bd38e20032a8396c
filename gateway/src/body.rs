//! Reads a body within limits of decompressed bytes, time and memory.

use std::{
    io::{self, Read},
    time::Duration,
};

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::time::timeout;
use tonic::Status;

use crate::{GatewayOptions, http_error::HttpError};

/// Bytes of a rejected body that are still read, so that the client gets to read the response.
const DRAIN_BYTES: usize = 1 << 20;
/// Time limit for draining.
const DRAIN_TIME: Duration = Duration::from_secs(5);
/// A zstd frame may require at most 8 MiB of memory, the limit of RFC 9659 for HTTP.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The content encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zstd,
}

/// Reads and decompresses the whole body. On an error the rest is drained.
pub(crate) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    options: &GatewayOptions,
) -> Result<Bytes, HttpError> {
    match read_within(headers, &mut body, options).await {
        Ok(bytes) => Ok(bytes),
        Err(error) => {
            drain(headers, body);
            Err(error)
        }
    }
}

/// Reads some more of a body in the background and discards it. A client that expects `100 Continue` is not asked for its
/// body.
pub(crate) fn drain(headers: &HeaderMap, mut body: Body) {
    if headers.contains_key(header::EXPECT) || body.is_end_stream() {
        return;
    }
    tokio::spawn(timeout(DRAIN_TIME, async move {
        let mut left = DRAIN_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else {
                break;
            };
            left = rest;
        }
    }));
}

async fn read_within(
    headers: &HeaderMap,
    body: &mut Body,
    options: &GatewayOptions,
) -> Result<Bytes, HttpError> {
    let limit = options.max_body_bytes;
    let coding = Coding::of(headers)?;
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length > limit as u64) {
        return Err(HttpError::TooLarge { limit });
    }
    let timed_out = |_| Err(HttpError::BodyTimeout);
    let bytes = timeout(options.body_timeout, collect(body, limit))
        .await
        .unwrap_or_else(timed_out)?;
    match coding {
        Coding::Identity => Ok(bytes),
        Coding::Gzip => bounded(MultiGzDecoder::new(&*bytes), limit),
        Coding::Zstd => {
            let mut decoder = zstd::Decoder::new(&*bytes).map_err(|_| HttpError::Unparsable)?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG)
                .map_err(|_| HttpError::Unparsable)?;
            bounded(decoder, limit)
        }
    }
}

/// Collects the frames of a body. Most bodies arrive in one piece, which is not copied.
async fn collect(body: &mut Body, limit: usize) -> Result<Bytes, HttpError> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(interrupted)?.into_data() else {
            continue;
        };
        if first.len() + more.len() + data.len() > limit {
            return Err(HttpError::TooLarge { limit });
        }
        match (first.is_empty(), more.is_empty()) {
            (true, true) => first = data,
            (_, is_second) => {
                if is_second {
                    more.reserve(first.len() + data.len());
                    more.extend_from_slice(&first);
                    first = Bytes::new();
                }
                more.extend_from_slice(&data);
            }
        }
    }
    Ok(if more.is_empty() { first } else { more.freeze() })
}

/// The socket layer may end a body with a status, for example when it exceeds its time or the memory for bodies.
fn interrupted(error: axum::Error) -> HttpError {
    Status::try_from_error(error.into()).map_or(HttpError::Unparsable, HttpError::from)
}

fn bounded(decoder: impl Read, limit: usize) -> Result<Bytes, HttpError> {
    let mut plain = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read: io::Result<usize> = decoder.take(most).read_to_end(&mut plain);
    match read {
        Ok(bytes) if bytes > limit => Err(HttpError::TooLarge { limit }),
        Ok(_) => Ok(plain.into()),
        Err(_) => Err(HttpError::Unparsable),
    }
}

impl Coding {
    fn of(headers: &HeaderMap) -> Result<Self, HttpError> {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let Some(value) = values.next() else {
            return Ok(Self::Identity);
        };
        let name = value.to_str().map_err(|_| HttpError::UnsupportedEncoding)?;
        match name.trim().to_ascii_lowercase().as_str() {
            _ if values.next().is_some() => Err(HttpError::UnsupportedEncoding),
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(HttpError::UnsupportedEncoding),
        }
    }
}

/// Whether the content type of the body is JSON: `application/json`, any `application/*+json`, or no content type at all.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    // nearly all requests have this one
    if value == "application/json" || value.is_empty() {
        return true;
    }
    let Ok(value) = value.to_str() else { return false };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let Some(subtype) = essence.strip_prefix("application/") else {
        return false;
    };
    !subtype.contains('/') && (subtype == "json" || subtype.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn content_type(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
        is_json(&headers)
    }

    #[test]
    fn json_has_many_content_types() {
        assert!(is_json(&HeaderMap::new()));
        for name in [
            "",
            "application/json",
            "APPLICATION/JSON",
            "application/json; charset=latin-1",
            "application/vnd.api+json",
            "application/+json",
            "application/json;",
        ] {
            assert!(content_type(name), "{name}");
        }
        for name in [
            "text/plain",
            "json",
            "text/json",
            "application/jsonx",
            "application/ json",
            "a/b/c",
            "application/json, text/plain",
            "application/geo+json+x",
            "image/svg+json",
            "\"application/json\"",
            "application/json/x",
        ] {
            assert!(!content_type(name), "{name}");
        }
    }

    #[tokio::test]
    async fn body_in_pieces_is_joined() {
        let piece = |piece: &'static str| Ok::<_, io::Error>(Bytes::from_static(piece.as_bytes()));
        let stream = || Body::from_stream(futures_util::stream::iter(["a", "", "bc", "def"].map(piece)));
        assert_eq!(collect(&mut stream(), 6).await.unwrap(), "abcdef");
        assert!(matches!(
            collect(&mut stream(), 5).await,
            Err(HttpError::TooLarge { limit: 5 })
        ));
    }
}

//! `x-request-id`: the client's if it is valid, else a new one; the response returns it.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header.
pub(crate) const HEADER: HeaderName = HeaderName::from_static(openclone_core::header::REQUEST_ID);

/// Distinguishes processes.
static PROCESS: LazyLock<u64> = LazyLock::new(|| Uuid::new_v4().as_u64_pair().1);
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The client's id, if it is 1 to 64 of `[A-Za-z0-9._-]`, else a new one.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    match headers.get(HEADER) {
        Some(value) if is_valid(value.as_bytes()) => value.clone(),
        _ => new(),
    }
}

fn is_valid(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b))
}

/// 32 hex digits: half identify the process, half are a counter.
fn new() -> HeaderValue {
    let id = Uuid::from_u64_pair(*PROCESS, NEXT.fetch_add(1, Ordering::Relaxed));
    let mut text = Uuid::encode_buffer();
    HeaderValue::from_str(id.simple().encode_lower(&mut text)).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_ids_are_replaced() {
        let with = |id: &'static str| of(&HeaderMap::from_iter([(HEADER, HeaderValue::from_static(id))]));
        assert_eq!(with("abc-1.2_3"), "abc-1.2_3");
        for bad in [
            "",
            "a b",
            "<script>",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_ne!(with(bad), bad);
        }
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}

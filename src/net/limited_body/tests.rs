#![allow(clippy::unwrap_used)]

use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};

use super::*;

type Pieces = Vec<Vec<u8>>;

fn body(pieces: Pieces) -> impl Body<Data = Bytes, Error = Status> + Unpin {
    StreamBody::new(stream::iter(
        pieces
            .into_iter()
            .map(|piece| Ok(Frame::data(Bytes::from(piece)))),
    ))
}

fn guard(kind: Kind) -> RequestGuard {
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    RequestGuard::new(kind, &ConnectionState::new(), permit)
}

/// A budget with short timeouts.
fn impatient(bytes: u64) -> BodyBufferBudget {
    BodyBufferBudget {
        wait: Duration::from_millis(50),
        read_timeout: Duration::from_millis(50),
        ..BodyBufferBudget::new(bytes)
    }
}

fn message(bytes: usize) -> Vec<u8> {
    let mut message = vec![0];
    message.extend_from_slice(&u32::try_from(bytes).unwrap().to_be_bytes());
    message.resize(PREFIX + bytes, 7);
    message
}

fn cut(bytes: &[u8], size: usize) -> Pieces {
    bytes.chunks(size).map(<[u8]>::to_vec).collect()
}

#[test]
fn messages_are_separated_at_any_chunk_size() {
    let all: Vec<u8> = [0, 1, 300, 70_000].into_iter().flat_map(message).collect();
    for size in [1, 2, 3, 5, 7, 1000, all.len()] {
        let mut messages = Messages::default();
        for piece in cut(&all, size) {
            messages.add(&piece);
        }
        assert_eq!((messages.partial, messages.complete), (0, all.len()), "{size}");
        messages.add(&message(9)[..8]);
        assert_eq!(messages.partial, 8);
    }
}

#[tokio::test]
async fn body_holds_its_budget_until_its_response() {
    let budget = impatient(64 << 10);
    let reservation = BufferReservation::default();
    let headers = HeaderMap::new();
    let large = body(cut(&vec![7; 60 << 10], 4 << 10));
    let limited = LimitedBody::new(
        large,
        &headers,
        &guard(Kind::Unary),
        budget.clone(),
        reservation.clone(),
    );
    assert_eq!(limited.collect().await.unwrap().to_bytes().len(), 60 << 10);
    assert_eq!(budget.units.available_permits(), 64 - 44);
    let small = body(vec![vec![7; FREE_BYTES]]);
    let small = LimitedBody::new(
        small,
        &headers,
        &guard(Kind::Unary),
        budget.clone(),
        BufferReservation::default(),
    );
    assert_eq!(small.collect().await.unwrap().to_bytes().len(), FREE_BYTES);
    let second = body(cut(&vec![7; 60 << 10], 4 << 10));
    let second = LimitedBody::new(
        second,
        &headers,
        &guard(Kind::Unary),
        budget.clone(),
        BufferReservation::default(),
    );
    let rejected = second.collect().await.unwrap_err();
    let rejected = rejected.downcast_ref::<Status>().unwrap();
    assert_eq!(rejected.code(), tonic::Code::Unavailable);
    reservation.end();
    assert_eq!(budget.units.available_permits(), 64);
}

#[tokio::test]
async fn stream_releases_budget_with_each_message_and_discarded_bytes_need_none() {
    let budget = BodyBufferBudget::new(64 << 10);
    let headers = HeaderMap::new();
    let all: Vec<u8> = (0..20).flat_map(|_| message(40 << 10)).collect();
    let pieces = cut(&all, 16 << 10);
    let stream = LimitedBody::new(
        body(pieces.clone()),
        &headers,
        &guard(Kind::Ingest),
        budget.clone(),
        BufferReservation::default(),
    );
    assert_eq!(stream.collect().await.unwrap().to_bytes().len(), all.len());
    let reservation = BufferReservation::default();
    reservation.end();
    let drained = LimitedBody::new(
        body(pieces),
        &headers,
        &guard(Kind::Unary),
        budget.clone(),
        reservation,
    );
    assert_eq!(drained.collect().await.unwrap().to_bytes().len(), all.len());
    assert_eq!(budget.units.available_permits(), 64);
}

#[tokio::test]
async fn compressed_body_reserves_the_largest_message() {
    let budget = BodyBufferBudget::new(6 << 20);
    let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, "gzip".parse().unwrap())]);
    let reservation = BufferReservation::default();
    let small = LimitedBody::new(
        body(vec![vec![7]]),
        &headers,
        &guard(Kind::Unary),
        budget.clone(),
        reservation.clone(),
    );
    small.collect().await.unwrap();
    assert_eq!(budget.units.available_permits(), 2 << 10);
    drop(reservation);
    assert_eq!(budget.units.available_permits(), 6 << 10);
}

#[tokio::test]
async fn late_message_ends_its_stream() {
    let begun = stream::iter([Ok::<_, Status>(Frame::data(Bytes::from_static(&[0, 0])))]);
    let begun = StreamBody::new(futures_util::StreamExt::chain(begun, stream::pending()));
    let mut limited = LimitedBody::new(
        begun,
        &HeaderMap::new(),
        &guard(Kind::Ingest),
        impatient(1 << 20),
        BufferReservation::default(),
    );
    assert!(limited.frame().await.unwrap().is_ok());
    let late = limited.frame().await.unwrap().unwrap_err();
    let late = late.downcast_ref::<Status>().unwrap();
    assert_eq!(late.code(), tonic::Code::DeadlineExceeded);
    let quiet = LimitedBody::new(
        StreamBody::new(stream::pending::<Result<Frame<Bytes>, Status>>()),
        &HeaderMap::new(),
        &guard(Kind::Ingest),
        impatient(1 << 20),
        BufferReservation::default(),
    );
    let waited = tokio::time::timeout(Duration::from_millis(300), quiet.collect()).await;
    assert!(waited.is_err());
}

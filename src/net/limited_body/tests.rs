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

fn ticket(kind: Kind) -> Ticket {
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    Ticket::new(kind, &InFlight::new(), permit)
}

/// Room for so many bytes, of a port that waits for nothing.
fn hasty(bytes: u64) -> Larder {
    Larder {
        wait: Duration::from_millis(50),
        in_time: Duration::from_millis(50),
        ..Larder::new(bytes)
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
fn messages_are_told_apart_however_they_are_cut() {
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
async fn a_body_holds_its_room_until_it_is_answered() {
    let larder = hasty(64 << 10);
    let held = Held::default();
    let headers = HeaderMap::new();
    let large = body(cut(&vec![7; 60 << 10], 4 << 10));
    let intake = Intake::new(
        large,
        &headers,
        &ticket(Kind::Plain),
        larder.clone(),
        held.clone(),
    );
    assert_eq!(intake.collect().await.unwrap().to_bytes().len(), 60 << 10);
    assert_eq!(larder.room.available_permits(), 64 - 44);
    let small = body(vec![vec![7; FREE]]);
    let small = Intake::new(
        small,
        &headers,
        &ticket(Kind::Plain),
        larder.clone(),
        Held::default(),
    );
    assert_eq!(small.collect().await.unwrap().to_bytes().len(), FREE);
    let second = body(cut(&vec![7; 60 << 10], 4 << 10));
    let second = Intake::new(
        second,
        &headers,
        &ticket(Kind::Plain),
        larder.clone(),
        Held::default(),
    );
    let refused = second.collect().await.unwrap_err();
    let refused = refused.downcast_ref::<Status>().unwrap();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    held.end();
    assert_eq!(larder.room.available_permits(), 64);
}

#[tokio::test]
async fn a_stream_gives_room_back_with_each_message_and_what_is_thrown_away_costs_none() {
    let larder = Larder::new(64 << 10);
    let headers = HeaderMap::new();
    let all: Vec<u8> = (0..20).flat_map(|_| message(40 << 10)).collect();
    let pieces = cut(&all, 16 << 10);
    let stream = Intake::new(
        body(pieces.clone()),
        &headers,
        &ticket(Kind::Ingest),
        larder.clone(),
        Held::default(),
    );
    assert_eq!(stream.collect().await.unwrap().to_bytes().len(), all.len());
    let held = Held::default();
    held.end();
    let drained = Intake::new(body(pieces), &headers, &ticket(Kind::Plain), larder.clone(), held);
    assert_eq!(drained.collect().await.unwrap().to_bytes().len(), all.len());
    assert_eq!(larder.room.available_permits(), 64);
}

#[tokio::test]
async fn what_is_compressed_takes_as_much_as_the_largest_message() {
    let larder = Larder::new(6 << 20);
    let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, "gzip".parse().unwrap())]);
    let held = Held::default();
    let small = Intake::new(
        body(vec![vec![7]]),
        &headers,
        &ticket(Kind::Plain),
        larder.clone(),
        held.clone(),
    );
    small.collect().await.unwrap();
    assert_eq!(larder.room.available_permits(), 2 << 10);
    drop(held);
    assert_eq!(larder.room.available_permits(), 6 << 10);
}

#[tokio::test]
async fn a_message_that_does_not_come_in_time_ends_its_stream() {
    let begun = stream::iter([Ok::<_, Status>(Frame::data(Bytes::from_static(&[0, 0])))]);
    let begun = StreamBody::new(futures_util::StreamExt::chain(begun, stream::pending()));
    let mut intake = Intake::new(
        begun,
        &HeaderMap::new(),
        &ticket(Kind::Ingest),
        hasty(1 << 20),
        Held::default(),
    );
    assert!(intake.frame().await.unwrap().is_ok());
    let late = intake.frame().await.unwrap().unwrap_err();
    let late = late.downcast_ref::<Status>().unwrap();
    assert_eq!(late.code(), tonic::Code::DeadlineExceeded);
    let quiet = Intake::new(
        StreamBody::new(stream::pending::<Result<Frame<Bytes>, Status>>()),
        &HeaderMap::new(),
        &ticket(Kind::Ingest),
        hasty(1 << 20),
        Held::default(),
    );
    let waited = tokio::time::timeout(Duration::from_millis(300), quiet.collect()).await;
    assert!(waited.is_err());
}

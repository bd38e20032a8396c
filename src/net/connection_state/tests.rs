#![allow(clippy::unwrap_used)]

use super::*;
use crate::net::room::Room;

const PATIENCE: Patience = Patience {
    head: Duration::from_secs(15),
    answer: Duration::from_secs(90),
    short: Duration::from_secs(5),
    idle: Duration::from_secs(300),
    age: Duration::from_secs(3600),
};

fn room(permits: usize) -> Room {
    Room::of(permits, permits)
}

fn after(connection: &InFlight, seconds: u64, is_leaving: bool) -> Option<Verdict> {
    let now = connection.since + Duration::from_secs(seconds) + Duration::from_millis(100);
    match connection.look(&PATIENCE, is_leaving, now) {
        Verdict::Stay(_) => None,
        verdict => Some(verdict),
    }
}

#[test]
fn a_connection_without_a_request_is_cut_and_an_idle_one_asked_to_leave() {
    let connection = InFlight::new();
    assert_eq!(after(&connection, 14, false), None);
    assert_eq!(after(&connection, 15, false), Some(Verdict::Cut));
    drop(room(1).enter(Kind::Plain, &connection).unwrap());
    assert_eq!(after(&connection, 299, false), None);
    assert_eq!(after(&connection, 300, false), Some(Verdict::Leave));
    assert_eq!(after(&connection, 300, true), None);
    assert_eq!(after(&connection, 316, true), Some(Verdict::Cut));
}

#[test]
fn what_takes_too_long_is_cut_unless_it_is_a_stream() {
    let connection = InFlight::new();
    let ticket = room(1).enter(Kind::Plain, &connection);
    assert_eq!(after(&connection, 89, false), None);
    assert_eq!(after(&connection, 90, true), Some(Verdict::Cut));
    let _stream = room(1).enter(Kind::Ingest, &connection);
    drop(ticket);
    assert_eq!(after(&connection, 3599, false), None);
    assert_eq!(after(&connection, 3600, false), Some(Verdict::Leave));
    assert_eq!(after(&connection, 1_000_000, true), None);
}

#[test]
fn a_stream_whose_client_nobody_hears_go_is_cut_when_it_is_as_old_as_an_idle_connection() {
    let watch = "/grpc.health.v1.Health/Watch";
    for (version, verdict) in [(Version::HTTP_11, Some(Verdict::Cut)), (Version::HTTP_2, None)] {
        let connection = InFlight::new();
        let stream = room(1).enter(Kind::of(watch, version), &connection);
        assert_eq!(after(&connection, 299, false), None);
        assert_eq!(after(&connection, 300, false), verdict);
        assert_eq!(after(&connection, 300, true), verdict);
        drop(stream);
        assert_eq!(after(&connection, 299, false), None);
        assert_eq!(after(&connection, 300, false), Some(Verdict::Leave));
    }
}

#[tokio::test]
async fn where_room_is_short_it_is_for_those_with_little_in_flight() {
    let (room, greedy, modest) = (room(16), InFlight::new(), InFlight::new());
    let pressed = room.pressed();
    tokio::pin!(pressed);
    assert!(
        tokio::time::timeout(Duration::ZERO, pressed.as_mut())
            .await
            .is_err()
    );
    let mut tickets = Vec::new();
    while let Some(ticket) = room.enter(Kind::Plain, &greedy) {
        tickets.push(ticket);
    }
    assert_eq!(tickets.len(), 14);
    pressed.await;
    assert!(room.is_short() && room.enter(Kind::Plain, &modest).is_some());
    let hasty = PATIENCE.where_room(true);
    let later = Instant::now() + Duration::from_secs(6);
    assert_eq!(greedy.look(&hasty, false, later), Verdict::Cut);
}

#[test]
fn bytes_of_which_nothing_comes_are_limited() {
    let connection = InFlight::new();
    assert!(connection.received(IDLE_BYTES) && !connection.received(1));
    drop(room(1).enter(Kind::Plain, &connection));
    assert!(connection.received(IDLE_BYTES));
    connection.used();
    assert!(connection.received(IDLE_BYTES));
}

#[test]
fn what_does_not_fit_gets_no_ticket() {
    let (room, connection) = (room(1), InFlight::new());
    let first = room.enter(Kind::Plain, &connection);
    assert!(first.is_some() && room.enter(Kind::Plain, &connection).is_none());
    assert!(room.enter(Kind::Ingest, &connection).is_some());
    drop(first);
    assert!(room.enter(Kind::Plain, &connection).is_some());
}

#![allow(clippy::unwrap_used)]

use super::*;
use crate::net::request_limiter::RequestLimiter;

const TIMEOUTS: Timeouts = Timeouts {
    head: Duration::from_secs(15),
    response: Duration::from_secs(90),
    scarce_response: Duration::from_secs(5),
    idle: Duration::from_secs(300),
    age: Duration::from_secs(3600),
};

fn limiter(permits: usize) -> RequestLimiter {
    RequestLimiter::of(permits, permits)
}

fn after(connection: &ConnectionState, seconds: u64, is_draining: bool) -> Option<ConnectionAction> {
    let now = connection.since + Duration::from_secs(seconds) + Duration::from_millis(100);
    match connection.next_action(&TIMEOUTS, is_draining, now) {
        ConnectionAction::Keep(_) => None,
        action => Some(action),
    }
}

#[test]
fn connection_without_request_is_closed_and_idle_connection_drains() {
    let connection = ConnectionState::new();
    assert_eq!(after(&connection, 14, false), None);
    assert_eq!(after(&connection, 15, false), Some(ConnectionAction::Close));
    drop(limiter(1).acquire(Kind::Unary, &connection).unwrap());
    assert_eq!(after(&connection, 299, false), None);
    assert_eq!(after(&connection, 300, false), Some(ConnectionAction::Drain));
    assert_eq!(after(&connection, 300, true), None);
    assert_eq!(after(&connection, 316, true), Some(ConnectionAction::Close));
}

#[test]
fn slow_request_closes_the_connection_unless_it_is_a_stream() {
    let connection = ConnectionState::new();
    let guard = limiter(1).acquire(Kind::Unary, &connection);
    assert_eq!(after(&connection, 89, false), None);
    assert_eq!(after(&connection, 90, true), Some(ConnectionAction::Close));
    let _stream = limiter(1).acquire(Kind::Ingest, &connection);
    drop(guard);
    assert_eq!(after(&connection, 3599, false), None);
    assert_eq!(after(&connection, 3600, false), Some(ConnectionAction::Drain));
    assert_eq!(after(&connection, 1_000_000, true), None);
}

#[test]
fn unmonitored_stream_is_closed_after_the_idle_timeout() {
    let watch = "/grpc.health.v1.Health/Watch";
    for (version, action) in [
        (Version::HTTP_11, Some(ConnectionAction::Close)),
        (Version::HTTP_2, None),
    ] {
        let connection = ConnectionState::new();
        let stream = limiter(1).acquire(Kind::of(watch, version), &connection);
        assert_eq!(after(&connection, 299, false), None);
        assert_eq!(after(&connection, 300, false), action);
        assert_eq!(after(&connection, 300, true), action);
        drop(stream);
        assert_eq!(after(&connection, 299, false), None);
        assert_eq!(after(&connection, 300, false), Some(ConnectionAction::Drain));
    }
}

#[tokio::test]
async fn scarce_slots_are_for_connections_with_few_requests() {
    let (limiter, greedy, modest) = (limiter(16), ConnectionState::new(), ConnectionState::new());
    let rejected = limiter.rejected();
    tokio::pin!(rejected);
    assert!(
        tokio::time::timeout(Duration::ZERO, rejected.as_mut())
            .await
            .is_err()
    );
    let mut guards = Vec::new();
    while let Some(guard) = limiter.acquire(Kind::Unary, &greedy) {
        guards.push(guard);
    }
    assert_eq!(guards.len(), 14);
    rejected.await;
    assert!(limiter.is_scarce() && limiter.acquire(Kind::Unary, &modest).is_some());
    let scarce = TIMEOUTS.when_scarce(true);
    let later = Instant::now() + Duration::from_secs(6);
    assert_eq!(greedy.next_action(&scarce, false, later), ConnectionAction::Close);
}

#[test]
fn bytes_without_a_request_are_limited() {
    let connection = ConnectionState::new();
    assert!(connection.received(IDLE_BYTES) && !connection.received(1));
    drop(limiter(1).acquire(Kind::Unary, &connection));
    assert!(connection.received(IDLE_BYTES));
    connection.used();
    assert!(connection.received(IDLE_BYTES));
}

#[test]
fn request_over_the_limit_gets_no_guard() {
    let (limiter, connection) = (limiter(1), ConnectionState::new());
    let first = limiter.acquire(Kind::Unary, &connection);
    assert!(first.is_some() && limiter.acquire(Kind::Unary, &connection).is_none());
    assert!(limiter.acquire(Kind::Ingest, &connection).is_some());
    drop(first);
    assert!(limiter.acquire(Kind::Unary, &connection).is_some());
}

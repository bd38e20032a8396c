//! Conversions between the types of the contract and those of the service.

use jiff::Timestamp;
use openclone_client::validate::unix_time;

/// Converts a timestamp of the contract and rounds it to microseconds; `None` when it is out of range.
pub(crate) fn timestamp_from_proto(timestamp: prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::from_microsecond(unix_time(&timestamp).micros()?).ok()
}

/// Converts a timestamp to that of the contract.
pub(crate) fn timestamp_to_proto(timestamp: Timestamp) -> prost_types::Timestamp {
    let nanos = timestamp.as_nanosecond().rem_euclid(1_000_000_000);
    let seconds = (timestamp.as_nanosecond() - nanos) / 1_000_000_000;
    prost_types::Timestamp {
        seconds: seconds as i64,
        nanos: nanos as i32,
    }
}

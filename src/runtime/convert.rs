//! Conversions between the types of the contract and those of the service.

use jiff::Timestamp;
use openclone_client::v1;
use openclone_vault::SourceType;

/// Converts a timestamp of the contract and rounds it to microseconds; `None` when it is out of range.
pub(crate) fn timestamp_from_proto(timestamp: prost_types::Timestamp) -> Option<Timestamp> {
    let micros = (i64::from(timestamp.nanos) + 500).div_euclid(1000);
    Timestamp::from_microsecond(timestamp.seconds.checked_mul(1_000_000)?.checked_add(micros)?).ok()
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

/// Converts the number of a source type of the contract; `None` when it is unknown or unspecified.
pub(crate) fn source_type_from_proto(number: i32) -> Option<SourceType> {
    let named = v1::SourceType::try_from(number).ok()?;
    SourceType::ALL
        .into_iter()
        .find(|known| known.as_str() == named.json_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rounded_to_microseconds() {
        let micros = |seconds, nanos| {
            timestamp_from_proto(prost_types::Timestamp { seconds, nanos }).map(Timestamp::as_microsecond)
        };
        assert_eq!(micros(1, 499), Some(1_000_000));
        assert_eq!(micros(1, 500), Some(1_000_001));
        assert_eq!(micros(1, 999_999_999), Some(2_000_000));
        assert_eq!(micros(i64::MAX, 0), None);
    }

    #[test]
    fn every_source_type_of_the_contract_is_known_to_the_vault() {
        for known in v1::SourceType::ALL {
            assert_eq!(
                source_type_from_proto(known as i32).map(SourceType::as_str),
                Some(known.json_name())
            );
        }
        assert_eq!(source_type_from_proto(0), None);
        assert_eq!(source_type_from_proto(99), None);
    }
}

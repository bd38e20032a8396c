//! One event as a plugin gives it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost::Message as _;
use prost_types::Timestamp;
use uuid::Uuid;

use super::{document, error::Error, typed};
use crate::{
    json::{Reader, Token},
    v1::{self, SourceType, event::Data},
    validate::{EARLIEST, MAX_AHEAD, MAX_RAW_REF, validate_event},
};

/// Bytes of an event's documented JSON, at most: what is left of 1 MiB when there is a batch around it.
pub const MAX_EVENT_BYTES: usize = 1_000_000;

/// Below this an encoded event cannot have [`MAX_EVENT_BYTES`] as JSON: no byte becomes more than six, and names of fields
/// and figures add less than the rest.
const SURELY_SMALL: usize = 100_000;

/// Something seen, heard, read or done.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    data: Data,
    timestamp: Option<Timestamp>,
    raw_ref: Option<String>,
    source_type: Option<SourceType>,
}

impl Event {
    /// With a typed message, such as [`v1::Braindump`], or a JSON object.
    pub fn new(data: impl Into<Data>) -> Self {
        Self {
            data: data.into(),
            timestamp: None,
            raw_ref: None,
            source_type: None,
        }
    }

    /// What it is. Only needed for JSON objects of a client with several source types.
    #[must_use]
    pub fn source_type(mut self, source_type: SourceType) -> Self {
        self.source_type = Some(source_type);
        self
    }

    /// Whether it is said what it is.
    pub(super) const fn has_named_type(&self) -> bool {
        self.source_type.is_some()
    }

    /// What it is said to be, or what its typed message is.
    pub(super) fn own_source_type(&self) -> Option<SourceType> {
        self.source_type.or_else(|| typed::source_type(&self.data))
    }

    /// With the text of a JSON object, which is passed on as it is.
    #[must_use]
    pub fn json(text: String) -> Self {
        Self::new(Data::Json(text))
    }

    /// When it was captured; the moment of sending if never called.
    #[must_use]
    pub fn at(mut self, time: SystemTime) -> Self {
        self.timestamp = Some(Timestamp::from(time));
        self
    }

    /// When it was captured, in Unix seconds.
    #[must_use]
    pub fn at_unix(mut self, seconds: f64) -> Self {
        self.timestamp = Some(unix(seconds));
        self
    }

    /// The plugin's own stable name for it, at most 256 bytes: what was stored once under it is never stored again. A
    /// random one if never called.
    #[must_use]
    pub fn raw_ref(mut self, raw_ref: impl Into<String>) -> Self {
        self.raw_ref = Some(raw_ref.into()).filter(|raw_ref| !raw_ref.is_empty());
        self
    }

    /// Checks it and makes the message, timestamp and name fixed.
    pub(super) fn finish(self, source_type: SourceType) -> Result<v1::Event, Error> {
        let raw_ref = self.raw_ref.unwrap_or_else(|| Uuid::new_v4().to_string());
        if raw_ref.len() > MAX_RAW_REF {
            return Err(invalid(format!(
                "raw_ref has {} bytes, the limit is {MAX_RAW_REF}",
                raw_ref.len()
            )));
        }
        let timestamp = self
            .timestamp
            .unwrap_or_else(|| Timestamp::from(SystemTime::now()));
        check_time(&timestamp, SystemTime::now())?;
        match &self.data {
            Data::Json(text) if !is_object(text) => return Err(invalid("data is no JSON object".to_owned())),
            Data::Json(_) => {}
            data if typed::source_type(data) == Some(source_type) => {}
            _ => {
                return Err(invalid(format!(
                    "data is not the message of {}",
                    source_type.json_name()
                )));
            }
        }
        let event = v1::Event {
            timestamp: Some(timestamp),
            raw_ref: Some(raw_ref),
            data: Some(self.data),
        };
        check_size(&event)?;
        match validate_event(&event, source_type).first() {
            None => Ok(event),
            Some(violation) => Err(invalid(violation.to_string())),
        }
    }
}

/// Compares a timestamp with the clock of this device.
fn check_time(timestamp: &Timestamp, now: SystemTime) -> Result<(), Error> {
    if timestamp.seconds < EARLIEST {
        return Err(invalid("timestamp is before 2020 or no number".to_owned()));
    }
    let latest = Timestamp::from(now + Duration::from_secs(MAX_AHEAD)).seconds;
    if timestamp.seconds <= latest {
        return Ok(());
    }
    let hint = match (EARLIEST..=latest).contains(&(timestamp.seconds / 1000)) {
        true => ", and this looks like milliseconds",
        false => "",
    };
    Err(invalid(format!(
        "timestamp is more than 24 h ahead of this device's clock: it is in seconds{hint}"
    )))
}

fn check_size(event: &v1::Event) -> Result<(), Error> {
    if event.encoded_len() <= SURELY_SMALL {
        return Ok(());
    }
    let mut text = String::new();
    document::event(&mut text, event);
    if text.len() > MAX_EVENT_BYTES {
        return Err(Error::EventTooLarge {
            bytes: text.len(),
            limit: MAX_EVENT_BYTES,
        });
    }
    Ok(())
}

fn is_object(text: &str) -> bool {
    let mut reader = Reader::new(text);
    let Ok(token @ Token::Object) = reader.token() else {
        return false;
    };
    reader.skip(&token).is_ok() && reader.end().is_ok()
}

/// What is no time of today becomes a time that [`Event::finish`] rejects.
#[expect(clippy::cast_possible_truncation, reason = "checked before")]
fn unix(seconds: f64) -> Timestamp {
    // Beyond any number of milliseconds that a clock may give.
    const END: f64 = 253_402_300_800_000.0;
    if !(0.0..END).contains(&seconds) {
        return Timestamp::default();
    }
    // Microseconds are what the service keeps, and what a double of today can tell.
    let micros = (seconds * 1e6).round() as i64;
    Timestamp {
        seconds: micros / 1_000_000,
        nanos: i32::try_from(micros % 1_000_000 * 1000).unwrap_or_default(),
    }
}

/// The time of `now` as seconds and nanoseconds.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from(UNIX_EPOCH + since)
}

fn invalid(reason: String) -> Error {
    Error::InvalidEvent(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn braindump(text: &str) -> Event {
        Event::new(v1::Braindump {
            text: Some(text.to_owned()),
        })
    }

    #[test]
    fn a_good_event_gets_a_name_and_a_time() {
        let event = braindump("x").finish(SourceType::Braindump).unwrap();
        assert_eq!(Uuid::parse_str(event.raw_ref()).unwrap().get_version_num(), 4);
        assert!(event.timestamp.unwrap().seconds > EARLIEST);
        let event = braindump("x")
            .raw_ref("r")
            .at_unix(1_708_258_800.123_456)
            .finish(SourceType::Braindump)
            .unwrap();
        assert_eq!(event.raw_ref(), "r");
        assert_eq!(
            event.timestamp.unwrap(),
            Timestamp {
                seconds: 1_708_258_800,
                nanos: 123_456_000
            }
        );
    }

    #[test]
    fn what_breaks_a_rule_is_refused() {
        for seconds in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1_577_836_799.9, 1e300] {
            let error = braindump("x")
                .at_unix(seconds)
                .finish(SourceType::Braindump)
                .unwrap_err();
            assert_eq!(error.name(), "InvalidEvent", "{seconds}");
        }
        for text in ["", "[1]", "1", "{", "{}x", "{\"a\":}"] {
            let error = Event::json(text.to_owned())
                .finish(SourceType::Braindump)
                .unwrap_err();
            assert_eq!(error.name(), "InvalidEvent", "{text}");
        }
        let error = braindump("x").finish(SourceType::Journal).unwrap_err();
        assert_eq!(error.name(), "InvalidEvent");
        let error = braindump("x")
            .raw_ref("r".repeat(257))
            .finish(SourceType::Braindump)
            .unwrap_err();
        assert_eq!(error.name(), "InvalidEvent");
    }

    #[test]
    fn size_is_that_of_the_documented_json() {
        // Each of these characters becomes six.
        let error = braindump(&"\u{1}".repeat(170_000))
            .finish(SourceType::Braindump)
            .unwrap_err();
        assert_eq!(error.name(), "EventTooLarge");
        assert!(
            braindump(&"\u{1}".repeat(166_000))
                .finish(SourceType::Braindump)
                .is_ok()
        );
        // One text alone would be too long.
        let part = "x".repeat(249_700);
        let text = format!(r#"{{"t": ["{part}", "{part}", "{part}", "{part}"]}}"#);
        assert!(Event::json(text).finish(SourceType::Braindump).is_ok());
        assert_eq!(
            braindump(&"x".repeat(262_145))
                .finish(SourceType::Braindump)
                .unwrap_err()
                .name(),
            "InvalidEvent"
        );
    }

    #[test]
    fn a_time_ahead_of_this_device_is_invalid() {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        let at = |seconds: f64| braindump("x").at_unix(seconds).finish(SourceType::Braindump);
        assert!(at(now + 23.0 * 3600.0).is_ok());
        let error = at(now + 25.0 * 3600.0).unwrap_err();
        assert!(error.to_string().contains("24 h ahead"), "{error}");
        let error = at(now * 1000.0).unwrap_err();
        assert!(error.to_string().contains("milliseconds"), "{error}");
    }

    #[test]
    fn the_limits_of_all_languages_are_those_of_the_service() {
        use crate::validate::{MAX_DATA_DEPTH, MAX_DATA_KEY, MAX_DATA_KEYS, MAX_DATA_STRING, MAX_EVENTS};
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules.json");
        let written: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let expected = serde_json::json!({
            "max_batch_events": MAX_EVENTS,
            "max_raw_ref_bytes": MAX_RAW_REF,
            "max_event_json_bytes": MAX_EVENT_BYTES,
            "max_data_depth": MAX_DATA_DEPTH,
            "max_data_members": MAX_DATA_KEYS,
            "max_data_key_bytes": MAX_DATA_KEY,
            "max_data_string_bytes": MAX_DATA_STRING,
            "earliest_seconds": EARLIEST,
            "max_ahead_seconds": MAX_AHEAD,
        });
        assert_eq!(written, expected);
    }
}

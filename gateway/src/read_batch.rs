//! Reads batches outside of a request: `openclone ingest` reads them from files.

use openclone_client::v1::Batch;
use openclone_core::validate::{MAX_EVENTS, Rule, Violation};

use crate::batch::{self, DecodeError};

/// Violations listed, at most.
const LISTED: usize = 5;

/// Reads one documented JSON batch. Its rules are left to the service, except for the number of events, because events
/// beyond the limit are not kept.
///
/// # Errors
/// Why the text is not a batch, in one line.
pub fn read_batch(text: &str) -> Result<Batch, String> {
    let decoded = batch::decode(text).map_err(|error| match error {
        DecodeError::Syntax { offset, reason } => format!("it is not JSON: {reason} at byte {offset}"),
        DecodeError::TooDeep => "it is nested too deeply".to_owned(),
        DecodeError::Missing | DecodeError::NotAnObject => "it is not a JSON object".to_owned(),
    })?;
    if decoded.event_count > MAX_EVENTS {
        let actual = decoded.event_count;
        return Err(format!("events {}", Rule::TooManyEvents { actual }));
    }
    if decoded.violations.is_empty() {
        return Ok(decoded.batch);
    }
    let listed = decoded.violations.iter().take(LISTED);
    Err(listed.map(Violation::to_string).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn violations_are_listed_in_one_line() {
        assert_eq!(read_batch("[]").unwrap_err(), "it is not a JSON object");
        let wrong = r#"{"source_type": "journal", "platform": "web", "device_id": "test-1", "plugin_id": 7,
            "plugin_version": "1.0.0", "timestamp": 1708258800, "events": [{"timestamp": "x", "data": {}}]}"#;
        assert_eq!(
            read_batch(wrong).unwrap_err(),
            "plugin_id must be a string; events[0].timestamp must be a number"
        );
        let batch = read_batch(&wrong.replace(": 7,", ": \"p\",").replace("\"x\"", "1708258800.5")).unwrap();
        assert_eq!((batch.plugin_id.as_str(), batch.events.len()), ("p", 1));
        let many = format!("{{\"events\": [{}0]}}", "0,".repeat(600));
        assert_eq!(
            read_batch(&many).unwrap_err(),
            "events must have at most 500 events, not 601"
        );
    }
}

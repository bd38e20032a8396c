//! Reading batches outside of a request: what `openclone ingest` takes from files.

use openclone_client::{Rule, Violation, v1::Batch, validate::MAX_EVENTS};

use crate::{
    batch::{self, Unreadable},
    fault::{Fault, Kind},
};

/// Faults named at most.
const NAMED: usize = 5;

/// Reads one documented JSON batch. Its rules are left to the service, but for the number of events, since those beyond
/// the limit are not kept.
///
/// # Errors
/// What is no JSON, or has the wrong type, in one line.
pub fn read_batch(text: &str) -> Result<Batch, String> {
    let decoded = batch::decode(text).map_err(|unreadable| match unreadable {
        Unreadable::Syntax { at, reason } => format!("it is not JSON: {reason} at byte {at}"),
        Unreadable::TooDeep => "it is nested too deep".to_owned(),
        Unreadable::Missing | Unreadable::NotAnObject => "it is not a JSON object".to_owned(),
    })?;
    if decoded.event_count > MAX_EVENTS {
        return Err(format!(
            "events {}",
            Rule::TooManyEvents {
                actual: decoded.event_count
            }
        ));
    }
    if decoded.faults.is_empty() {
        return Ok(decoded.batch);
    }
    let named: Vec<_> = decoded.faults.into_iter().take(NAMED).map(describe).collect();
    Err(named.join("; "))
}

fn describe(fault: Fault) -> String {
    let sentence = match fault.kind {
        Kind::Rule(rule) => {
            return Violation {
                path: fault.path,
                rule,
            }
            .to_string();
        }
        Kind::StringType | Kind::UuidType => "must be a string",
        Kind::StringUnicode => "must be Unicode text",
        Kind::FloatType | Kind::FloatParsing => "must be a number",
        Kind::ListType => "must be a list",
        Kind::ModelType => "must be an object",
        Kind::Other(reason) => return reason,
    };
    let path = Violation {
        path: fault.path,
        rule: Rule::Missing,
    }
    .field_path();
    format!("{path} {sentence}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn faults_are_told_in_one_line() {
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

//! What a response of the JSON endpoint means, and which rejections only need a correct clock.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::stream::{Failure, Hint, Outcome, Violation};

/// Events that are ahead of the service's clock.
#[derive(Debug)]
pub(super) struct Ahead {
    /// The violation that says so.
    pub(super) reason: String,
    /// The positions of the events; empty for the whole batch.
    pub(super) events: Vec<usize>,
}

/// The outcome of a request to the JSON endpoint.
pub(super) fn of_http(status: StatusCode, retry_after: Duration, body: &[u8]) -> Outcome {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = || match json["detail"].as_str() {
        Some(detail) => format!("HTTP {status}: {detail}"),
        None => format!("HTTP {status}"),
    };
    match status.as_u16() {
        200 => match (json["stored"].as_u64(), json["skipped"].as_u64()) {
            (Some(stored), Some(skipped)) => Outcome::Accepted { stored, skipped },
            _ => Outcome::Failed(Failure::again(
                "HTTP 200 without stored and skipped: is this the service?",
            )),
        },
        401 | 403 => Outcome::Failed(Failure::Denied(text())),
        400 | 413 | 422 => {
            let details = json["detail"].as_array().map(Vec::as_slice).unwrap_or_default();
            let mut violations: Vec<Violation> = details.iter().map(of_detail).collect();
            if violations.is_empty() {
                violations.push(Violation {
                    event: None,
                    text: text(),
                });
            }
            Outcome::Rejected(violations)
        }
        _ => Outcome::Failed(Failure::Again {
            reason: text(),
            retry_after,
            hint: match status {
                StatusCode::TOO_MANY_REQUESTS => Hint::Limit,
                _ => Hint::Nothing,
            },
        }),
    }
}

/// What is ahead of the service's clock, if that is why a batch was rejected. `send` has compared the times of events with
/// the clock of this machine, so a violation of a time means that the two clocks differ.
pub(super) fn ahead_of_clock(violations: &[Violation]) -> Option<Ahead> {
    let is_batch =
        |violation: &&Violation| violation.event.is_none() && violation.text.starts_with("timestamp:");
    let is_event = |violation: &&Violation| {
        violation
            .event
            .is_some_and(|index| violation.text.starts_with(&format!("events[{index}].timestamp:")))
    };
    if let Some(batch) = violations.iter().find(is_batch) {
        return Some(Ahead {
            reason: batch.text.clone(),
            events: Vec::new(),
        });
    }
    let first = violations.iter().find(is_event)?;
    Some(Ahead {
        reason: first.text.clone(),
        events: violations
            .iter()
            .filter(is_event)
            .filter_map(|violation| violation.event)
            .collect(),
    })
}

fn of_detail(violation: &Value) -> Violation {
    let position = violation["loc"].as_array().map(Vec::as_slice).unwrap_or_default();
    let index = match position {
        [_, list, index, ..] if list == "events" => {
            index.as_u64().and_then(|index| usize::try_from(index).ok())
        }
        _ => None,
    };
    let mut path = String::new();
    for segment in position.iter().skip(1) {
        match segment {
            Value::String(name) if path.is_empty() => path.push_str(name),
            Value::String(name) => path.extend([".", name]),
            other => path.push_str(&format!("[{other}]")),
        }
    }
    Violation {
        event: index,
        text: format!("{path}: {}", violation["msg"].as_str().unwrap_or("rejected")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(body: &[u8]) -> Vec<Violation> {
        match of_http(StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO, body) {
            Outcome::Rejected(violations) => violations,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn json_violations_name_their_event() {
        let body = br#"{"detail": [{"type": "t", "loc": ["body", "events", 3, "data", "text"], "msg": "too long", "input": 1}]}"#;
        let violations = rejected(body);
        assert_eq!(violations[0].event, Some(3));
        assert_eq!(violations[0].text, "events[3].data.text: too long");
        assert!(ahead_of_clock(&violations).is_none());
    }

    #[test]
    fn violations_of_times_are_the_clock() {
        for (body, events) in [
            (&br#"{"detail": [{"loc": ["body", "timestamp"], "msg": "ahead"}]}"#[..], &[][..]),
            (br#"{"detail": [{"loc": ["body", "timestamp"], "msg": "a"}, {"loc": ["body", "events", 0, "timestamp"], "msg": "b"}]}"#, &[]),
            (br#"{"detail": [{"loc": ["body", "events", 4, "timestamp"], "msg": "b"}, {"loc": ["body", "events", 5, "data"], "msg": "b"}]}"#, &[4]),
        ] {
            let ahead = ahead_of_clock(&rejected(body)).unwrap();
            assert_eq!(ahead.events, events);
            assert!(ahead.reason.contains("timestamp: "), "{}", ahead.reason);
        }
    }

    #[test]
    fn statuses_that_are_retried_and_those_that_are_not() {
        for code in [408, 429, 500, 502, 503, 504, 404] {
            let outcome = of_http(
                StatusCode::from_u16(code).unwrap(),
                Duration::from_secs(7),
                b"<html>",
            );
            let Outcome::Failed(failure @ Failure::Again { .. }) = outcome else {
                panic!("{code}")
            };
            assert_eq!(failure.retry_after(), Duration::from_secs(7));
        }
        for code in [401, 403] {
            let outcome = of_http(StatusCode::from_u16(code).unwrap(), Duration::ZERO, b"{}");
            assert!(matches!(outcome, Outcome::Failed(Failure::Denied(_))), "{code}");
        }
        for code in [400, 413, 422] {
            let outcome = of_http(StatusCode::from_u16(code).unwrap(), Duration::ZERO, b"{}");
            assert!(matches!(outcome, Outcome::Rejected(_)), "{code}");
        }
    }
}

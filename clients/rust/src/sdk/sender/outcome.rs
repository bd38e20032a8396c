//! What a response says: taken, rejected, or to be tried again.

use std::time::Duration;

use http::StatusCode;
use prost::Message as _;
use serde_json::Value;
use thiserror::Error;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Violations of a batch: which event, if the response names one, and the sentence.
pub(super) type Violations = Vec<(Option<usize>, String)>;

/// What becomes of a batch.
#[derive(Debug)]
pub(super) enum Outcome {
    Taken {
        stored: u64,
        skipped: u64,
    },
    Rejected(Violations),
    /// Timestamps are ahead of the service's clock: of these events, or of the whole batch if none is named.
    Clock {
        reason: String,
        ahead: Vec<usize>,
    },
    Failed(Failure),
}

/// What a failure says about the way to the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hint {
    #[default]
    Nothing,
    /// Nothing listens there: no evidence that a proxy breaks HTTP/2.
    Unreachable,
    /// The service itself responded.
    Service,
    /// The service has had too many requests (429).
    Limit,
}

/// Why an attempt ended.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// No response, or one that says to come again.
    #[error("{reason}")]
    Again {
        reason: String,
        retry_after: Duration,
        hint: Hint,
    },
    /// The key was rejected.
    #[error("{0}")]
    Denied(String),
    /// An event could not be set aside.
    #[error("cannot set an event aside: {0}")]
    Disk(std::io::Error),
}

impl Failure {
    pub(super) fn again(reason: impl Into<String>) -> Self {
        Self::Again {
            reason: reason.into(),
            retry_after: Duration::ZERO,
            hint: Hint::Nothing,
        }
    }

    /// The connection could not be made.
    pub(super) fn unreachable(reason: String) -> Self {
        Self::Again {
            reason,
            retry_after: Duration::ZERO,
            hint: Hint::Unreachable,
        }
    }

    pub(super) fn hint(&self) -> Hint {
        match self {
            Self::Again { hint, .. } => *hint,
            _ => Hint::Nothing,
        }
    }

    /// How long the server wants to be left alone.
    pub(super) fn retry_after(&self) -> Duration {
        match self {
            Self::Again { retry_after, .. } => *retry_after,
            _ => Duration::ZERO,
        }
    }
}

/// Of a stream that has ended, or could not be opened.
pub(super) fn of_stream(status: &Status) -> Failure {
    match of_status(status) {
        Outcome::Failed(failure) => failure,
        // Which of the batches it was is not said.
        _ => Failure::again(format!("{}: {}", status.code(), status.message())),
    }
}

/// Of an error in a batch's position.
pub(super) fn of_error(error: &tonic_types::Status) -> Outcome {
    let details = error.encode_to_vec().into();
    of_status(&Status::with_details(
        Code::from(error.code),
        error.message.clone(),
        details,
    ))
}

fn of_status(status: &Status) -> Outcome {
    let text = || format!("{}: {}", status.code(), status.message());
    let details = status.get_error_details();
    match status.code() {
        Code::InvalidArgument => {
            let named = details
                .bad_request()
                .map(|request| request.field_violations.clone())
                .unwrap_or_default();
            let violations: Violations = named
                .iter()
                .map(|violation| {
                    (
                        index(&violation.field),
                        format!("{}: {}", violation.field, violation.description),
                    )
                })
                .collect();
            rejected(
                violations,
                named.iter().any(|violation| violation.field == "timestamp"),
                text(),
            )
        }
        Code::Unauthenticated | Code::PermissionDenied => Outcome::Failed(Failure::Denied(text())),
        _ => Outcome::Failed(Failure::Again {
            reason: text(),
            retry_after: details
                .retry_info()
                .and_then(|info| info.retry_delay)
                .unwrap_or_default(),
            // Every error of the service has details; one of a proxy has none.
            hint: match status.details().is_empty() {
                true => Hint::Nothing,
                false => Hint::Service,
            },
        }),
    }
}

/// Of a response of the JSON endpoint.
pub(super) fn of_http(status: StatusCode, retry_after: Duration, body: &[u8]) -> Outcome {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = || match json["detail"].as_str() {
        Some(detail) => format!("HTTP {status}: {detail}"),
        None => format!("HTTP {status}"),
    };
    match status.as_u16() {
        200 => match (json["stored"].as_u64(), json["skipped"].as_u64()) {
            (Some(stored), Some(skipped)) => Outcome::Taken { stored, skipped },
            _ => Outcome::Failed(Failure::again(
                "HTTP 200 without stored and skipped: is this the service?",
            )),
        },
        401 | 403 => Outcome::Failed(Failure::Denied(text())),
        400 | 413 | 422 => {
            let details = json["detail"].as_array().map(Vec::as_slice).unwrap_or_default();
            let violations = details.iter().map(of_detail).collect();
            let is_clock = details
                .iter()
                .any(|violation| violation["loc"] == serde_json::json!(["body", "timestamp"]));
            rejected(violations, is_clock, text())
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

fn rejected(violations: Violations, is_clock: bool, text: String) -> Outcome {
    // `send` has compared the times of events with the clock of this machine, so the two clocks differ.
    let of_time = |(index, sentence): &&(Option<usize>, String)| {
        index.is_some_and(|index| sentence.starts_with(&format!("events[{index}].timestamp:")))
    };
    let ahead: Vec<usize> = match is_clock {
        true => Vec::new(),
        false => violations
            .iter()
            .filter(of_time)
            .filter_map(|(index, _)| *index)
            .collect(),
    };
    match is_clock || !ahead.is_empty() {
        true => Outcome::Clock {
            reason: violations
                .into_iter()
                .find(|(_, sentence)| sentence.contains("timestamp:"))
                .map_or(text, |(_, sentence)| sentence),
            ahead,
        },
        false if violations.is_empty() => Outcome::Rejected(vec![(None, text)]),
        false => Outcome::Rejected(violations),
    }
}

fn of_detail(violation: &Value) -> (Option<usize>, String) {
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
    (
        index,
        format!("{path}: {}", violation["msg"].as_str().unwrap_or("rejected")),
    )
}

/// The index in a path such as `events[3].timestamp`.
fn index(field: &str) -> Option<usize> {
    field.strip_prefix("events[")?.split_once(']')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_violations_name_their_event() {
        let body = br#"{"detail": [{"type": "t", "loc": ["body", "events", 3, "data", "text"], "msg": "too long", "input": 1}]}"#;
        let Outcome::Rejected(violations) = of_http(StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO, body)
        else {
            panic!()
        };
        assert_eq!(
            violations,
            [(Some(3), "events[3].data.text: too long".to_owned())]
        );
    }

    #[test]
    fn times_are_the_clock() {
        let body = br#"{"detail": [{"loc": ["body", "timestamp"], "msg": "ahead"}]}"#;
        let outcome = of_http(StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO, body);
        assert!(
            matches!(&outcome, Outcome::Clock { ahead, .. } if ahead.is_empty()),
            "{outcome:?}"
        );
        let body = br#"{"detail": [{"loc": ["body", "timestamp"], "msg": "a"}, {"loc": ["body", "events", 0, "timestamp"], "msg": "b"}]}"#;
        let outcome = of_http(StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO, body);
        assert!(
            matches!(&outcome, Outcome::Clock { ahead, .. } if ahead.is_empty()),
            "{outcome:?}"
        );
        let body = br#"{"detail": [{"loc": ["body", "events", 4, "timestamp"], "msg": "b"}, {"loc": ["body", "events", 5, "data"], "msg": "b"}]}"#;
        let outcome = of_http(StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO, body);
        assert!(
            matches!(&outcome, Outcome::Clock { ahead, .. } if ahead == &[4]),
            "{outcome:?}"
        );
    }

    #[test]
    fn what_is_retried_and_what_is_not() {
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
        for code in (1..=16).map(Code::from) {
            let failure = of_stream(&Status::new(code, "x"));
            let is_denied = matches!(code, Code::Unauthenticated | Code::PermissionDenied);
            assert_eq!(matches!(failure, Failure::Denied(_)), is_denied, "{code}");
        }
    }
}

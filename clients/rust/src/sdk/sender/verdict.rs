//! What an answer says: taken, rejected, or to be tried again.

use std::time::Duration;

use http::StatusCode;
use prost::Message as _;
use serde_json::Value;
use thiserror::Error;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Faults of a batch: which event, if the answer names one, and the sentence.
pub(super) type Faults = Vec<(Option<usize>, String)>;

/// What becomes of a batch.
#[derive(Debug)]
pub(super) enum Verdict {
    Taken {
        stored: u64,
        skipped: u64,
    },
    Rejected(Faults),
    /// The batch's own timestamp is wrong.
    Clock(String),
    Failed(Failure),
}

/// Why an attempt ended.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// No answer, or one that says to come again.
    #[error("{reason}")]
    Again { reason: String, retry_after: Duration },
    /// The key was refused.
    #[error("{0}")]
    Denied(String),
    #[error("the server refuses the time of this machine: {0}")]
    Clock(String),
    /// An event could not be set aside.
    #[error("cannot set an event aside: {0}")]
    Disk(std::io::Error),
}

impl Failure {
    pub(super) fn again(reason: impl Into<String>) -> Self {
        Self::Again {
            reason: reason.into(),
            retry_after: Duration::ZERO,
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
        Verdict::Failed(failure) => failure,
        // Which of the batches it was is not said.
        _ => Failure::again(format!("{}: {}", status.code(), status.message())),
    }
}

/// Of an error in a batch's place.
pub(super) fn of_error(error: &tonic_types::Status) -> Verdict {
    let details = error.encode_to_vec().into();
    of_status(&Status::with_details(
        Code::from(error.code),
        error.message.clone(),
        details,
    ))
}

fn of_status(status: &Status) -> Verdict {
    let text = || format!("{}: {}", status.code(), status.message());
    let details = status.get_error_details();
    match status.code() {
        Code::InvalidArgument => {
            let violations = details
                .bad_request()
                .map(|request| request.field_violations.clone())
                .unwrap_or_default();
            let faults: Faults = violations
                .iter()
                .map(|fault| {
                    (
                        index(&fault.field),
                        format!("{}: {}", fault.field, fault.description),
                    )
                })
                .collect();
            rejected(
                faults,
                violations.iter().any(|fault| fault.field == "timestamp"),
                text(),
            )
        }
        Code::Unauthenticated | Code::PermissionDenied => Verdict::Failed(Failure::Denied(text())),
        _ => Verdict::Failed(Failure::Again {
            reason: text(),
            retry_after: details
                .retry_info()
                .and_then(|info| info.retry_delay)
                .unwrap_or_default(),
        }),
    }
}

/// Of an answer of the JSON endpoint.
pub(super) fn of_http(status: StatusCode, retry_after: Duration, body: &[u8]) -> Verdict {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = || match json["detail"].as_str() {
        Some(detail) => format!("HTTP {status}: {detail}"),
        None => format!("HTTP {status}"),
    };
    match status.as_u16() {
        200 => match (json["stored"].as_u64(), json["skipped"].as_u64()) {
            (Some(stored), Some(skipped)) => Verdict::Taken { stored, skipped },
            _ => Verdict::Failed(Failure::again(
                "HTTP 200 without stored and skipped: is this the service?",
            )),
        },
        401 | 403 => Verdict::Failed(Failure::Denied(text())),
        400 | 413 | 422 => {
            let details = json["detail"].as_array().map(Vec::as_slice).unwrap_or_default();
            let faults = details.iter().map(of_detail).collect();
            let is_clock = details
                .iter()
                .any(|fault| fault["loc"] == serde_json::json!(["body", "timestamp"]));
            rejected(faults, is_clock, text())
        }
        _ => Verdict::Failed(Failure::Again {
            reason: text(),
            retry_after,
        }),
    }
}

fn rejected(faults: Faults, is_clock: bool, text: String) -> Verdict {
    let names_events = faults.iter().any(|(index, _)| index.is_some());
    match is_clock && !names_events {
        true => Verdict::Clock(faults.into_iter().next().map_or(text, |(_, sentence)| sentence)),
        false if faults.is_empty() => Verdict::Rejected(vec![(None, text)]),
        false => Verdict::Rejected(faults),
    }
}

fn of_detail(fault: &Value) -> (Option<usize>, String) {
    let place = fault["loc"].as_array().map(Vec::as_slice).unwrap_or_default();
    let index = match place {
        [_, list, index, ..] if list == "events" => {
            index.as_u64().and_then(|index| usize::try_from(index).ok())
        }
        _ => None,
    };
    let mut path = String::new();
    for segment in place.iter().skip(1) {
        match segment {
            Value::String(name) if path.is_empty() => path.push_str(name),
            Value::String(name) => path.extend([".", name]),
            other => path.push_str(&format!("[{other}]")),
        }
    }
    (
        index,
        format!("{path}: {}", fault["msg"].as_str().unwrap_or("rejected")),
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
    fn json_faults_name_their_event() {
        let body = br#"{"detail": [{"type": "t", "loc": ["body", "events", 3, "data", "text"], "msg": "too long", "input": 1}]}"#;
        let Verdict::Rejected(faults) = of_http(StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO, body)
        else {
            panic!()
        };
        assert_eq!(faults, [(Some(3), "events[3].data.text: too long".to_owned())]);
    }

    #[test]
    fn only_the_batchs_own_time_is_the_clock() {
        let body = br#"{"detail": [{"loc": ["body", "timestamp"], "msg": "ahead"}]}"#;
        let verdict = of_http(StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO, body);
        assert!(matches!(verdict, Verdict::Clock(_)), "{verdict:?}");
        let body = br#"{"detail": [{"loc": ["body", "timestamp"], "msg": "a"}, {"loc": ["body", "events", 0, "timestamp"], "msg": "b"}]}"#;
        let verdict = of_http(StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO, body);
        assert!(matches!(verdict, Verdict::Rejected(_)), "{verdict:?}");
    }

    #[test]
    fn what_is_retried_and_what_is_not() {
        for code in [408, 429, 500, 502, 503, 504, 404] {
            let verdict = of_http(
                StatusCode::from_u16(code).unwrap(),
                Duration::from_secs(7),
                b"<html>",
            );
            let Verdict::Failed(failure @ Failure::Again { .. }) = verdict else {
                panic!("{code}")
            };
            assert_eq!(failure.retry_after(), Duration::from_secs(7));
        }
        for code in [401, 403] {
            let verdict = of_http(StatusCode::from_u16(code).unwrap(), Duration::ZERO, b"{}");
            assert!(matches!(verdict, Verdict::Failed(Failure::Denied(_))), "{code}");
        }
        for code in [400, 413, 422] {
            let verdict = of_http(StatusCode::from_u16(code).unwrap(), Duration::ZERO, b"{}");
            assert!(matches!(verdict, Verdict::Rejected(_)), "{code}");
        }
        for code in (1..=16).map(Code::from) {
            let failure = of_stream(&Status::new(code, "x"));
            let is_denied = matches!(code, Code::Unauthenticated | Code::PermissionDenied);
            assert_eq!(matches!(failure, Failure::Denied(_)), is_denied, "{code}");
        }
    }
}

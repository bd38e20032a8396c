//! What a response means: accepted, rejected, or to be sent again.

use std::time::Duration;

use prost::Message as _;
use thiserror::Error;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The outcome of one batch.
#[derive(Debug)]
pub enum Outcome {
    /// The batch is durable.
    Accepted {
        /// Events that were written.
        stored: u64,
        /// Events that were stored before.
        skipped: u64,
    },
    /// The batch breaks rules; sending it again is of no use. Never empty.
    Rejected(Vec<Violation>),
    /// The batch was not processed.
    Failed(Failure),
}

/// Why a batch was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The position of the event in the batch, if the response names one.
    pub event: Option<usize>,
    /// The field and what is wrong with it, such as `events[3].timestamp: must be a number`.
    pub text: String,
}

/// Why an attempt to send ended.
#[derive(Debug, Error)]
pub enum Failure {
    /// There was no response, or one that asks for another attempt.
    #[error("{reason}")]
    Again {
        /// What happened.
        reason: String,
        /// The delay that the service asked for.
        retry_after: Duration,
        /// What it says about the path to the service.
        hint: Hint,
    },
    /// The key was rejected.
    #[error("{0}")]
    Denied(String),
}

/// What a failure says about the path to the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    #[default]
    Nothing,
    /// Nothing listens there: no evidence that a proxy breaks HTTP/2.
    Unreachable,
    /// The address has no such method: is it the service?
    NotImplemented,
    /// The service itself responded.
    Service,
    /// The service has had too many requests (429).
    Limit,
}

impl Outcome {
    /// The outcome that an error in a batch's position stands for.
    pub(super) fn of_error(error: &tonic_types::Status) -> Self {
        let details = error.encode_to_vec().into();
        let code = Code::from(error.code);
        Self::of_status(&Status::with_details(code, error.message.clone(), details))
    }

    fn of_status(status: &Status) -> Self {
        match status.code() {
            Code::InvalidArgument => Self::Rejected(violations(status)),
            _ => Self::Failed(Failure::of_status(status)),
        }
    }
}

impl Failure {
    /// A failure without a hint.
    pub fn again(reason: impl Into<String>) -> Self {
        Self::with_hint(reason, Hint::Nothing)
    }

    /// A failure that says something about the path to the service.
    pub fn with_hint(reason: impl Into<String>, hint: Hint) -> Self {
        Self::Again {
            reason: reason.into(),
            retry_after: Duration::ZERO,
            hint,
        }
    }

    /// Why no connection could be made.
    pub fn of_transport(error: &(dyn std::error::Error + 'static)) -> Self {
        let hint = match is_unreachable(error) {
            true => Hint::Unreachable,
            false => Hint::Nothing,
        };
        Self::with_hint(chain(error), hint)
    }

    /// Why a stream could not be opened, or has ended.
    pub(super) fn of_status(status: &Status) -> Self {
        let text = describe(status);
        let hint = match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => return Self::Denied(text),
            Code::Unimplemented => Hint::NotImplemented,
            // every error of the service has details; one of a proxy has none
            _ if !status.details().is_empty() => Hint::Service,
            _ => Hint::Nothing,
        };
        let requested = status.get_details_retry_info().and_then(|info| info.retry_delay);
        Self::Again {
            reason: text,
            retry_after: requested.unwrap_or_default(),
            hint,
        }
    }

    /// What it says about the path to the service.
    #[must_use]
    pub const fn hint(&self) -> Hint {
        match self {
            Self::Again { hint, .. } => *hint,
            Self::Denied(_) => Hint::Service,
        }
    }

    /// The delay that the service asked for.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        match self {
            Self::Again { retry_after, .. } => *retry_after,
            Self::Denied(_) => Duration::ZERO,
        }
    }
}

/// The violations that a status lists; its message if it lists none.
fn violations(status: &Status) -> Vec<Violation> {
    let details = status.get_details_bad_request();
    let mut listed: Vec<Violation> = details
        .into_iter()
        .flat_map(|details| details.field_violations)
        .map(|violation| Violation {
            event: event_index(&violation.field),
            text: format!("{}: {}", violation.field, violation.description),
        })
        .collect();
    if listed.is_empty() {
        listed.push(Violation {
            event: None,
            text: describe(status),
        });
    }
    listed
}

/// The index in a path such as `events[3].timestamp`.
fn event_index(field: &str) -> Option<usize> {
    field.strip_prefix("events[")?.split_once(']')?.0.parse().ok()
}

/// Code and message, and the innermost source of a transport error, which says most.
fn describe(status: &Status) -> String {
    let mut text = format!("{}: {}", status.code(), status.message());
    let mut source = std::error::Error::source(status);
    while let Some(inner) = source {
        source = inner.source();
        if source.is_none() {
            text = inner.to_string();
        }
    }
    text
}

/// Whether the system says that nothing listens there.
fn is_unreachable(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    matches!(
        kind,
        Some(ConnectionRefused | HostUnreachable | NetworkUnreachable)
    ) || error.source().is_some_and(is_unreachable)
}

/// An error with its sources; tonic's own text says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn only_a_rejected_key_ends_the_attempts() {
        for code in (1..=16).map(Code::from) {
            let failure = Failure::of_status(&Status::new(code, "x"));
            let is_denied = matches!(code, Code::Unauthenticated | Code::PermissionDenied);
            assert_eq!(matches!(failure, Failure::Denied(_)), is_denied, "{code}");
        }
    }

    #[test]
    fn violations_name_their_event_and_an_error_without_any_is_one() {
        let mut details = ErrorDetails::with_error_info("INVALID", "openclone.dev", HashMap::new());
        details.add_bad_request_violation("events[3].timestamp", "must be a number");
        details.add_bad_request_violation("plugin_id", "is missing");
        let listed = violations(&Status::with_error_details(
            Code::InvalidArgument,
            "invalid",
            details,
        ));
        let found: Vec<_> = listed
            .iter()
            .map(|violation| (violation.event, violation.text.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (Some(3), "events[3].timestamp: must be a number"),
                (None, "plugin_id: is missing")
            ]
        );
        let plain = violations(&Status::invalid_argument("undecodable"));
        assert_eq!(plain.len(), 1);
        assert!(plain[0].text.ends_with(": undecodable"), "{plain:?}");
    }

    #[test]
    fn the_requested_delay_and_the_source_of_an_error_are_kept() {
        let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(7)));
        let failure = Failure::of_status(&Status::with_error_details(Code::Unavailable, "busy", details));
        assert_eq!(
            (failure.retry_after(), failure.hint()),
            (Duration::from_secs(7), Hint::Service)
        );
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(Failure::of_transport(&refused).hint(), Hint::Unreachable);
    }
}

//! Errors of requests and their gRPC status.
//!
//! Every status carries `ErrorInfo{reason, domain: "openclone.dev"}`; one that a client may retry carries `RetryInfo`.

mod reject_reason;
mod transport;

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use openclone_client::{Rule, Violation};
use openclone_vault::{AppendError, Outage};
use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::limit::{RateLimitExceeded, RateLimitStatus};

pub use reject_reason::RejectReason;
pub(crate) use transport::{explain, explain_headers};

/// The domain of all reasons.
pub const DOMAIN: &str = "openclone.dev";

/// An error of a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The key is missing, invalid or expired.
    #[error("Invalid or missing X-API-Key")]
    InvalidKey,
    /// Too many invalid keys from one address.
    #[error("Too many failed authentications")]
    TooManyFailures {
        /// The limit, per minute.
        per_minute: u32,
        /// When to retry.
        retry_after: Duration,
    },
    /// The key does not permit this, or the plugin is not allowed.
    #[error("{message}")]
    Forbidden {
        /// The reason, shown to the caller.
        message: String,
    },
    /// The batch is invalid.
    #[error("The batch is not valid")]
    Invalid {
        /// All violations, in the order of the fields.
        violations: Vec<Violation>,
    },
    /// The message cannot be decoded.
    #[error("The message cannot be decoded: {error}")]
    Undecodable {
        /// What is wrong with it.
        error: prost::DecodeError,
    },
    /// The rate limit is exceeded.
    #[error("Rate limit exceeded — retry with backoff")]
    RateLimited {
        /// The limit, in requests per minute.
        per_minute: u32,
        /// When the next request is accepted.
        retry_after: Duration,
        /// The status of the exceeded limit.
        rate_limit: RateLimitStatus,
    },
    /// The vault could not be written.
    #[error("Storage error — vault write failed")]
    Storage {
        /// The cause, for the log and not for the caller.
        reason: String,
    },
    /// The service accepts no batches at the moment.
    #[error("{message}")]
    Unavailable {
        /// The reason.
        reason: RejectReason,
        /// The reason, as text.
        message: String,
        /// When to retry.
        retry_after: Duration,
    },
    /// The plugin does not exist.
    #[error("Plugin not found")]
    PluginNotFound,
    /// A task of the service panicked.
    #[error("Internal error")]
    Internal,
}

impl IngestError {
    /// A stable name for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooManyFailures { .. } => "TOO_MANY_FAILED_AUTHENTICATIONS",
            Self::PluginNotFound => "PLUGIN_NOT_FOUND",
            Self::Internal => "INTERNAL",
            Self::Undecodable { .. } => transport::UNDECODABLE,
            other => other.reject_reason().as_str(),
        }
    }

    /// The reason under which the events of a batch are counted.
    pub(crate) fn reject_reason(&self) -> RejectReason {
        match self {
            Self::InvalidKey | Self::TooManyFailures { .. } => RejectReason::InvalidApiKey,
            Self::Forbidden { .. } | Self::PluginNotFound => RejectReason::Forbidden,
            Self::Invalid { violations } if violations.iter().any(|found| found.rule == Rule::TooDeep) => {
                RejectReason::DataTooDeep
            }
            Self::Invalid { .. } | Self::Undecodable { .. } => RejectReason::InvalidBatch,
            Self::RateLimited { .. } => RejectReason::RateLimited,
            Self::Storage { .. } | Self::Internal => RejectReason::StorageFailed,
            Self::Unavailable { reason, .. } => *reason,
        }
    }

    /// A batch without `field`.
    pub(crate) fn missing(field: &'static str) -> Self {
        Self::Invalid {
            violations: vec![Violation {
                path: vec![field.into()],
                rule: Rule::Missing,
            }],
        }
    }

    /// When to retry, if a retry can succeed.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyFailures { retry_after, .. }
            | Self::RateLimited { retry_after, .. }
            | Self::Unavailable { retry_after, .. } => Some(*retry_after),
            Self::Storage { .. } => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::InvalidKey => Code::Unauthenticated,
            Self::Forbidden { .. } => Code::PermissionDenied,
            Self::Invalid { .. } | Self::Undecodable { .. } => Code::InvalidArgument,
            Self::TooManyFailures { .. } | Self::RateLimited { .. } => Code::ResourceExhausted,
            Self::Storage { .. } | Self::Unavailable { .. } => Code::Unavailable,
            Self::PluginNotFound => Code::NotFound,
            Self::Internal => Code::Internal,
        }
    }

    fn details(&self) -> ErrorDetails {
        let mut details = ErrorDetails::with_error_info(self.reason(), DOMAIN, HashMap::new());
        if let Some(delay) = self.retry_after() {
            details.set_retry_info(Some(delay));
        }
        match self {
            Self::Invalid { violations } => {
                details.set_bad_request(violations.iter().map(field_violation).collect::<Vec<_>>());
            }
            Self::RateLimited { per_minute, .. } => {
                details.add_quota_failure_violation(
                    "api_key",
                    format!("Rate limit exceeded: {per_minute} per 1 minute"),
                );
            }
            Self::TooManyFailures { per_minute, .. } => {
                let text = format!("Rate limit exceeded: {per_minute} failed authentications per 1 minute");
                details.add_quota_failure_violation("peer", text);
            }
            _ => {}
        }
        details
    }
}

impl From<IngestError> for Status {
    fn from(error: IngestError) -> Self {
        let mut status = Self::with_error_details(error.code(), error.to_string(), error.details());
        if let IngestError::RateLimited { rate_limit, .. } = &error {
            write_rate_limit(status.metadata_mut(), rate_limit);
        }
        status
    }
}

impl From<RateLimitExceeded> for IngestError {
    fn from(exceeded: RateLimitExceeded) -> Self {
        Self::RateLimited {
            per_minute: exceeded.per_minute,
            retry_after: exceeded.retry_after,
            rate_limit: exceeded.status,
        }
    }
}

impl From<AppendError> for IngestError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Unavailable {
                outage, retry_after, ..
            } => {
                let (reason, message) = outage_message(outage);
                Self::Unavailable {
                    reason,
                    message: message.into(),
                    retry_after,
                }
            }
            other => Self::Storage {
                reason: other.to_string(),
            },
        }
    }
}

/// The reason and message for callers; the writer logs the details.
fn outage_message(outage: Outage) -> (RejectReason, &'static str) {
    match outage {
        Outage::Stopping => (RejectReason::Draining, "The service is stopping"),
        Outage::Reopening => (RejectReason::Reopening, "The database is being reopened"),
        Outage::VaultMissing => (
            RejectReason::VaultMissing,
            "The vault directory is missing: not mounted, moved or deleted",
        ),
        Outage::SyncFailed => (
            RejectReason::Poisoned,
            "A sync failed: the service accepts no batches until it is restarted",
        ),
    }
}

/// Adds `x-ratelimit-limit`, `-remaining` and `-reset` (Unix seconds) to the metadata.
pub(crate) fn write_rate_limit(metadata: &mut MetadataMap, rate_limit: &RateLimitStatus) {
    let reset = rate_limit.reset_at(Timestamp::now());
    let reset = reset.as_second() + i64::from(reset.subsec_nanosecond() > 0);
    metadata.insert("x-ratelimit-limit", rate_limit.limit.into());
    metadata.insert("x-ratelimit-remaining", rate_limit.remaining.into());
    metadata.insert("x-ratelimit-reset", reset.into());
}

fn field_violation(fault: &Violation) -> FieldViolation {
    FieldViolation {
        field: fault.field_path(),
        description: fault.rule.to_string(),
        reason: fault.rule.reason().to_owned(),
        localized_message: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rate_limit_carries_everything_a_client_needs() {
        let rate_limit = RateLimitStatus {
            limit: 60,
            remaining: 0,
            reset_after: Duration::from_secs(60),
        };
        let retry_after = Duration::from_millis(900);
        let status = Status::from(IngestError::RateLimited {
            per_minute: 60,
            retry_after,
            rate_limit,
        });
        assert_eq!(status.code(), Code::ResourceExhausted);
        let details = status.get_error_details();
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(retry_after));
        assert_eq!(
            details.quota_failure().unwrap().violations[0].description,
            "Rate limit exceeded: 60 per 1 minute"
        );
        let info = details.error_info().unwrap();
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("RATE_LIMITED", DOMAIN)
        );
        assert_eq!(status.metadata().get("x-ratelimit-remaining").unwrap(), "0");
    }

    #[test]
    fn depth_has_its_own_reason() {
        let deep = Violation {
            path: vec!["events".into(), 3.into(), "data".into()],
            rule: Rule::TooDeep,
        };
        let status = Status::from(IngestError::Invalid {
            violations: vec![deep],
        });
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "DATA_TOO_DEEP");
        assert_eq!(
            details.bad_request().unwrap().field_violations[0].field,
            "events[3].data"
        );
        assert_eq!(IngestError::missing("batch").reason(), "INVALID_BATCH");
    }

    #[test]
    fn storage_errors_are_not_shown() {
        let error = IngestError::from(AppendError::Storage {
            reason: "/secret/path: full".into(),
        });
        let status = Status::from(error);
        assert!(!status.message().contains("secret"));
        assert_eq!(
            status.get_error_details().error_info().unwrap().reason,
            "STORAGE_FAILED"
        );
    }
}

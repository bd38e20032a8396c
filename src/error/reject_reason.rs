//! Why events are not acknowledged.

/// Why events are not acknowledged: the reason of an error and a label of `openclone_events_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// The batch breaks its rules.
    InvalidBatch,
    /// The data of an event is nested too deeply.
    DataTooDeep,
    /// The key or the plugin lacks the permission.
    Forbidden,
    /// The rate limit of the key is exceeded.
    RateLimited,
    /// The key was revoked or expired.
    InvalidApiKey,
    /// The vault could not be written.
    StorageFailed,
    /// More batches are in flight than the writer can store.
    Overloaded,
    /// The vault is not open yet.
    Starting,
    /// The service is shutting down.
    Draining,
    /// A sync failed; a restart is needed.
    Poisoned,
    /// The database failed and is being reopened.
    Reopening,
    /// The vault directory is missing.
    VaultMissing,
    /// The caller stopped waiting before the batch reached the writer.
    Cancelled,
}

impl RejectReason {
    /// All reasons.
    pub const ALL: [Self; 13] = [
        Self::InvalidBatch,
        Self::DataTooDeep,
        Self::Forbidden,
        Self::RateLimited,
        Self::InvalidApiKey,
        Self::StorageFailed,
        Self::Overloaded,
        Self::Starting,
        Self::Draining,
        Self::Poisoned,
        Self::Reopening,
        Self::VaultMissing,
        Self::Cancelled,
    ];

    /// A stable name for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidBatch => "INVALID_BATCH",
            Self::DataTooDeep => "DATA_TOO_DEEP",
            Self::Forbidden => "FORBIDDEN",
            Self::RateLimited => "RATE_LIMITED",
            Self::InvalidApiKey => "INVALID_API_KEY",
            Self::StorageFailed => "STORAGE_FAILED",
            Self::Overloaded => "OVERLOADED",
            Self::Starting => "STARTING",
            Self::Draining => "DRAINING",
            Self::Poisoned => "POISONED",
            Self::Reopening => "REOPENING",
            Self::VaultMissing => "VAULT_MISSING",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// `rejected` when the sender has to fix something, `failed` when the service could not store the events.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::InvalidBatch
            | Self::DataTooDeep
            | Self::Forbidden
            | Self::RateLimited
            | Self::InvalidApiKey => "rejected",
            _ => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_every_reason_at_its_index() {
        for (index, reason) in RejectReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
        }
        // the last variant, so that a new one must be added to the list
        assert_eq!(RejectReason::Cancelled as usize + 1, RejectReason::ALL.len());
    }
}

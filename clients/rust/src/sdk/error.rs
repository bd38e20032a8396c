//! What can go wrong, for the caller and for the hooks.

use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

/// Why a call failed. No text holds the key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// An option breaks a rule of the batch; no client was made.
    #[error("{option}: {reason}")]
    InvalidOptions {
        /// Which option.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The plugin is not switched on, or lacks consent; the event was not queued. The text says what to do about it.
    #[error("{0}")]
    NotEnabled(String),
    /// The event breaks a rule; it was not queued.
    #[error("{0}")]
    InvalidEvent(String),
    /// The event is too large for any batch; it was not queued.
    #[error("the event has {bytes} bytes as JSON, the limit is {limit}")]
    EventTooLarge {
        /// Its size.
        bytes: usize,
        /// What it may be.
        limit: usize,
    },
    /// The spool is as large as it may be; the event was not queued.
    #[error("the spool holds {bytes} of {limit} bytes and the server does not take them: {last}")]
    SpoolFull {
        /// Its size on disk.
        bytes: u64,
        /// What it may be.
        limit: u64,
        /// The last failure of sending.
        last: String,
    },
    /// The disk rejects; the event was not queued.
    #[error("cannot write to {}: {source}", path.display())]
    SpoolError {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process uses the state directory; no client was made.
    #[error("{} is used by another process: stop it, or choose another state_dir", path.display())]
    SpoolLocked {
        /// The state directory.
        path: PathBuf,
    },
    /// The server rejected the key. Events stay in the spool; nothing is sent any more.
    #[error("the server rejected the key: {0}; check api_key, then start again")]
    AccessDenied(String),
    /// It took too long. Events stay in the spool.
    #[error("{queued} events are not sent after {waited:?}; last failure: {last}")]
    Timeout {
        /// Events that wait.
        queued: u64,
        /// How long it was waited.
        waited: Duration,
        /// The last failure.
        last: String,
    },
    /// The client has been closed; the event was not queued.
    #[error("the client is closed")]
    Closed,
}

impl Error {
    /// The name that it has in all languages, such as `SpoolFull`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidOptions { .. } => "InvalidOptions",
            Self::NotEnabled(_) => "NotEnabled",
            Self::InvalidEvent(_) => "InvalidEvent",
            Self::EventTooLarge { .. } => "EventTooLarge",
            Self::SpoolFull { .. } => "SpoolFull",
            Self::SpoolError { .. } => "SpoolError",
            Self::SpoolLocked { .. } => "SpoolLocked",
            Self::AccessDenied(_) => "AccessDenied",
            Self::Timeout { .. } => "Timeout",
            Self::Closed => "Closed",
        }
    }
}

/// A failure that lasts, as reported to `on_error`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Three attempts in a row got no response. Reported once, until there was a response.
    Unavailable(String),
    /// The server rejected the key; nothing is sent any more.
    AccessDenied(String),
    /// The server says that the batch's own timestamp is wrong: the clock of this machine is.
    Clock(String),
    /// A segment of the spool was damaged; a copy is in `dead-letter/`.
    Damaged(PathBuf),
    /// The spool was full: so many of the oldest events were deleted.
    Dropped(u64),
    /// Something in the state directory could not be written or read.
    SpoolError(String),
}

impl Notice {
    /// The name that it has in all languages, such as `Unavailable`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "Unavailable",
            Self::AccessDenied(_) => "AccessDenied",
            Self::Clock(_) => "Clock",
            Self::Damaged(_) => "Damaged",
            Self::Dropped(_) => "Dropped",
            Self::SpoolError(_) => "SpoolError",
        }
    }
}

/// An event that the server rejected, as reported to `on_rejected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The event's name.
    pub raw_ref: String,
    /// Why, one line for each violation.
    pub reasons: Vec<String>,
    /// Where it was set aside.
    pub path: PathBuf,
}

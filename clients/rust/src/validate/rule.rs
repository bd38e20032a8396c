//! The constraints, each with its parameters, a stable reason and a sentence.

use std::fmt;

use super::{MAX_DATA_DEPTH, MAX_DATA_KEYS, MAX_EVENTS, MAX_PLUGIN_VERSION};
use crate::{json, v1::SourceType};

/// A constraint that a field breaks. `Display` says in one sentence what the field should be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// The field must be there.
    Missing,
    /// One of the 15 source types.
    SourceType,
    /// One of the six platforms.
    Platform,
    /// A UUID, or `test-` and 1 to 59 of `[a-z0-9-]`.
    Uuid(uuid::Error),
    /// A UUID of version 4.
    UuidVersion,
    /// Kebab-case.
    PluginId,
    /// SemVer 2.0.
    Version,
    /// Seconds and nanoseconds that make a moment.
    Moment,
    /// Not before 2020-01-01T00:00:00Z.
    TooEarly,
    /// Not more than 24 h in the future.
    TooLate,
    /// At least one event.
    NoEvents,
    /// At most 500 events.
    TooManyEvents {
        /// How many there are.
        actual: usize,
    },
    /// The typed message of the batch's source type.
    Payload {
        /// The batch's source type.
        expected: SourceType,
    },
    /// JSON.
    Json(json::Fault),
    /// No escape of half a surrogate pair.
    LoneSurrogate,
    /// A JSON object.
    Object,
    /// At most 32 containers inside each other.
    TooDeep,
    /// At most 256 members.
    TooManyKeys {
        /// How many there are.
        actual: usize,
    },
    /// A string, or a key, of bounded length.
    TooLong {
        /// The greatest length: characters of a plugin id, bytes of all else.
        limit: usize,
    },
    /// A number in the range of a double.
    Finite,
}

impl Rule {
    /// The pattern of a plugin id.
    pub const PLUGIN_ID_PATTERN: &'static str = "^[a-z0-9]+(-[a-z0-9]+)*$";

    /// A stable name for programs, in upper snake case.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::SourceType => "UNKNOWN_SOURCE_TYPE",
            Self::Platform => "UNKNOWN_PLATFORM",
            Self::Uuid(_) => "INVALID_UUID",
            Self::UuidVersion => "WRONG_UUID_VERSION",
            Self::PluginId => "INVALID_PLUGIN_ID",
            Self::Version => "INVALID_VERSION",
            Self::Moment => "INVALID_TIMESTAMP",
            Self::TooEarly => "TIMESTAMP_TOO_EARLY",
            Self::TooLate => "TIMESTAMP_TOO_LATE",
            Self::NoEvents => "NO_EVENTS",
            Self::TooManyEvents { .. } => "TOO_MANY_EVENTS",
            Self::Payload { .. } => "WRONG_PAYLOAD",
            Self::Json(_) | Self::LoneSurrogate => "INVALID_JSON",
            Self::Object => "NOT_AN_OBJECT",
            Self::TooDeep => "DATA_TOO_DEEP",
            Self::TooManyKeys { .. } => "TOO_MANY_KEYS",
            Self::TooLong { .. } => "TOO_LONG",
            Self::Finite => "NOT_FINITE",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("must be set"),
            Self::SourceType => out.write_str("must be one of the 15 source types"),
            Self::Platform => out.write_str("must be one of the six platforms"),
            Self::Uuid(error) => write!(out, "must be a UUID of version 4: {error}"),
            Self::UuidVersion => out.write_str("must be a UUID of version 4"),
            Self::PluginId => write!(out, "must match {}", Self::PLUGIN_ID_PATTERN),
            Self::Version => write!(out, "must be SemVer 2.0 of at most {MAX_PLUGIN_VERSION} bytes"),
            Self::Moment => out.write_str("must have 0 to 999,999,999 nanoseconds"),
            Self::TooEarly => out.write_str("must not be before 2020-01-01T00:00:00Z"),
            Self::TooLate => out.write_str("must not be more than 24 h in the future"),
            Self::NoEvents => out.write_str("must have at least 1 event"),
            Self::TooManyEvents { actual } => {
                write!(out, "must have at most {MAX_EVENTS} events, not {actual}")
            }
            Self::Payload { expected } => {
                write!(
                    out,
                    "must be JSON or the message of source type {}",
                    expected.json_name()
                )
            }
            Self::Json(fault) => write!(out, "must be JSON: {fault}"),
            Self::LoneSurrogate => out.write_str("must be JSON: an escape of half a surrogate pair"),
            Self::Object => out.write_str("must be a JSON object"),
            Self::TooDeep => write!(out, "must be at most {MAX_DATA_DEPTH} levels deep"),
            Self::TooManyKeys { actual } => {
                write!(out, "must have at most {MAX_DATA_KEYS} members, not {actual}")
            }
            Self::TooLong { limit } => write!(out, "must be at most {limit} long"),
            Self::Finite => out.write_str("must be a finite number"),
        }
    }
}

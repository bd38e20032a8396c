//! The constraints, each with its parameters and a stable reason.

use crate::{PluginId, SourceType};

/// A constraint that a field breaks. `Display` states in one sentence what the field must be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// The field must be present.
    Missing,
    /// One of the 15 source types.
    SourceType,
    /// One of the six platforms.
    Platform,
    /// A UUID, or `test-` and 1 to 59 of `[a-z0-9-]`. The text explains why it is not.
    Uuid(String),
    /// A UUID of version 4.
    UuidVersion,
    /// Kebab-case.
    PluginId,
    /// SemVer 2.0.
    Version,
    /// Nanoseconds within one second.
    Nanos,
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
    /// JSON. The text explains why it is not.
    Json(String),
    /// No escaped lone surrogate.
    LoneSurrogate,
    /// A JSON object.
    Object,
    /// At most 32 levels of nested containers.
    TooDeep,
    /// At most 256 members.
    TooManyKeys {
        /// How many there are.
        actual: usize,
    },
    /// A string, or a key, of bounded length.
    TooLong {
        /// The greatest length: characters of a plugin id, bytes of everything else.
        limit: usize,
    },
    /// A number in the range of a double.
    Finite,
    /// A string, in JSON.
    StringType,
    /// A string without lone surrogates, in JSON.
    StringUnicode,
    /// A string, in JSON, for a UUID.
    UuidType,
    /// A number, in JSON.
    FloatType,
    /// A string that is a number, in JSON.
    FloatParsing,
    /// An array, in JSON.
    ListType,
    /// An object, in JSON.
    ModelType,
    /// A rule that this version does not know; a newer service broke it. The text is its sentence.
    Other(String),
}

impl Rule {
    /// The pattern of a plugin id.
    pub const PLUGIN_ID_PATTERN: &'static str = PluginId::PATTERN;

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
            Self::Nanos => "INVALID_TIMESTAMP",
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
            Self::StringType | Self::UuidType => "NOT_A_STRING",
            Self::StringUnicode => "NOT_UNICODE",
            Self::FloatType | Self::FloatParsing => "NOT_A_NUMBER",
            Self::ListType => "NOT_A_LIST",
            Self::ModelType => "NOT_AN_OBJECT",
            Self::Other(_) => "OTHER",
        }
    }
}

//! The sentences of rules, and rules read back from them.
//!
//! A service sends each violation as a reason and a sentence. The gateway reads the rule back, so that it can describe the
//! violation as clients of the JSON endpoint expect.

use std::fmt;

use super::{MAX_DATA_DEPTH, MAX_DATA_KEYS, MAX_EVENTS, MAX_PLUGIN_VERSION, Rule};
use crate::{Platform, SourceType};

const UUID: &str = "must be a UUID of version 4: ";
const JSON: &str = "must be JSON: ";

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("must be set"),
            Self::SourceType => write!(out, "must be one of the {} source types", SourceType::ALL.len()),
            Self::Platform => write!(out, "must be one of the {} platforms", Platform::ALL.len()),
            Self::Uuid(error) => write!(out, "{UUID}{error}"),
            Self::UuidVersion => out.write_str("must be a UUID of version 4"),
            Self::PluginId => write!(out, "must match {}", Self::PLUGIN_ID_PATTERN),
            Self::Version => write!(out, "must be SemVer 2.0 of at most {MAX_PLUGIN_VERSION} bytes"),
            Self::Nanos => out.write_str("must have 0 to 999,999,999 nanoseconds"),
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
                    expected.as_str()
                )
            }
            Self::Json(error) => write!(out, "{JSON}{error}"),
            Self::LoneSurrogate => out.write_str("must not have an escaped lone surrogate"),
            Self::Object => out.write_str("must be a JSON object"),
            Self::TooDeep => write!(out, "must be at most {MAX_DATA_DEPTH} levels deep"),
            Self::TooManyKeys { actual } => {
                write!(out, "must have at most {MAX_DATA_KEYS} members, not {actual}")
            }
            Self::TooLong { limit } => write!(out, "must be at most {limit} long"),
            Self::Finite => out.write_str("must be a finite number"),
            Self::StringType | Self::UuidType => out.write_str("must be a string"),
            Self::StringUnicode => out.write_str("must be Unicode text"),
            Self::FloatType | Self::FloatParsing => out.write_str("must be a number"),
            Self::ListType => out.write_str("must be a list"),
            Self::ModelType => out.write_str("must be an object"),
            Self::Other(sentence) => out.write_str(sentence),
        }
    }
}

impl Rule {
    /// The rule with that reason and sentence; [`Rule::Other`] when no rule has them.
    #[must_use]
    pub fn from_description(reason: &str, sentence: &str) -> Self {
        Self::candidate(reason, sentence)
            .filter(|rule| rule.reason() == reason && rule.to_string() == sentence)
            .unwrap_or_else(|| Self::Other(sentence.to_owned()))
    }

    /// The rule that may have that reason, with the parameters that the sentence has at the place of its own.
    fn candidate(reason: &str, sentence: &str) -> Option<Self> {
        let text_after = |prefix: &str| sentence.strip_prefix(prefix).map(str::to_owned);
        let number = |word: Option<&str>| word.and_then(|word| word.parse().ok());
        let last_number = || number(sentence.rsplit(' ').next());
        Some(match reason {
            "MISSING" => Self::Missing,
            "UNKNOWN_SOURCE_TYPE" => Self::SourceType,
            "UNKNOWN_PLATFORM" => Self::Platform,
            "INVALID_UUID" => Self::Uuid(text_after(UUID)?),
            "WRONG_UUID_VERSION" => Self::UuidVersion,
            "INVALID_PLUGIN_ID" => Self::PluginId,
            "INVALID_VERSION" => Self::Version,
            "INVALID_TIMESTAMP" => Self::Nanos,
            "TIMESTAMP_TOO_EARLY" => Self::TooEarly,
            "TIMESTAMP_TOO_LATE" => Self::TooLate,
            "NO_EVENTS" => Self::NoEvents,
            "TOO_MANY_EVENTS" => Self::TooManyEvents {
                actual: last_number()?,
            },
            "WRONG_PAYLOAD" => Self::Payload {
                expected: SourceType::from_name(sentence.rsplit(' ').next()?)?,
            },
            "INVALID_JSON" => text_after(JSON).map_or(Self::LoneSurrogate, Self::Json),
            "NOT_AN_OBJECT" => Self::Object,
            "DATA_TOO_DEEP" => Self::TooDeep,
            "TOO_MANY_KEYS" => Self::TooManyKeys {
                actual: last_number()?,
            },
            "TOO_LONG" => Self::TooLong {
                limit: number(sentence.split(' ').nth(4))?,
            },
            "NOT_FINITE" => Self::Finite,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_a_service_is_read_back() {
        for rule in [
            Rule::Missing,
            Rule::SourceType,
            Rule::Platform,
            Rule::Uuid("invalid length: expected 36, found 3".to_owned()),
            Rule::UuidVersion,
            Rule::PluginId,
            Rule::Version,
            Rule::Nanos,
            Rule::TooEarly,
            Rule::TooLate,
            Rule::NoEvents,
            Rule::TooManyEvents { actual: 601 },
            Rule::Payload {
                expected: SourceType::Gps,
            },
            Rule::Json("Expecting value at byte 3".to_owned()),
            Rule::LoneSurrogate,
            Rule::Object,
            Rule::TooDeep,
            Rule::TooManyKeys { actual: 300 },
            Rule::TooLong { limit: 256 },
            Rule::Finite,
        ] {
            assert_eq!(Rule::from_description(rule.reason(), &rule.to_string()), rule);
        }
    }

    #[test]
    fn sentences_of_unknown_rules_are_kept() {
        for (reason, sentence) in [
            ("NEW", "must be new"),
            ("TOO_LONG", "is long"),
            ("TOO_EARLY", ""),
            ("TOO_MANY_EVENTS", "must have at most 7 events, not 9"),
        ] {
            assert_eq!(
                Rule::from_description(reason, sentence),
                Rule::Other(sentence.to_owned())
            );
        }
    }
}

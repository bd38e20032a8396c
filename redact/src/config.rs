//! The options of redaction, and what can be wrong with them.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};

/// What is redacted. In the configuration either the mode alone (`redact = "off"`) or a table:
///
/// ```toml
/// [redact]
/// mode = "secrets"
/// allow = ["not-a-real-password"]
/// rules = [{ name = "badge", regex = "BADGE-([0-9]{6})", keywords = ["badge-"] }]
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RedactConfig {
    /// What the built-in rules redact.
    pub mode: Mode,
    /// Rules besides the built-in ones.
    pub rules: Vec<ExtraRule>,
    /// Regular expressions, or plain literals: what one of them matches from its first to its last character is not
    /// a secret.
    pub allow: Vec<String>,
}

/// What is redacted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, DeriveDeserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Keys, tokens, passwords and card numbers become `[REDACTED:<rule>]`.
    #[default]
    Secrets,
    /// So do bank accounts, national ids and telephone numbers.
    #[serde(rename = "secrets+personal")]
    SecretsAndPersonal,
    /// Everything is kept as it came, except for the service's own keys.
    Off,
}

/// A rule from the configuration.
#[derive(Clone, Debug, PartialEq, DeriveDeserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraRule {
    /// Stands in the marker: 1 to 32 characters of `[a-z0-9-]`, not the name of another rule.
    pub name: String,
    /// What a secret looks like. With a capture group, only its first one is replaced. It must not match the empty
    /// text, and has no look-around: it runs in linear time.
    pub regex: String,
    /// The rule is tried only on texts that contain one of these (ASCII case does not matter); empty: on every text.
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// Why no redactor can be made from a configuration.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// The name is not of the right form.
    #[error("redact rule {name:?}: a name is 1 to 32 characters of [a-z0-9-]")]
    Name {
        /// The rule's name.
        name: String,
    },
    /// Two rules of one name.
    #[error("redact rule {name:?}: the name is taken")]
    Taken {
        /// The rule's name.
        name: String,
    },
    /// An empty keyword would be found in every text.
    #[error("redact rule {name:?}: a keyword is empty")]
    Keyword {
        /// The rule's name.
        name: String,
    },
    /// The expression does not compile, or is too large.
    #[error("redact rule {name:?}: {source}")]
    Regex {
        /// The rule's name.
        name: String,
        /// What the compiler says.
        source: Box<regex::Error>,
    },
    /// The expression matches nothing at all, everywhere.
    #[error("redact rule {name:?}: the regex matches the empty text")]
    Empty {
        /// The rule's name.
        name: String,
    },
    /// An allowed expression does not compile.
    #[error("redact allow {pattern:?}: {source}")]
    Allow {
        /// The expression.
        pattern: String,
        /// What the compiler says.
        source: Box<regex::Error>,
    },
    /// More keywords than can be numbered.
    #[error("redact rules: too many keywords")]
    TooMany,
}

impl<'de> Deserialize<'de> for RedactConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ModeOrTable)
    }
}

/// Takes both forms; an untagged enum would hide which member of the table is wrong.
struct ModeOrTable;

#[derive(DeriveDeserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Table {
    mode: Mode,
    rules: Vec<ExtraRule>,
    allow: Vec<String>,
}

impl<'de> Visitor<'de> for ModeOrTable {
    type Value = RedactConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"secrets\", \"secrets+personal\", \"off\", or a table of mode, rules and allow")
    }

    fn visit_str<E: de::Error>(self, mode: &str) -> Result<RedactConfig, E> {
        let mode = Mode::deserialize(de::value::StrDeserializer::new(mode))?;
        Ok(RedactConfig {
            mode,
            ..RedactConfig::default()
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RedactConfig, A::Error> {
        let Table { mode, rules, allow } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RedactConfig { mode, rules, allow })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_mode_alone_or_a_table() {
        let mode = |json| serde_json::from_str::<RedactConfig>(json).unwrap().mode;
        assert_eq!(mode(r#""off""#), Mode::Off);
        assert_eq!(mode(r#""secrets+personal""#), Mode::SecretsAndPersonal);
        let table: RedactConfig =
            serde_json::from_str(r#"{"allow": ["x"], "rules": [{"name": "badge", "regex": "B[0-9]{6}"}]}"#)
                .unwrap();
        assert_eq!(table.mode, Mode::Secrets);
        assert_eq!((table.rules[0].name.as_str(), table.allow.len()), ("badge", 1));
    }

    #[test]
    fn a_bad_option_is_named() {
        let why = |json| {
            serde_json::from_str::<RedactConfig>(json)
                .unwrap_err()
                .to_string()
        };
        assert!(why(r#""some""#).contains("unknown variant `some`"));
        assert!(why(r#"{"rule": []}"#).contains("unknown field `rule`"));
        assert!(why(r#"{"rules": [{"name": "x"}]}"#).contains("missing field `regex`"));
        assert!(why("3").contains("expected \"secrets\", \"secrets+personal\", \"off\", or a table"));
    }
}

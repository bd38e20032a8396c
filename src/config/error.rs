//! Errors of the options: one line with the origin, the reason and the allowed values.

use std::path::PathBuf;

/// An error of the options.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        reason: String,
    },
    /// The file is not TOML.
    #[error("{}: not valid TOML: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The error of the parser, on one line.
        reason: String,
    },
    /// The file has an unknown key.
    #[error("{}{}: unknown key {key}{}", path.display(), line.map(|n| format!(", line {n}")).unwrap_or_default(),
        like.map(|k| format!("; did you mean {k}?")).unwrap_or_default())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Its line, counted from 1, if found.
        line: Option<usize>,
        /// The key.
        key: String,
        /// A similar known key.
        like: Option<&'static str>,
    },
    /// A value is not allowed.
    #[error("{location}: {value} is not allowed; allowed: {allowed}")]
    BadValue {
        /// File and key, variable, or flag.
        location: String,
        /// The value as given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// Options that exclude each other.
    #[error("{location}: {reason}")]
    Conflict {
        /// File and key, variable, or flag.
        location: String,
        /// The reason, and what to do.
        reason: String,
    },
}

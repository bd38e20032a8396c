//! Why the options cannot be used: always one line with the place, the reason, and what is allowed.

use std::path::PathBuf;

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot read it: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is not TOML.
    #[error("{}: not valid TOML: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser said, on one line.
        reason: String,
    },
    /// The file has a key that does not exist.
    #[error("{}{}: unknown key {key}{}", path.display(), line.map(|n| format!(", line {n}")).unwrap_or_default(),
        like.map(|k| format!("; did you mean {k}?")).unwrap_or_default())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Its line, from 1, where it could be found.
        line: Option<usize>,
        /// The key.
        key: String,
        /// A known key that looks like it.
        like: Option<&'static str>,
    },
    /// A value is not allowed.
    #[error("{place}: {value} is not allowed; allowed: {allowed}")]
    BadValue {
        /// File and key, variable, or flag.
        place: String,
        /// The value as given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// Values that do not go together.
    #[error("{place}: {reason}")]
    Conflict {
        /// File and key, variable, or flag.
        place: String,
        /// Why, and what to do.
        reason: String,
    },
}

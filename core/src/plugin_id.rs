//! The id of a plugin.

use std::{fmt, ops::Deref, str::FromStr};

/// Characters of a plugin id, at most.
pub const MAX_LEN: usize = 64;

/// The id of a plugin: kebab-case, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PluginId(String);

/// Why a text is not a plugin id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginIdError {
    /// It does not match [`PluginId::PATTERN`].
    #[error("must be kebab-case of at most 64 characters")]
    Pattern,
    /// It has more than 64 characters.
    #[error("must be kebab-case of at most 64 characters")]
    TooLong,
}

impl PluginId {
    /// What a plugin id matches, besides its length.
    pub const PATTERN: &'static str = "^[a-z0-9]+(-[a-z0-9]+)*$";

    /// Checks a plugin id: the one rule for it.
    ///
    /// # Errors
    /// When `text` is too long or not kebab-case.
    pub fn check(text: &str) -> Result<(), PluginIdError> {
        if text.len() > MAX_LEN && text.chars().count() > MAX_LEN {
            return Err(PluginIdError::TooLong);
        }
        let is_word = |word: &[u8]| {
            !word.is_empty()
                && word
                    .iter()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        match text.as_bytes().split(|&byte| byte == b'-').all(is_word) {
            true => Ok(()),
            false => Err(PluginIdError::Pattern),
        }
    }

    /// Whether `text` is a plugin id.
    #[must_use]
    pub fn is_valid(text: &str) -> bool {
        Self::check(text).is_ok()
    }
}

impl FromStr for PluginId {
    type Err = PluginIdError;

    fn from_str(text: &str) -> Result<Self, PluginIdError> {
        Self::check(text).map(|()| Self(text.to_owned()))
    }
}

impl Deref for PluginId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PluginId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab_case_of_bounded_length_is_accepted() {
        for id in ["a", "7", "my-plugin", "a-1-b", &"a".repeat(64)] {
            assert_eq!(PluginId::check(id), Ok(()), "{id}");
        }
        for id in ["", "-", "a-", "-a", "a--b", "My-Plugin", "a_b", "a b", "a\n", "é"] {
            assert_eq!(PluginId::check(id), Err(PluginIdError::Pattern), "{id}");
        }
        for letter in ["a", "é"] {
            assert_eq!(PluginId::check(&letter.repeat(65)), Err(PluginIdError::TooLong));
        }
    }
}

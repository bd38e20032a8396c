//! The id of a tenant.

use std::{borrow::Borrow, fmt, ops::Deref, str::FromStr, sync::Arc};

/// The longest id, in bytes.
const MAX_LEN: usize = 64;

/// Names that Windows reserves for devices: a vault may be synced to a Windows machine.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The id of a tenant: 1 to 64 of `[a-z0-9-]`, and not the name of a device. It is the name of a directory. Cheap to
/// clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Arc<str>);

/// Why a text is not the id of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantIdError {
    /// It is empty, or longer than 64 bytes.
    #[error("a tenant has 1 to 64 characters")]
    Length,
    /// It has characters other than `[a-z0-9-]`.
    #[error("a tenant has only a-z, 0-9 and hyphens")]
    Characters,
    /// It is the name of a device on Windows.
    #[error("this name is reserved for a device on some systems")]
    Reserved,
}

impl TenantId {
    /// The tenant of the key in `.env`.
    pub const DEFAULT: &'static str = "default";

    /// Checks the id of a tenant: the one rule for it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(text: &str) -> Result<(), TenantIdError> {
        if text.is_empty() || text.len() > MAX_LEN {
            return Err(TenantIdError::Length);
        }
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !text.bytes().all(is_allowed) {
            return Err(TenantIdError::Characters);
        }
        match is_device(text) {
            true => Err(TenantIdError::Reserved),
            false => Ok(()),
        }
    }

    /// Whether `text` is the id of a tenant.
    #[must_use]
    pub fn is_valid(text: &str) -> bool {
        Self::check(text).is_ok()
    }

    /// The id as shared text.
    #[must_use]
    pub fn into_inner(self) -> Arc<str> {
        self.0
    }
}

/// `con`, `prn`, `aux`, `nul`, `com1` to `com9`, `lpt1` to `lpt9`.
fn is_device(text: &str) -> bool {
    let is_port = |prefix| {
        text.strip_prefix(prefix)
            .is_some_and(|number: &str| matches!(number.as_bytes(), [b'1'..=b'9']))
    };
    DEVICES.contains(&text) || is_port("com") || is_port("lpt")
}

impl FromStr for TenantId {
    type Err = TenantIdError;

    fn from_str(text: &str) -> Result<Self, TenantIdError> {
        Self::check(text).map(|()| Self(text.into()))
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl Deref for TenantId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for TenantId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_safe_directories_are_accepted() {
        for fine in [
            "default",
            "a",
            "ana-2",
            "com",
            "com10",
            "com0",
            "comx",
            "0",
            "console",
            &"x".repeat(64),
        ] {
            assert_eq!(TenantId::check(fine), Ok(()), "{fine}");
        }
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "CON",
            "con",
            "nul",
            "com1",
            "lpt9",
            "Ana",
            "a_b",
            "ñ",
            "a b",
            "a\0",
            &"x".repeat(65),
        ] {
            assert!(TenantId::check(bad).is_err(), "{bad}");
        }
    }
}

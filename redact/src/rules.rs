//! The built-in rules. `lines.rs` tests each with a secret that it must find and a near miss.
//!
//! Two properties keep redaction idempotent: a token begins at the edge of a word, and takes every character that could
//! belong to it. So nothing that follows a secret becomes one when a marker replaces the secret.

mod names;
mod tokens;

pub(crate) use names::{Edge, Kind, NAMES, Name};
pub(crate) use tokens::TOKENS;

/// A kind of secret that stands alone: its own form gives it away.
#[derive(Debug)]
pub(crate) struct Token {
    /// Written into the marker.
    pub(crate) name: &'static str,
    /// One of these must be in the text for the rule to be tried; ASCII case does not matter.
    pub(crate) keywords: &'static [&'static str],
    /// Bytes of the token before its keyword.
    pub(crate) back: usize,
    /// Matches from the token's first byte on, as little as makes it certain. The first group, if there is one, is the
    /// secret.
    pub(crate) pattern: &'static str,
    /// What else belongs to the secret behind the match.
    pub(crate) tail: Tail,
    /// Tells the secret from a placeholder.
    pub(crate) check: fn(&str) -> bool,
    /// Whether the token begins a word.
    pub(crate) edge: bool,
}

/// Characters that continue a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tail {
    /// The token is as long as its pattern.
    None,
    /// `A-Z a-z 0-9 _ -`
    Word,
    /// Those, and `.` before another of them.
    Dotted,
    /// Those of `Word`, and `+ / =`.
    Base64,
}

impl Tail {
    /// The number of bytes at the start of `rest` that continue the token.
    pub(crate) fn length(self, rest: &[u8]) -> usize {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let continues = |at: usize| match (self, rest[at]) {
            (Self::None, _) => false,
            (_, byte) if word(byte) => true,
            (Self::Dotted, b'.') => rest.get(at + 1).is_some_and(|&next| word(next)),
            (Self::Base64, b'+' | b'/' | b'=') => true,
            _ => false,
        };
        (0..rest.len()).find(|&at| !continues(at)).unwrap_or(rest.len())
    }
}

/// Rules that are more than a pattern.
pub(crate) const PRIVATE_KEY: &str = "private-key";
/// Card numbers, found by their digits and not by a keyword.
pub(crate) const CARD: &str = "card";
/// The password in the authority of a URL.
pub(crate) const URL_PASSWORD: &str = "url-password";
/// Values of an `Authorization` header.
pub(crate) const AUTHORIZATION: &str = "authorization";
/// Values that a name declares to be a password.
pub(crate) const PASSWORD: &str = "password";
/// Values that a name declares to be another secret.
pub(crate) const SECRET: &str = "secret";
/// Account numbers of banks, only with `secrets+personal`.
pub(crate) const IBAN: &str = "iban";
/// National identity numbers, only with `secrets+personal`.
pub(crate) const NATIONAL_ID: &str = "national-id";
/// Telephone numbers, only with `secrets+personal`.
pub(crate) const PHONE: &str = "phone";

//! Finds secrets in texts and data and replaces each by `[REDACTED:<rule>]`.
//!
//! A screen, a clipboard or a meeting shows keys and card numbers that nobody meant to keep. They are replaced before
//! anything is written, logged or echoed.
//!
//! Invariants: the same text always gives the same result; redacting twice is redacting once; markers are never cut;
//! the time is linear in the text, whatever the text. Texts are expected as they will be written: without control and
//! invisible characters, which could hide a secret.

mod card;
mod commands;
mod config;
#[cfg(test)]
mod corpus;
mod engine;
mod expression;
mod keywords;
#[cfg(test)]
mod lines;
mod marker;
mod object;
mod pair;
mod pem;
mod personal;
mod rules;
mod words;

use std::borrow::Cow;

use engine::Engine;
use openclone_core::json::Object;

pub use config::{ExtraRule, Mode, RedactConfig, RedactError};

/// Replaces secrets in texts and data. Built once, shared by all tasks.
#[derive(Debug)]
pub struct Redactor {
    engine: Engine,
}

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret<'r> {
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last one.
    pub end: usize,
    /// The name of the rule that found it.
    pub rule: &'r str,
}

impl Redactor {
    /// Compiles the built-in rules and those of `config`.
    ///
    /// # Errors
    /// When a rule or an allowed expression of `config` cannot be used; the error names it.
    pub fn new(config: &RedactConfig) -> Result<Self, RedactError> {
        Self::with_own_keys(config, &[])
    }

    /// As [`Self::new`]. `own` are keys of the service, which are redacted wherever they stand, in every mode.
    ///
    /// # Errors
    /// When a rule or an allowed expression of `config` cannot be used; the error names it.
    pub fn with_own_keys(config: &RedactConfig, own: &[String]) -> Result<Self, RedactError> {
        Ok(Self {
            engine: Engine::new(config, own)?,
        })
    }

    /// The text without its secrets, and how many there were. Borrows when there were none.
    #[must_use]
    pub fn redact_str<'a>(&self, text: &'a str) -> (Cow<'a, str>, u32) {
        match self.engine.redact(text) {
            Some((redacted, count)) => (Cow::Owned(redacted), count),
            None => (Cow::Borrowed(text), 0),
        }
    }

    /// The secrets of a text, from left to right, and the rules that found them.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Secret<'_>> {
        self.engine.locate(text)
    }

    /// Replaces the secrets in an event's data: in texts, keys and numbers, under a key such as `password`, and where
    /// one member names what another one holds. Keys stay unique. Returns the number of secrets.
    pub fn redact_object(&self, data: &mut Object<'_>) -> u32 {
        object::redact(&self.engine, data)
    }
}

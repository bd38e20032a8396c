//! Takes secrets out of what plugins capture, before it is written anywhere.
//!
//! A screen, a clipboard or a meeting shows keys and card numbers that nobody meant to keep. What a rule finds becomes
//! `[REDACTED:<rule>]`, in the vault, in logs and in the bodies of errors. Event ids are made of the data as sent, and
//! `raw_ref` is never touched, so redaction changes nothing about what is a duplicate.
//!
//! Invariants: the same text always gives the same result; redacting twice is redacting once; markers are never cut;
//! the time taken is linear in the text. A text without any keyword costs one scan, and one count of its digits.

mod card;
mod config;
#[cfg(test)]
mod corpus;
mod engine;
mod expression;
#[cfg(test)]
mod lines;
mod object;
mod pair;
mod pem;
mod rule;
mod scan;
mod span;
mod strength;

use std::borrow::Cow;

use engine::Engine;
use openclone_vault::Object;

pub use config::{ExtraRule, Mode, RedactConfig, RedactError};

/// Takes secrets out of texts and data. Made once, shared by all tasks.
#[derive(Debug)]
pub struct Redactor {
    /// `None` when redaction is off.
    engine: Option<Engine>,
}

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret<'r> {
    /// Where it begins, in bytes.
    pub start: usize,
    /// The name of the rule that has found it.
    pub rule: &'r str,
}

impl Redactor {
    /// Compiles the built-in rules and those of `config`.
    ///
    /// # Errors
    /// When a rule or an allowed expression of `config` is of no use; the error names it.
    pub fn new(config: &RedactConfig) -> Result<Self, RedactError> {
        let engine = match config.mode {
            Mode::Off => None,
            Mode::Secrets => Some(Engine::new(config)?),
        };
        Ok(Self { engine })
    }

    /// The text without its secrets, and how many there were. Borrows when there were none.
    #[must_use]
    pub fn redact_str<'a>(&self, text: &'a str) -> (Cow<'a, str>, u32) {
        match self.engine.as_ref().and_then(|engine| engine.redact(text)) {
            Some((redacted, count)) => (Cow::Owned(redacted), count),
            None => (Cow::Borrowed(text), 0),
        }
    }

    /// Where the secrets of a text are, in order, and the rules that have found them.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Secret<'_>> {
        self.engine
            .as_ref()
            .map_or_else(Vec::new, |engine| engine.locate(text))
    }

    /// Takes the secrets out of an event's data: texts, keys, card numbers sent as numbers, and whatever stands under a
    /// key such as `password`. Keys stay unique. Returns how many secrets there were.
    pub fn redact_object(&self, data: &mut Object<'_>) -> u32 {
        self.engine
            .as_ref()
            .map_or(0, |engine| object::redact(engine, data))
    }
}

//! The data of an event: JSON values that keep every digit, borrowed from the message where they can be.
//!
//! An [`Object`] is the same whether it was parsed from JSON or built from a typed payload: numbers are canonical
//! from the start, so that both forms give one event id and one Markdown.

pub(crate) mod json;
mod number;
mod parse;

use std::borrow::Cow;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number<'a>),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// A JSON number in canonical form: an integer digit for digit, or a double in shortest form; a double equal to an
/// integer below 2^53 is that integer.
///
/// The shortest form is laid out as RFC 8785 (ECMAScript) does: plain digits from 1e-6 up to 1e21, beyond that
/// `1.5e-7` and `1e+21`. So a double from 2^53 on and below 1e21 has the same digits as the integer that it equals.
/// `-0` is `0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Number<'a>(pub(crate) Cow<'a, str>);

/// Members in the order in which they came, each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(pub(crate) Vec<(Cow<'a, str>, Value<'a>)>);

/// Why a text is no JSON object.
#[derive(Debug, thiserror::Error)]
#[error("data is not a JSON object: {0}")]
pub struct DataError(pub(crate) String);

impl<'a> Object<'a> {
    /// Parses a JSON object (RFC 8259, strictly). Of members with one key the last wins, in the place of the first.
    /// Numbers keep every digit. An escaped lone surrogate is U+FFFD.
    ///
    /// # Errors
    /// When `json` is not a JSON object, a number is beyond a double's range, or values nest deeper than 64.
    pub fn parse(json: &'a str) -> Result<Self, DataError> {
        parse::object(json)
    }

    /// An object without members that has room for so many.
    #[must_use]
    pub fn with_capacity(members: usize) -> Self {
        Self(Vec::with_capacity(members))
    }

    /// Adds a member; the caller sees to it that its key is not there yet.
    pub fn push(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) {
        self.0.push((key.into(), value));
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = &(Cow<'a, str>, Value<'a>)> {
        self.0.iter()
    }

    /// The members in order, to be changed (redaction).
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut (Cow<'a, str>, Value<'a>)> {
        self.0.iter_mut()
    }

    /// The value under `key`.
    #[cfg(test)]
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

impl Number<'_> {
    /// The canonical digits: `[0-9.e+-]` only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<f64> for Number<'static> {
    /// `value` must be finite; anything else becomes `0`.
    fn from(value: f64) -> Self {
        Self(Cow::Owned(number::canonical(value)))
    }
}

impl From<i64> for Number<'static> {
    fn from(value: i64) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

//! JSON values that keep every digit, borrowed from the text where possible.
//!
//! An [`Object`] is the same whether it was parsed from JSON or built from a typed payload: numbers are canonical
//! from the start, so that both forms give one event id and one Markdown.

use std::borrow::Cow;

use super::{ParseError, number, object};

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

/// Members in their original order, each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(pub Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    /// Parses a JSON object. If a key is repeated, the last value wins, in the place of the first. Integers keep every
    /// digit. An escaped lone surrogate becomes U+FFFD.
    ///
    /// # Errors
    /// When `json` is not a JSON object, a number is beyond the range of a double, or values nest deeper than 64.
    pub fn parse(json: &'a str) -> Result<Self, ParseError> {
        object::parse(json)
    }

    /// An empty object with capacity for `members`.
    #[must_use]
    pub fn with_capacity(members: usize) -> Self {
        Self(Vec::with_capacity(members))
    }

    /// Adds a member. The caller ensures that its key is not present yet.
    pub fn push(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) {
        self.0.push((key.into(), value));
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = &(Cow<'a, str>, Value<'a>)> {
        self.0.iter()
    }

    /// The members in order, mutably.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut (Cow<'a, str>, Value<'a>)> {
        self.0.iter_mut()
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

impl Number<'_> {
    /// The canonical digits: `[0-9.e+-]` only.
    #[must_use]
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

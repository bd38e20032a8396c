//! The data of an event: JSON values that keep every digit, borrowed from the message where they can be.

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
    /// Parses a JSON object. Of members with one key the last wins. Numbers keep every digit.
    ///
    /// # Errors
    /// When `json` is not a JSON object.
    pub fn parse(json: &'a str) -> Result<Self, DataError> {
        let _ = json;
        unimplemented!()
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
}

impl Number<'_> {
    /// The canonical digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<f64> for Number<'static> {
    /// `value` must be finite.
    fn from(value: f64) -> Self {
        let _ = value;
        unimplemented!()
    }
}

impl From<i64> for Number<'static> {
    fn from(value: i64) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

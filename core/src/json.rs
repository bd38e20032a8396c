//! The one JSON reader, and the values that events carry.
//!
//! [`Reader`] works token by token, borrows from the text, never recurses, and reports the position of an error.
//! [`Object::parse`] builds a value on top of it.
//!
//! The reader accepts RFC 8259 and three things more, which the parser of the original backend accepted too: `NaN`,
//! `Infinity` and `-Infinity` as numbers, numbers beyond the range of a double, and escaped lone surrogates in
//! strings. Its callers decide what to do with them ([`NumberLiteral::is_finite`],
//! [`StringLiteral::has_lone_surrogate`]).

mod nesting;
mod number;
mod number_literal;
mod object;
mod reader;
mod string_literal;
mod value;
mod write;

pub use number_literal::NumberLiteral;
pub use reader::{MAX_NESTING, Reader, Span, Token};
pub use string_literal::{StringLiteral, replace_lone_surrogates};
pub use value::{Number, Object, Value};
pub use write::{Form, write_members, write_object, write_value};

/// Why a text is not the JSON that was expected.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseError {
    /// The text breaks the grammar.
    #[error("{reason} at byte {offset}")]
    Syntax {
        /// Position in bytes from the start of the text.
        offset: usize,
        /// What was expected there, or what is wrong.
        reason: &'static str,
    },
    /// Containers are nested deeper than the reader allows.
    #[error("nested too deeply")]
    TooDeep,
    /// The text is JSON, but not an object.
    #[error("not an object")]
    NotAnObject,
    /// A number is `NaN`, infinite, or beyond the range of a double.
    #[error("a number is out of range")]
    NumberOutOfRange,
}

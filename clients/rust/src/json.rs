//! A reader of JSON text that borrows, never recurses and tells the position of a fault.
//!
//! It accepts what RFC 8259 does, and three things that the original backend's parser took as well and that are only
//! faults at a certain place: `NaN`, `Infinity` and `-Infinity` as numbers, numbers beyond the range of a double, and
//! escapes of lone surrogates in strings. Whoever reads decides about them ([`Number::is_finite`], [`Text::is_lone`]).
//!
//! A value is read token by token: [`Reader::token`] gives a scalar whole and only opens a container, whose members
//! come from [`Reader::key`] or [`Reader::element`]; [`Reader::skip`] passes over what is left of it.

mod number;
mod text;

pub use number::Number;
pub use text::{Text, replace_lone};

use thiserror::Error;

/// How many containers may stand inside each other in a value that is passed over.
pub const MAX_NESTING: usize = 900;

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// The text breaks the grammar.
    #[error("{reason} at byte {at}")]
    Syntax {
        /// Where, in bytes from the start.
        at: usize,
        /// What was expected there, or what is wrong.
        reason: &'static str,
    },
    /// More than [`MAX_NESTING`] containers stand inside each other.
    #[error("nested too deeply")]
    TooDeep,
}

/// The start of a value.
#[derive(Clone, Copy, Debug)]
pub enum Token<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number<'a>),
    /// A string.
    Text(Text<'a>),
    /// `[`; its elements follow.
    Array,
    /// `{`; its members follow.
    Object,
}

/// A whole value as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// The value's text, without the space around it.
    pub text: &'a str,
    /// Its first token.
    pub token: Token<'a>,
    /// How many containers stand inside each other in it; 0 for a scalar.
    pub depth: usize,
    /// Whether a string in it has an escape of a lone surrogate.
    pub lone: bool,
}

/// Reads one JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of `text`.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads a scalar, or opens a container.
    pub fn token(&mut self) -> Result<Token<'a>, Fault> {
        match self.peek() {
            Some(b'"') => self.string().map(Token::Text),
            Some(b'{') => Ok(self.take(1, Token::Object)),
            Some(b'[') => Ok(self.take(1, Token::Array)),
            Some(b't') => self.word("true", Token::Bool(true)),
            Some(b'f') => self.word("false", Token::Bool(false)),
            Some(b'n') => self.word("null", Token::Null),
            _ => self.number().map(Token::Number),
        }
    }

    /// Reads the next key of the open object up to the colon; `None` closes the object. `first` tells whether no key
    /// of it has been read yet.
    pub fn key(&mut self, first: bool) -> Result<Option<Text<'a>>, Fault> {
        match self.peek() {
            Some(b'}') => return Ok(self.take(1, None)),
            Some(b',') if !first => self.at += 1,
            _ if !first => return Err(self.fault("Expecting ',' delimiter")),
            _ => {}
        }
        if self.peek() != Some(b'"') {
            return Err(self.fault("Expecting property name enclosed in double quotes"));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.fault("Expecting ':' delimiter"));
        }
        Ok(self.take(1, Some(key)))
    }

    /// Whether another element of the open array follows; `false` closes the array.
    pub fn element(&mut self, first: bool) -> Result<bool, Fault> {
        match self.peek() {
            Some(b']') => Ok(self.take(1, false)),
            Some(b',') if !first => {
                self.at += 1;
                match self.peek() {
                    Some(b']') => Err(self.fault("Expecting value")),
                    _ => Ok(true),
                }
            }
            _ if !first => Err(self.fault("Expecting ',' delimiter")),
            _ => Ok(true),
        }
    }

    /// Reads a whole value.
    pub fn span(&mut self) -> Result<Span<'a>, Fault> {
        self.peek();
        let start = self.at;
        let token = self.token()?;
        let (depth, lone) = self.skip(&token)?;
        Ok(Span {
            text: &self.text[start..self.at],
            token,
            depth,
            lone,
        })
    }

    /// Passes over what is left of the value that `token` began. Gives the number of containers inside each other
    /// and whether there was a lone surrogate.
    pub fn skip(&mut self, token: &Token<'a>) -> Result<(usize, bool), Fault> {
        let mut open = Nesting::default();
        let mut lone = open.enter(token)?;
        let mut first = true;
        while let Some(in_object) = open.innermost() {
            let more = match in_object {
                true => self.key(first)?.map(|key| lone |= key.is_lone()).is_some(),
                false => self.element(first)?,
            };
            if !more {
                open.leave();
                first = false;
                continue;
            }
            let inner = self.token()?;
            first = matches!(inner, Token::Array | Token::Object);
            lone |= open.enter(&inner)?;
        }
        Ok((open.deepest, lone))
    }

    /// Checks that nothing but space is left.
    pub fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault("Extra data")),
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn string(&mut self) -> Result<Text<'a>, Fault> {
        let text = Text::read(self.text, self.at)?;
        self.at += text.raw().len() + 2;
        Ok(text)
    }

    fn number(&mut self) -> Result<Number<'a>, Fault> {
        let number = Number::read(&self.text[self.at..]).ok_or_else(|| self.fault("Expecting value"))?;
        self.at += number.text().len();
        Ok(number)
    }

    fn word(&mut self, word: &str, token: Token<'a>) -> Result<Token<'a>, Fault> {
        match self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            true => Ok(self.take(word.len(), token)),
            false => Err(self.fault("Expecting value")),
        }
    }

    fn take<T>(&mut self, bytes: usize, value: T) -> T {
        self.at += bytes;
        value
    }

    const fn fault(&self, reason: &'static str) -> Fault {
        Fault::Syntax { at: self.at, reason }
    }
}

/// Which containers are open: one bit each, set for an object.
#[derive(Default)]
struct Nesting {
    bits: [u64; MAX_NESTING.div_ceil(64)],
    depth: usize,
    deepest: usize,
}

impl Nesting {
    /// Counts a container in; tells whether a scalar has a lone surrogate.
    fn enter(&mut self, token: &Token<'_>) -> Result<bool, Fault> {
        let is_object = match token {
            Token::Object => true,
            Token::Array => false,
            Token::Text(text) => return Ok(text.is_lone()),
            _ => return Ok(false),
        };
        if self.depth == MAX_NESTING {
            return Err(Fault::TooDeep);
        }
        let bit = 1 << (self.depth % 64);
        match is_object {
            true => self.bits[self.depth / 64] |= bit,
            false => self.bits[self.depth / 64] &= !bit,
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        Ok(false)
    }

    fn innermost(&self) -> Option<bool> {
        let last = self.depth.checked_sub(1)?;
        Some(self.bits[last / 64] & (1 << (last % 64)) != 0)
    }

    const fn leave(&mut self) {
        self.depth -= 1;
    }
}

#[cfg(test)]
mod tests;

//! Reads JSON text token by token.
//!
//! [`Reader::token`] returns a scalar whole, but only opens a container, whose members come from [`Reader::key`] or
//! [`Reader::element`]. [`Reader::skip`] passes over what is left of it.

use super::{NumberLiteral, ParseError, StringLiteral, nesting::Nesting};

/// Levels of nested containers in a value that is skipped, at most.
pub const MAX_NESTING: usize = 900;

/// The start of a value.
#[derive(Clone, Copy, Debug)]
pub enum Token<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(NumberLiteral<'a>),
    /// A string.
    String(StringLiteral<'a>),
    /// `[`; its elements follow.
    Array,
    /// `{`; its members follow.
    Object,
}

/// A whole value, as text.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// The text of the value, without the space around it.
    pub text: &'a str,
    /// Its first token.
    pub token: Token<'a>,
    /// Levels of nested containers in it; 0 for a scalar.
    pub depth: usize,
    /// Whether a string in it has an escaped lone surrogate.
    pub has_lone_surrogate: bool,
}

/// Reads one JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of `text`.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, offset: 0 }
    }

    /// Reads a scalar, or opens a container.
    pub fn token(&mut self) -> Result<Token<'a>, ParseError> {
        match self.peek() {
            Some(b'"') => self.string().map(Token::String),
            Some(b'{') => Ok(self.take(1, Token::Object)),
            Some(b'[') => Ok(self.take(1, Token::Array)),
            Some(b't') => self.word("true", Token::Bool(true)),
            Some(b'f') => self.word("false", Token::Bool(false)),
            Some(b'n') => self.word("null", Token::Null),
            _ => self.number().map(Token::Number),
        }
    }

    /// Reads the next key of the open object up to the colon; `None` closes the object. `first`: no key of it
    /// has been read yet.
    pub fn key(&mut self, first: bool) -> Result<Option<StringLiteral<'a>>, ParseError> {
        match self.peek() {
            Some(b'}') => return Ok(self.take(1, None)),
            Some(b',') if !first => self.offset += 1,
            _ if !first => return Err(self.error("Expecting ',' delimiter")),
            _ => {}
        }
        if self.peek() != Some(b'"') {
            return Err(self.error("Expecting property name enclosed in double quotes"));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.error("Expecting ':' delimiter"));
        }
        Ok(self.take(1, Some(key)))
    }

    /// Whether another element of the open array follows; `false` closes the array.
    pub fn element(&mut self, first: bool) -> Result<bool, ParseError> {
        match self.peek() {
            Some(b']') => Ok(self.take(1, false)),
            Some(b',') if !first => {
                self.offset += 1;
                match self.peek() {
                    Some(b']') => Err(self.error("Expecting value")),
                    _ => Ok(true),
                }
            }
            _ if !first => Err(self.error("Expecting ',' delimiter")),
            _ => Ok(true),
        }
    }

    /// Reads a whole value.
    pub fn span(&mut self) -> Result<Span<'a>, ParseError> {
        self.peek();
        let start = self.offset;
        let token = self.token()?;
        let (depth, has_lone_surrogate) = self.skip(&token)?;
        Ok(Span {
            text: &self.text[start..self.offset],
            token,
            depth,
            has_lone_surrogate,
        })
    }

    /// Skips the rest of the value that `token` began. Returns its levels of nested containers, and whether a string in
    /// it has an escaped lone surrogate.
    pub fn skip(&mut self, token: &Token<'a>) -> Result<(usize, bool), ParseError> {
        let mut open = Nesting::default();
        let mut lone = open.enter(token)?;
        let mut first = true;
        while let Some(in_object) = open.innermost() {
            let more = match in_object {
                true => self
                    .key(first)?
                    .map(|key| lone |= key.has_lone_surrogate())
                    .is_some(),
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
    pub fn end(&mut self) -> Result<(), ParseError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("Extra data")),
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.offset) {
            self.offset += 1;
        }
        bytes.get(self.offset).copied()
    }

    fn string(&mut self) -> Result<StringLiteral<'a>, ParseError> {
        let text = StringLiteral::read(self.text, self.offset)?;
        self.offset += text.raw().len() + 2;
        Ok(text)
    }

    fn number(&mut self) -> Result<NumberLiteral<'a>, ParseError> {
        let number =
            NumberLiteral::read(&self.text[self.offset..]).ok_or_else(|| self.error("Expecting value"))?;
        self.offset += number.text().len();
        Ok(number)
    }

    fn word(&mut self, word: &str, token: Token<'a>) -> Result<Token<'a>, ParseError> {
        match self.text.as_bytes()[self.offset..].starts_with(word.as_bytes()) {
            true => Ok(self.take(word.len(), token)),
            false => Err(self.error("Expecting value")),
        }
    }

    fn take<T>(&mut self, bytes: usize, value: T) -> T {
        self.offset += bytes;
        value
    }

    const fn error(&self, reason: &'static str) -> ParseError {
        ParseError::Syntax {
            offset: self.offset,
            reason,
        }
    }
}

#[cfg(test)]
mod tests;

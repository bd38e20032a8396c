//! Tracks which containers are open, without recursion.

use super::{
    ParseError,
    reader::{MAX_NESTING, Token},
};

/// Which containers are open: one bit each, set for an object.
#[derive(Default)]
pub(super) struct Nesting {
    bits: [u64; MAX_NESTING.div_ceil(64)],
    depth: usize,
    /// The most containers that were open at once.
    pub(super) deepest: usize,
}

impl Nesting {
    /// Enters a container; returns whether a scalar has a lone surrogate.
    pub(super) fn enter(&mut self, token: &Token<'_>) -> Result<bool, ParseError> {
        let is_object = match token {
            Token::Object => true,
            Token::Array => false,
            Token::String(text) => return Ok(text.has_lone_surrogate()),
            _ => return Ok(false),
        };
        if self.depth == MAX_NESTING {
            return Err(ParseError::TooDeep);
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

    /// Whether the innermost open container is an object; `None` if none is open.
    pub(super) fn innermost(&self) -> Option<bool> {
        let last = self.depth.checked_sub(1)?;
        Some(self.bits[last / 64] & (1 << (last % 64)) != 0)
    }

    /// Leaves the innermost container.
    pub(super) const fn leave(&mut self) {
        self.depth -= 1;
    }
}

//! How containers stand inside each other, without recursion.

use super::{Fault, MAX_NESTING, Token};

/// Which containers are open: one bit each, set for an object.
#[derive(Default)]
pub(super) struct Nesting {
    bits: [u64; MAX_NESTING.div_ceil(64)],
    depth: usize,
    /// How many were open at once, at most.
    pub(super) deepest: usize,
}

impl Nesting {
    /// Counts a container in; tells whether a scalar has a lone surrogate.
    pub(super) fn enter(&mut self, token: &Token<'_>) -> Result<bool, Fault> {
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

    /// Whether the innermost open container is an object; `None` if none is open.
    pub(super) fn innermost(&self) -> Option<bool> {
        let last = self.depth.checked_sub(1)?;
        Some(self.bits[last / 64] & (1 << (last % 64)) != 0)
    }

    /// Counts the innermost container out.
    pub(super) const fn leave(&mut self) {
        self.depth -= 1;
    }
}

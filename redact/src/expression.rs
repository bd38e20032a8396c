//! Expressions of built-in rules, compiled when a text first wants them.
//!
//! Most of them are never wanted, and compiling all of them would cost each start many milliseconds and the process
//! megabytes.

use std::sync::LazyLock;

use regex::Regex;

/// An expression that matches at the start of a text, compiled at the latest when it is first used.
#[derive(Debug)]
pub(crate) struct Expression(LazyLock<Regex, Box<dyn FnOnce() -> Regex + Send>>);

impl Expression {
    /// A built-in `pattern`, which a test compiles.
    pub(crate) fn anchored(pattern: &'static str) -> Self {
        Self(LazyLock::new(Box::new(move || compile(pattern))))
    }

    /// The compiled expression.
    pub(crate) fn get(&self) -> &Regex {
        &self.0
    }
}

fn compile(pattern: &'static str) -> Regex {
    // A rule that cannot look must not let a secret through: better no answer than a false one.
    Regex::new(&format!("^(?:{pattern})"))
        .unwrap_or_else(|error| panic!("a built-in rule of redaction does not compile: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::TOKENS;

    #[test]
    fn every_built_in_expression_compiles() {
        for token in TOKENS {
            assert!(
                Expression::anchored(token.pattern)
                    .get()
                    .as_str()
                    .contains(token.pattern)
            );
        }
    }
}

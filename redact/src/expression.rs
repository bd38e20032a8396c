//! Expressions of built-in rules, compiled when a text first wants them.
//!
//! Most of them are never wanted, and to compile all of them costs a start many milliseconds and the process megabytes.

use std::sync::LazyLock;

use regex::Regex;

/// An expression, compiled at the latest when it is first used.
#[derive(Debug)]
pub(super) enum Expression {
    /// One of the configuration, whose faults had to be told at once.
    Compiled(Regex),
    /// One of ours.
    Later(Box<LazyLock<Regex, Box<dyn FnOnce() -> Regex + Send>>>),
}

impl Expression {
    /// A `pattern` of ours, which a test has compiled.
    pub(super) fn later(pattern: &'static str) -> Self {
        Self::Later(Box::new(LazyLock::new(Box::new(move || compile(pattern)))))
    }

    /// The compiled expression.
    pub(super) fn get(&self) -> &Regex {
        match self {
            Self::Compiled(regex) => regex,
            Self::Later(regex) => regex,
        }
    }
}

impl From<Regex> for Expression {
    fn from(regex: Regex) -> Self {
        Self::Compiled(regex)
    }
}

fn compile(pattern: &'static str) -> Regex {
    // A rule that cannot look must not let a secret through: better no answer than a false one.
    Regex::new(pattern)
        .unwrap_or_else(|error| panic!("a built-in rule of redaction does not compile: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::{pair, pem, rule};
    use super::*;

    #[test]
    fn every_built_in_expression_compiles() {
        let own = rule::RULES.iter().filter_map(|rule| match rule.find {
            rule::Find::Token(pattern, _) => Some(pattern),
            _ => None,
        });
        for pattern in own.chain([pem::HEADER, pair::PASSWORD, pair::SECRET]) {
            assert!(Expression::later(pattern).get().as_str() == pattern);
        }
    }
}

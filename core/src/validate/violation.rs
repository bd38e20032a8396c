//! Violations, collected while the fields of a batch are visited.

use std::{borrow::Cow, fmt};

use super::Rule;

mod path;

/// One step of a path into a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A field of a message, or a member of an object in `data`.
    Field(Cow<'static, str>),
    /// An element of a list, from 0.
    Index(usize),
    /// The key of the member itself, not its value.
    Key,
}

/// A rule broken by one field. `Display` prints the path and a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The path of the field, from the batch inwards.
    pub path: Vec<Segment>,
    /// The rule that it breaks.
    pub rule: Rule,
}

impl Violation {
    /// The violation that a service describes by a path, a reason and a sentence.
    #[must_use]
    pub fn from_description(path: &str, reason: &str, sentence: &str) -> Self {
        Self {
            path: path::read(path),
            rule: Rule::from_description(reason, sentence),
        }
    }

    /// The path as gRPC errors write it, such as `events[3].data.text`; see [`path`].
    #[must_use]
    pub fn field_path(&self) -> String {
        path::write(&self.path)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.field_path(), self.rule)
    }
}

impl From<&'static str> for Segment {
    fn from(name: &'static str) -> Self {
        Self::Field(Cow::Borrowed(name))
    }
}

impl From<String> for Segment {
    fn from(name: String) -> Self {
        Self::Field(Cow::Owned(name))
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// Violations found so far, and the path of the field that is being visited.
#[derive(Debug)]
pub struct Violations {
    path: Vec<Segment>,
    found: Vec<Violation>,
    limit: usize,
}

impl Violations {
    /// Lists at most `limit` violations.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            path: Vec::new(),
            found: Vec::new(),
            limit,
        }
    }

    /// Records that `field` breaks `rule`, if it does.
    pub fn field(&mut self, field: impl Into<Segment>, rule: Option<Rule>) {
        let Some(rule) = rule else { return };
        self.enter(field, |violations| violations.add(rule));
    }

    /// Records that the field being visited breaks `rule`.
    pub fn add(&mut self, rule: Rule) {
        if !self.is_full() {
            self.found.push(Violation {
                path: self.path.clone(),
                rule,
            });
        }
    }

    /// Visits the field at `segment`.
    pub fn enter<T>(&mut self, segment: impl Into<Segment>, visit: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment.into());
        let result = visit(self);
        self.path.pop();
        result
    }

    /// Whether no further violation will be listed.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// Whether no violation was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many violations were found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Removes the violations from index `start` on.
    pub fn truncate(&mut self, start: usize) {
        self.found.truncate(start);
    }

    /// The violations, in the order in which they were found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Violation> {
        self.found
    }
}

//! Where a batch is at fault, collected while its fields are visited.

use std::{borrow::Cow, fmt};

use super::Rule;

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

/// One fault of a batch. `Display` gives path and sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Where it is, from the batch inwards.
    pub path: Vec<Segment>,
    /// What is broken.
    pub rule: Rule,
}

impl Violation {
    /// The path as gRPC errors write it, such as `events[3].data.text`.
    #[must_use]
    pub fn field_path(&self) -> String {
        let mut path = String::new();
        for segment in &self.path {
            match segment {
                Segment::Field(name) if path.is_empty() => path.push_str(name),
                Segment::Field(name) => path.extend([".", name]),
                Segment::Index(index) => path.push_str(&format!("[{index}]")),
                Segment::Key => path.push_str("[key]"),
            }
        }
        path
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

/// Violations so far, and the place where the visit stands.
pub(super) struct Report {
    path: Vec<Segment>,
    violations: Vec<Violation>,
    limit: usize,
}

impl Report {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            path: Vec::new(),
            violations: Vec::new(),
            limit,
        }
    }

    /// Notes that the field at hand breaks `rule`, if it does.
    pub(super) fn field(&mut self, field: impl Into<Segment>, rule: Option<Rule>) {
        let Some(rule) = rule else { return };
        self.inside(field, |report| report.here(rule));
    }

    /// Notes that what the visit stands at breaks `rule`.
    pub(super) fn here(&mut self, rule: Rule) {
        if !self.is_full() {
            self.violations.push(Violation {
                path: self.path.clone(),
                rule,
            });
        }
    }

    /// Visits what is inside `segment`.
    pub(super) fn inside<T>(&mut self, segment: impl Into<Segment>, visit: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment.into());
        let result = visit(self);
        self.path.pop();
        result
    }

    /// Whether no further violation will be listed.
    pub(super) fn is_full(&self) -> bool {
        self.violations.len() >= self.limit
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.violations.len()
    }

    /// Forgets those from `start` on.
    pub(super) fn truncate(&mut self, start: usize) {
        self.violations.truncate(start);
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }
}

//! Parses a manifest into a tree that keeps the position of each value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};

use super::violation::{Violations, plain};

/// The deepest nesting allowed.
const MAX_DEPTH: usize = 16;

/// A value and its byte offset in the text.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) shape: Shape,
}

/// The content of a value. An object keeps the order of its members; of duplicate names the last one counts.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Neither a list nor an object.
    Scalar(Value),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The member `key` of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Shape::Object(members) = &self.shape else {
            return None;
        };
        members
            .iter()
            .find_map(|(name, node)| (name == key).then_some(node))
    }

    /// A string's text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar(value) => value.as_str(),
            _ => None,
        }
    }

    /// A list's elements.
    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &self.shape {
            Shape::List(items) => Some(items),
            _ => None,
        }
    }
}

/// Parses an object; duplicate keys and syntax errors become faults.
pub(crate) fn read(text: &str, faults: &mut Violations) -> Option<Node> {
    let raw: &RawValue = match serde_json::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            faults.add(
                "",
                offset_of(text, error.line()),
                &format!("not valid JSON: {error}"),
            );
            return None;
        }
    };
    let mut builder = Builder { text, faults };
    let root = builder.node(raw, "", 1)?;
    if !matches!(root.shape, Shape::Object(_)) {
        faults.add("", root.at, "not a JSON object");
        return None;
    }
    Some(root)
}

/// The byte offset of a line, counted from 1.
fn offset_of(text: &str, line: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    before.map(str::len).sum()
}

struct Builder<'a, 'f> {
    text: &'a str,
    faults: &'f mut Violations,
}

impl Builder<'_, '_> {
    fn node(&mut self, raw: &RawValue, path: &str, depth: usize) -> Option<Node> {
        // the raw value is a piece of the text
        let at = (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let is_container = raw.get().starts_with(['[', '{']);
        if is_container && depth > MAX_DEPTH {
            self.faults
                .add("", at, &format!("nested deeper than {MAX_DEPTH} levels"));
            return None;
        }
        let shape = match raw.get().as_bytes().first() {
            Some(b'[') => self.list(raw, path, depth, at)?,
            Some(b'{') => self.object(raw, path, depth, at)?,
            _ => Shape::Scalar(self.parse(raw, path, at)?),
        };
        Some(Node { at, shape })
    }

    fn list(&mut self, raw: &RawValue, path: &str, depth: usize, at: usize) -> Option<Shape> {
        let items: Vec<&RawValue> = self.parse(raw, path, at)?;
        let nodes: Option<Vec<_>> = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| self.node(item, &format!("{path}[{index}]"), depth + 1))
            .collect();
        nodes.map(Shape::List)
    }

    fn object(&mut self, raw: &RawValue, path: &str, depth: usize, at: usize) -> Option<Shape> {
        let Members(members) = self.parse(raw, path, at)?;
        let mut nodes: Vec<(String, Node)> = Vec::with_capacity(members.len());
        let mut names = std::collections::HashMap::with_capacity(members.len());
        for (name, value) in members {
            let here = member_path(path, &name);
            let node = self.node(value, &here, depth + 1)?;
            match names.insert(name.clone(), nodes.len()) {
                None => nodes.push((name, node)),
                Some(index) => {
                    self.faults.add(&here, node.at, "is a duplicate");
                    nodes[index].1 = node;
                    names.insert(name, index);
                }
            }
        }
        Some(Shape::Object(nodes))
    }

    fn parse<'a, T: Deserialize<'a>>(&mut self, raw: &'a RawValue, path: &str, at: usize) -> Option<T> {
        match serde_json::from_str(raw.get()) {
            Ok(value) => Some(value),
            Err(error) => {
                // such as half of a surrogate pair, which is found only when the string is read
                let reason = error.to_string();
                let reason = reason.split(" at line ").next().unwrap_or_default();
                self.faults.add(path, at, &format!("not valid JSON: {reason}"));
                None
            }
        }
    }
}

/// The path of a member.
pub(super) fn member_path(path: &str, name: &str) -> String {
    let shown = plain(name);
    if path.is_empty() {
        shown
    } else {
        format!("{path}.{shown}")
    }
}

/// The members of an object in order, as raw text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

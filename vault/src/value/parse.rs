//! A strict JSON parser that borrows strings and keeps digits.
//!
//! A general parser turns numbers into doubles, refuses lone surrogates or marks long numbers by a key that a
//! plugin could send itself; this one has only what [`Object`] needs.

use std::{borrow::Cow, mem};

use super::{DataError, Number, Object, Value, number};

/// How deep values may nest; twice what the contract allows, and little enough for any stack.
const MAX_DEPTH: usize = 64;

/// Up to how many members a key is looked for one by one.
const FEW: usize = 16;

type Parsed<T> = Result<T, DataError>;

/// Parses a text that is one JSON object.
pub(super) fn object(json: &str) -> Parsed<Object<'_>> {
    let mut parser = Parser {
        json,
        at: 0,
        depth: 0,
    };
    parser.skip_space();
    if parser.peek() != Some(b'{') {
        return Err(parser.error("expected an object"));
    }
    let object = parser.object()?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(object),
        Some(_) => Err(parser.error("unexpected text after the object")),
    }
}

struct Parser<'a> {
    json: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self) -> Parsed<Value<'a>> {
        match self.peek() {
            Some(b'{') => self.object().map(Value::Object),
            Some(b'[') => self.array().map(Value::Array),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.error("expected a value")),
        }
    }

    fn object(&mut self) -> Parsed<Object<'a>> {
        let mut members: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
        self.enter()?;
        if self.next_is(b'}') {
            self.depth -= 1;
            return Ok(Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key"));
            }
            let key = self.string()?;
            if !self.next_is(b':') {
                return Err(self.error("expected a colon"));
            }
            self.skip_space();
            let value = self.value()?;
            add_member(&mut members, key, value);
            if self.next_is(b',') {
                continue;
            }
            if !self.next_is(b'}') {
                return Err(self.error("expected a comma or the end of the object"));
            }
            self.depth -= 1;
            return Ok(Object(distinct(members)));
        }
    }

    fn array(&mut self) -> Parsed<Vec<Value<'a>>> {
        let mut items = Vec::new();
        self.enter()?;
        if self.next_is(b']') {
            self.depth -= 1;
            return Ok(items);
        }
        loop {
            self.skip_space();
            items.push(self.value()?);
            if self.next_is(b',') {
                continue;
            }
            if !self.next_is(b']') {
                return Err(self.error("expected a comma or the end of the array"));
            }
            self.depth -= 1;
            return Ok(items);
        }
    }

    fn number(&mut self) -> Parsed<Number<'a>> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let digits = number::from_json(&self.json[start..self.at]);
        digits
            .map(Number)
            .ok_or_else(|| self.error("number out of range"))
    }

    fn digits(&mut self) -> Parsed<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            Err(self.error("expected a digit"))
        } else {
            Ok(())
        }
    }

    fn string(&mut self) -> Parsed<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.json[start..self.at - 1]));
        }
        let mut text = self.json[start..self.at].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.error("control character in a string")),
                None => return Err(self.error("unfinished string")),
            }
            let run = self.at;
            self.skip_plain();
            text.push_str(&self.json[run..self.at]);
        }
    }

    /// Goes on to a quote, a backslash, a control character or the end.
    fn skip_plain(&mut self) {
        let rest = &self.json.as_bytes()[self.at..];
        let end = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let run = &rest[..end];
        // the lowest of all is found many bytes at a time; where it is, is asked only if it is a control character
        self.at += match run.iter().fold(u8::MAX, |lowest, &byte| lowest.min(byte)) {
            0..0x20 => run.iter().position(|&byte| byte < 0x20).unwrap_or(end),
            _ => end,
        };
    }

    fn escape(&mut self) -> Parsed<char> {
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(literal @ (b'"' | b'\\' | b'/')) => char::from(literal),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.error("unknown escape")),
        })
    }

    fn unicode(&mut self) -> Parsed<char> {
        let first = self.hex()?;
        if !(0xD800..0xDC00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let after = self.at;
        if self.json.as_bytes()[after..].starts_with(b"\\u") {
            self.at += 2;
            let second = self.hex()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = after;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Parsed<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.error("expected four hex digits"))?;
            self.at += 1;
        }
        Ok(code)
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Parsed<Value<'a>> {
        if !self.json.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn enter(&mut self) -> Parsed<()> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            Err(self.error("nested too deep"))
        } else {
            Ok(())
        }
    }

    fn next_is(&mut self, wanted: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn error(&self, what: &str) -> DataError {
        DataError(format!("{what} at byte {}", self.at))
    }
}

fn add_member<'a>(members: &mut Vec<(Cow<'a, str>, Value<'a>)>, key: Cow<'a, str>, value: Value<'a>) {
    if members.len() < FEW
        && let Some(member) = members.iter_mut().find(|(name, _)| *name == key)
    {
        member.1 = value;
        return;
    }
    members.push((key, value));
}

/// Large objects are sorted once instead of searched for every key.
fn distinct<'a>(mut members: Vec<(Cow<'a, str>, Value<'a>)>) -> Vec<(Cow<'a, str>, Value<'a>)> {
    if members.len() <= FEW {
        return members;
    }
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by(|&a, &b| members[a].0.cmp(&members[b].0));
    let mut keep = vec![true; members.len()];
    let mut overwritten = false;
    for same in order
        .chunk_by(|&a, &b| members[a].0 == members[b].0)
        .map(<[usize]>::to_vec)
        .collect::<Vec<_>>()
    {
        let (first, last) = (same[0], same[same.len() - 1]);
        if first != last {
            members[first].1 = mem::replace(&mut members[last].1, Value::Null);
            same[1..].iter().for_each(|&index| keep[index] = false);
            overwritten = true;
        }
    }
    if overwritten {
        let mut keep = keep.into_iter();
        members.retain(|_| keep.next().unwrap_or(true));
    }
    members
}

#[cfg(test)]
mod tests;

//! Builds objects from JSON text.
//!
//! A general parser turns numbers into doubles, rejects lone surrogates, or marks long numbers by a key that a plugin
//! could send itself; this one has only what [`Object`] needs.

use std::{borrow::Cow, mem};

use super::{Number, NumberLiteral, Object, ParseError, Reader, Token, Value, number};

/// Levels of nested containers, at most: twice what the contract allows, and little enough for any stack.
const MAX_DEPTH: usize = 64;

/// Up to this many members, each new key is searched for among those before it.
const FEW: usize = 16;

type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// Parses a text that is one JSON object.
pub(super) fn parse(json: &str) -> Result<Object<'_>, ParseError> {
    let mut reader = Reader::new(json);
    let Token::Object = reader.token()? else {
        return Err(ParseError::NotAnObject);
    };
    let object = object(&mut reader, 1)?;
    reader.end()?;
    Ok(object)
}

fn value<'a>(reader: &mut Reader<'a>, depth: usize) -> Result<Value<'a>, ParseError> {
    Ok(match reader.token()? {
        Token::Null => Value::Null,
        Token::Bool(value) => Value::Bool(value),
        Token::Number(literal) => Value::Number(canonical(literal)?),
        Token::String(literal) => Value::String(literal.unescape()),
        Token::Array => Value::Array(array(reader, depth + 1)?),
        Token::Object => Value::Object(object(reader, depth + 1)?),
    })
}

fn canonical(literal: NumberLiteral<'_>) -> Result<Number<'_>, ParseError> {
    number::from_literal(literal)
        .map(Number)
        .ok_or(ParseError::NumberOutOfRange)
}

fn array<'a>(reader: &mut Reader<'a>, depth: usize) -> Result<Vec<Value<'a>>, ParseError> {
    check_depth(depth)?;
    let mut items = Vec::new();
    while reader.element(items.is_empty())? {
        items.push(value(reader, depth)?);
    }
    Ok(items)
}

fn object<'a>(reader: &mut Reader<'a>, depth: usize) -> Result<Object<'a>, ParseError> {
    check_depth(depth)?;
    let mut members = Members::new();
    let mut is_first = true;
    while let Some(key) = reader.key(is_first)? {
        is_first = false;
        let value = value(reader, depth)?;
        add_member(&mut members, key.unescape(), value);
    }
    Ok(Object(distinct(members)))
}

const fn check_depth(depth: usize) -> Result<(), ParseError> {
    match depth > MAX_DEPTH {
        true => Err(ParseError::TooDeep),
        false => Ok(()),
    }
}

fn add_member<'a>(members: &mut Members<'a>, key: Cow<'a, str>, value: Value<'a>) {
    if members.len() < FEW
        && let Some(member) = members.iter_mut().find(|(name, _)| *name == key)
    {
        member.1 = value;
        return;
    }
    members.push((key, value));
}

/// Removes repeated keys: the last value wins, in the place of the first. Large objects are sorted once instead of
/// searched for every key.
fn distinct(mut members: Members<'_>) -> Members<'_> {
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

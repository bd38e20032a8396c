//! Compact JSON: no spaces, in strings only `"`, `\` and control characters escaped (short forms where JSON has
//! them, else `\u00` and two lower-case hex digits), everything else as UTF-8.

use std::borrow::Cow;

use super::{Object, Value};

/// In which order an object's members are written, at every depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they came.
    AsSent,
    /// By the bytes of their keys: the canonical form.
    ByKey,
}

type Member<'a> = (Cow<'a, str>, Value<'a>);

/// Up to how many members are sorted without allocating.
const FEW: usize = 16;

/// Appends `value` as compact JSON.
pub(crate) fn write_value(out: &mut String, value: &Value<'_>, order: Order) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(number.as_str()),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => write_array(out, items, order),
        Value::Object(object) => write_object(out, object, order),
    }
}

/// Appends `object` as compact JSON.
pub(crate) fn write_object(out: &mut String, object: &Object<'_>, order: Order) {
    let members = &object.0;
    if order == Order::AsSent {
        return write_members(out, members.iter(), order);
    }
    if members.len() > FEW {
        let mut sorted: Vec<&Member<'_>> = members.iter().collect();
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        return write_members(out, sorted.into_iter(), order);
    }
    let mut places = [0; FEW];
    let places = &mut places[..members.len()];
    places
        .iter_mut()
        .enumerate()
        .for_each(|(index, place)| *place = index);
    places.sort_unstable_by(|&a, &b| members[a].0.cmp(&members[b].0));
    write_members(out, places.iter().map(|&place| &members[place]), order);
}

/// Appends members as an object, in the order given.
pub(crate) fn write_members<'m, 'a: 'm>(
    out: &mut String,
    members: impl Iterator<Item = &'m Member<'a>>,
    order: Order,
) {
    out.push('{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, key);
        out.push(':');
        write_value(out, value, order);
    }
    out.push('}');
}

fn write_array(out: &mut String, items: &[Value<'_>], order: Order) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_value(out, item, order);
    }
    out.push(']');
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[written..at]);
        written = at + 1;
        write_escape(out, byte);
    }
    out.push_str(&text[written..]);
    out.push('"');
}

fn write_escape(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push('\\');
    match byte {
        b'"' | b'\\' => out.push(char::from(byte)),
        0x08 => out.push('b'),
        0x0C => out.push('f'),
        b'\n' => out.push('n'),
        b'\r' => out.push('r'),
        b'\t' => out.push('t'),
        _ => {
            out.push_str("u00");
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn canonical_json_is_sorted_at_every_depth_and_escapes_little() {
        let json =
            r#"{"b":{"z":1,"a":[{"y":1,"x":2}]},"a":"\" \\ \/ \b\f\n\r\t\u0001\u007f ñ\u2028","B":1.0}"#;
        let mut out = String::new();
        write_object(&mut out, &Object::parse(json).unwrap(), Order::ByKey);
        let expected = "{\"B\":1,\"a\":\"\\\" \\\\ / \\b\\f\\n\\r\\t\\u0001\u{7f} ñ\u{2028}\",\"b\":{\"a\":[{\"x\":2,\"y\":1}],\"z\":1}}";
        assert_eq!(out, expected);
    }

    #[test]
    fn few_and_many_members_are_sorted_alike() {
        for count in [1, FEW, FEW + 1, 100] {
            let members: Vec<String> = (0..count).map(|n| format!("\"k{:03}\":{n}", count - n)).collect();
            let json = format!("{{{}}}", members.join(","));
            let mut out = String::new();
            write_object(&mut out, &Object::parse(&json).unwrap(), Order::ByKey);
            let mut sorted = members.clone();
            sorted.sort();
            assert_eq!(out, format!("{{{}}}", sorted.join(",")));
        }
    }
}

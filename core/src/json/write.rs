//! Writes compact JSON: no spaces, in strings only `"`, `\` and control characters escaped (short forms where JSON has
//! them, else `\u00` and two lower-case hex digits), everything else as UTF-8.

use std::borrow::Cow;

use super::{Object, Value};

/// Which of the two layouts is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For display: members in their original order. U+007F to U+009F are escaped too, because the filter for terminal
    /// sequences could otherwise remove one of them together with the quote behind it.
    Shown,
    /// For hashing: members sorted by the bytes of their keys, at every depth.
    Canonical,
}

type Member<'a> = (Cow<'a, str>, Value<'a>);

/// Up to how many members are sorted without allocating.
const FEW: usize = 16;

/// Appends `value` as compact JSON.
pub fn write_value(out: &mut String, value: &Value<'_>, form: Form) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(number.as_str()),
        Value::String(text) => write_string(out, text, form),
        Value::Array(items) => write_array(out, items, form),
        Value::Object(object) => write_object(out, object, form),
    }
}

/// Appends `object` as compact JSON.
pub fn write_object(out: &mut String, object: &Object<'_>, form: Form) {
    let members = &object.0;
    if form == Form::Shown {
        return write_members(out, members.iter(), form);
    }
    if members.len() > FEW {
        let mut sorted: Vec<&Member<'_>> = members.iter().collect();
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        return write_members(out, sorted.into_iter(), form);
    }
    let mut places = [0; FEW];
    let places = &mut places[..members.len()];
    places
        .iter_mut()
        .enumerate()
        .for_each(|(index, place)| *place = index);
    places.sort_unstable_by(|&a, &b| members[a].0.cmp(&members[b].0));
    write_members(out, places.iter().map(|&place| &members[place]), form);
}

/// Appends members as an object, in the order given.
pub fn write_members<'m, 'a: 'm>(
    out: &mut String,
    members: impl Iterator<Item = &'m Member<'a>>,
    form: Form,
) {
    out.push('{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, key, form);
        out.push(':');
        write_value(out, value, form);
    }
    out.push('}');
}

fn write_array(out: &mut String, items: &[Value<'_>], form: Form) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_value(out, item, form);
    }
    out.push(']');
}

fn write_string(out: &mut String, text: &str, form: Form) {
    let bytes = text.as_bytes();
    let is_escaped = |at: usize| match bytes[at] {
        0..0x20 | b'"' | b'\\' => true,
        0x7F => form == Form::Shown,
        // U+0080 to U+009F.
        0xC2 => form == Form::Shown && bytes.get(at + 1).is_some_and(|&next| next < 0xA0),
        _ => false,
    };
    out.push('"');
    let mut written = 0;
    for at in 0..bytes.len() {
        if is_escaped(at) {
            out.push_str(&text[written..at]);
            let character = text[at..].chars().next().unwrap_or_default();
            write_escape(out, character);
            written = at + character.len_utf8();
        }
    }
    out.push_str(&text[written..]);
    out.push('"');
}

fn write_escape(out: &mut String, character: char) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push('\\');
    match character {
        '"' | '\\' => out.push(character),
        '\u{8}' => out.push('b'),
        '\u{c}' => out.push('f'),
        '\n' => out.push('n'),
        '\r' => out.push('r'),
        '\t' => out.push('t'),
        _ => {
            let code = character as usize;
            out.push_str("u00");
            out.push(char::from(HEX[code >> 4 & 15]));
            out.push(char::from(HEX[code & 15]));
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
        write_object(&mut out, &Object::parse(json).unwrap(), Form::Canonical);
        let expected = "{\"B\":1,\"a\":\"\\\" \\\\ / \\b\\f\\n\\r\\t\\u0001\u{7f} ñ\u{2028}\",\"b\":{\"a\":[{\"x\":2,\"y\":1}],\"z\":1}}";
        assert_eq!(out, expected);
    }

    #[test]
    fn shown_json_keeps_the_order_and_escapes_all_control_characters() {
        let json = r#"{"b":"\u007f\u009b\u00a0","a":"é"}"#;
        let mut out = String::new();
        write_object(&mut out, &Object::parse(json).unwrap(), Form::Shown);
        assert_eq!(out, "{\"b\":\"\\u007f\\u009b\u{a0}\",\"a\":\"é\"}");
    }

    #[test]
    fn few_and_many_members_are_sorted_alike() {
        for count in [1, FEW, FEW + 1, 100] {
            let members: Vec<String> = (0..count).map(|n| format!("\"k{:03}\":{n}", count - n)).collect();
            let json = format!("{{{}}}", members.join(","));
            let mut out = String::new();
            write_object(&mut out, &Object::parse(&json).unwrap(), Form::Canonical);
            let mut sorted = members.clone();
            sorted.sort();
            assert_eq!(out, format!("{{{}}}", sorted.join(",")));
        }
    }
}

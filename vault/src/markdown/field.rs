//! Dataview inline fields: `[key:: value]`, whose values come back from Dataview with their type.
//!
//! - Numbers and booleans are bare, numbers without an exponent. So are times with an offset, in one form.
//! - A string is bare if it begins with a letter and nothing in it could make Dataview read anything else; else it is in
//!   quotes, in which `\\` and `\"` are the only escapes.
//! - Lists are `"a", "b"`, of one `"a",`; nested values are compact JSON in quotes; `null` and `[]` are empty.
//! - A field ends where its bracket closes, whatever the quotes say. So a value whose square brackets do not balance
//!   stands in round ones; if those do not balance either, its square brackets get a backslash.
//!
//! In an HTML comment no Markdown parser looks at values. But Dataview, Tasks and Templater do, and a comment ends at
//! `-->`: [`push_guarded`] breaks what they would act on.

mod scalar;

use crate::value::{
    Value,
    json::{self, Form},
};

use super::{
    escape::{is_date, is_emoji},
    format::Metadata,
    sink::Markdown,
};

pub(super) use scalar::{push_number, push_string, quote, time_with_offset};

/// Where fields are put together; kept for its memory.
#[derive(Debug, Default)]
pub(super) struct FieldWriter {
    value: String,
    field: String,
}

impl FieldWriter {
    /// Appends ` [key:: value]`.
    pub(super) fn value(&mut self, out: &mut Markdown, metadata: Metadata, key: &str, value: &Value<'_>) {
        self.with(out, metadata, key, |text| push_value(text, value));
    }

    /// Appends ` [key:: value]` with a string.
    pub(super) fn string(&mut self, out: &mut Markdown, metadata: Metadata, key: &str, value: &str) {
        self.with(out, metadata, key, |text| push_string(text, value));
    }

    /// Appends ` [key:: value]` with what `make` appends to an empty text: a value in the form that Dataview reads.
    pub(super) fn with(
        &mut self,
        out: &mut Markdown,
        metadata: Metadata,
        key: &str,
        make: impl FnOnce(&mut String),
    ) {
        self.value.clear();
        make(&mut self.value);
        if metadata != Metadata::Html {
            out.literal(" [");
            out.name(key);
            out.literal(":: ");
            out.field_value(&self.value);
            return out.literal("]");
        }
        self.field.clear();
        self.field.push_str(" [");
        self.field.push_str(key);
        self.field.push_str(":: ");
        let start = self.field.len();
        push_guarded(&mut self.field, &self.value);
        self.close(start);
        out.guarded(&self.field);
    }

    /// Closes a field whose value begins at `start`, in brackets that the value's own cannot close.
    fn close(&mut self, start: usize) {
        let value = &self.field[start..];
        if is_balanced(value, '[', ']') {
            return self.field.push(']');
        }
        if is_balanced(value, '(', ')') {
            self.field.replace_range(1..2, "(");
            return self.field.push(')');
        }
        let escaped = with_escaped_brackets(value);
        self.field.truncate(start);
        self.field.push_str(&escaped);
        self.field.push(']');
    }
}

/// The field that an entry with this `raw_ref` has, as each kind of metadata has it.
pub(crate) fn ref_fields(raw_ref: &str) -> [Vec<u8>; 2] {
    [Metadata::Html, Metadata::Visible].map(|metadata| {
        let mut out = Markdown::default();
        FieldWriter::default().string(&mut out, metadata, "ref", raw_ref);
        out.into_bytes()
    })
}

fn push_value(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Null => {}
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => push_number(out, number),
        Value::String(text) => match time_with_offset(text) {
            Some(time) => out.push_str(&time),
            None => push_string(out, text),
        },
        Value::Array(items) if items.iter().all(is_scalar) => push_list(out, items),
        Value::Array(_) | Value::Object(_) => {
            let mut text = String::new();
            json::write_value(&mut text, value, Form::Shown);
            quote(out, &text);
        }
    }
}

fn push_list(out: &mut String, items: &[Value<'_>]) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        match item {
            Value::Null => out.push_str("null"),
            Value::String(text) => quote(out, text),
            other => push_value(out, other),
        }
    }
    if items.len() == 1 {
        out.push(',');
    }
}

fn is_scalar(value: &Value<'_>) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

/// Appends a value with a backslash within everything that something acts on in raw text: the end of a comment, a
/// template, a date behind an emoji, and the end of an entry of ours.
fn push_guarded(out: &mut String, value: &str) {
    let bytes = value.as_bytes();
    let mut written = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let breaks = match byte {
            b'-' => before == Some(b'-') || is_date_behind_emoji(value, at),
            b'%' => before == Some(b'<'),
            b'{' => before == Some(b'{'),
            b'^' => before == Some(b' ') && bytes[at..].starts_with(b"^oc-"),
            _ => false,
        };
        if breaks {
            out.push_str(&value[written..at]);
            out.push('\\');
            written = at;
        }
    }
    out.push_str(&value[written..]);
}

fn is_date_behind_emoji(value: &str, hyphen: usize) -> bool {
    let Some(start) = hyphen
        .checked_sub(4)
        .filter(|&start| is_date(&value.as_bytes()[start..]))
    else {
        return false;
    };
    value[..start]
        .trim_end()
        .chars()
        .next_back()
        .is_some_and(is_emoji)
}

/// Whether a value closes each bracket that it opens, and no other, as Dataview counts them.
fn is_balanced(value: &str, open: char, close: char) -> bool {
    let (mut depth, mut escaped) = (0_usize, false);
    for character in value.chars() {
        if character == '\\' {
            escaped = !escaped;
            continue;
        }
        if std::mem::take(&mut escaped) {
            continue;
        }
        if character == open {
            depth += 1;
        } else if character == close {
            match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return false,
            }
        }
    }
    depth == 0 && !escaped
}

fn with_escaped_brackets(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + 8);
    let mut behind_backslash = false;
    for character in value.chars() {
        if matches!(character, '[' | ']') && !behind_backslash {
            escaped.push('\\');
        }
        behind_backslash = character == '\\' && !behind_backslash;
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::value::Object;

    fn field(json: &str) -> String {
        let text = format!("{{\"k\":{json}}}");
        let data = Object::parse(&text).unwrap();
        let mut out = Markdown::default();
        FieldWriter::default().value(&mut out, Metadata::Html, "k", data.get("k").unwrap());
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn values_have_the_form_that_dataview_reads() {
        let table = [
            ("60", "[k:: 60]"),
            ("1.5e-7", "[k:: 0.00000015]"),
            ("-2.5e21", "[k:: -2500000000000000000000]"),
            ("true", "[k:: true]"),
            ("null", "[k:: ]"),
            ("[]", "[k:: ]"),
            ("\"\"", "[k:: \"\"]"),
            ("\"Google Meet\"", "[k:: Google Meet]"),
            ("\"Standup, 9 am\"", "[k:: Standup, 9 am]"),
            ("\"true\"", "[k:: \"true\"]"),
            ("\"Null and void\"", "[k:: \"Null and void\"]"),
            ("\"12d\"", "[k:: \"12d\"]"),
            ("\"2026-02\"", "[k:: \"2026-02\"]"),
            ("\"41.4, 2.1\"", "[k:: \"41.4, 2.1\"]"),
            ("\" a\"", "[k:: \" a\"]"),
            (r#""C:\\x \"y\"""#, r#"[k:: "C:\\x \"y\""]"#),
            ("\"a\\n  b\\tc\"", "[k:: a b c]"),
            ("\"arr[0] (x)\"", "[k:: arr[0] (x)]"),
            ("\"a] b\"", "(k:: \"a] b\")"),
            ("\"a] b)\"", "[k:: \"a\\] b)\"]"),
            ("\"std::map\"", "[k:: std::map]"),
            ("\"日本\"", "[k:: 日本]"),
            ("[\"a\",\"b\"]", "[k:: \"a\", \"b\"]"),
            ("[\"a\"]", "[k:: \"a\",]"),
            ("[1,null,true]", "[k:: 1, null, true]"),
            ("[[1],2]", "[k:: \"[[1],2]\"]"),
            ("{\"a\":[\"x\"]}", r#"[k:: "{\"a\":[\"x\"]}"]"#),
            ("\"2026-02-26T13:30:00Z\"", "[k:: 2026-02-26T13:30:00+00:00]"),
            (
                "\"2026-02-26T14:30:00.250+01:00\"",
                "[k:: 2026-02-26T14:30:00.250+01:00]",
            ),
            ("\"2026-02-26T14:30\"", "[k:: \"2026-02-26T14:30\"]"),
        ];
        for (json, expected) in table {
            assert_eq!(field(json), format!(" {expected}"), "{json}");
        }
    }

    #[test]
    fn nothing_ends_the_comment_or_is_acted_on_in_raw_text() {
        let table = [
            ("\"a-->b\"", "[k:: a-\\->b]"),
            ("\"----\"", "[k:: \"-\\-\\-\\-\"]"),
            ("\"a <% x %> {{y}} {{{\"", "[k:: a <\\% x %> {\\{y}} {\\{\\{]"),
            ("\"due 📅 2026-03-01\"", "[k:: due 📅 2026\\-03-01]"),
            ("\"due 2026-03-01\"", "[k:: due 2026-03-01]"),
            ("\"x ^oc-y\"", "[k:: x \\^oc-y]"),
            ("\"2^10\"", "[k:: \"2^10\"]"),
        ];
        for (json, expected) in table {
            assert_eq!(field(json), format!(" {expected}"), "{json}");
        }
    }
}

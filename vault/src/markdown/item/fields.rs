//! The members of the data as fields, and those that are too long to be one.

use super::Item;
use crate::{
    markdown::{
        field::FieldWriter, field::quote, field::time_with_offset, layout::TimeForm, normalise::is_blank,
        reserved,
    },
    value::{
        Value,
        json::{self, Form},
    },
};

/// A string of more characters is text to be read, not a value to be queried.
const LONGEST_FIELD: usize = 200;

/// Whether a value is a string that is too long for a field.
pub(super) fn is_long(value: &Value<'_>) -> bool {
    match value {
        Value::String(text) => {
            text.len() > LONGEST_FIELD && text.chars().nth(LONGEST_FIELD).is_some() && !is_blank(text)
        }
        _ => false,
    }
}

impl Item<'_, '_> {
    /// Shows the long strings that the layout does not, each on a line of its own.
    pub(super) fn long_members(&mut self) {
        let data = self.data;
        for (place, (key, value)) in data.iter().enumerate() {
            let Value::String(text) = value else { continue };
            let is_shown = self.shown.literally.contains(&place) || self.shown.formed.contains(&place);
            if is_shown || !is_long(value) || is_blank(key) {
                continue;
            }
            self.named_text(key, text);
            self.shown.literally.push(place);
        }
    }

    /// Documented members in their order, others sorted, then one field with those whose name cannot be a field's.
    pub(super) fn fields(&mut self, writer: &mut FieldWriter) {
        let (data, metadata) = (self.data, self.format.metadata);
        let documented = self.layout.fields;
        for &key in documented {
            if let Some((place, value)) = self.member(key)
                && !self.is_left_out(place, value)
            {
                self.documented_field(writer, key, value);
            }
        }
        let text = self.layout.text;
        let (mut named, mut odd) = (Vec::new(), Vec::new());
        for (place, (key, value)) in data.iter().enumerate() {
            let is_text = text == Some(key.as_ref());
            if documented.contains(&key.as_ref()) || is_text && self.shown.literally.contains(&place) {
                continue;
            }
            if self.is_left_out(place, value) {
                continue;
            }
            let group = if reserved::is_field_name(key) {
                &mut named
            } else {
                &mut odd
            };
            group.push((key, value, place));
        }
        named.sort_unstable_by_key(|(key, ..)| *key);
        odd.sort_unstable_by_key(|(key, ..)| *key);
        for (key, value, _) in named {
            writer.value(self.out, metadata, key, value);
        }
        if !odd.is_empty() {
            let mut text = String::new();
            let members = odd.iter().filter_map(|(_, _, place)| data.iter().nth(*place));
            json::write_members(&mut text, members, Form::Shown);
            writer.with(self.out, metadata, "more", |value| quote(value, &text));
        }
    }

    fn documented_field(&mut self, writer: &mut FieldWriter, key: &'static str, value: &Value<'_>) {
        let name = self.layout.field_name(key);
        let form = self.layout.time.filter(|(member, _)| *member == key);
        let time = match (form, value) {
            (Some((_, TimeForm::Mail)), Value::String(text)) => mail_date(text),
            (Some((_, TimeForm::Unix)), Value::Number(seconds)) => self.local_time(seconds),
            _ => None,
        };
        match time {
            Some(time) => writer.with(self.out, self.format.metadata, name, |field| {
                field.push_str(&time)
            }),
            None => writer.value(self.out, self.format.metadata, name, value),
        }
    }
}

/// A mail's date in the form that Dataview reads.
fn mail_date(text: &str) -> Option<String> {
    let zoned = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    time_with_offset(&zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

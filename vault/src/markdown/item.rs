//! One event as a list item:
//!
//! ```text
//! - **14:30:00** title: text
//!   more text [field:: value] [ref:: …] [via:: plugin\@version] [device:: 550e8400] ^oc-<id>
//! ```
//! The date stands before the time when it is not the file's, the offset behind it when the clock shows this time twice.

mod fields;
mod title;

use super::{layout, sink::Markdown};
use crate::{
    day::{LocalTime, civil_date},
    entry::{BatchContext, Event},
    event_id::EventId,
    source_type::SourceType,
    value::{
        Object, Value,
        json::{self, Form},
    },
};

/// What the items of a batch have in common, made once.
#[derive(Debug)]
pub(crate) struct ItemRenderer {
    source_type: SourceType,
    /// `source` if there is one: what stands between the members of data and `ref`.
    source: Markdown,
    /// `via` and `device`: what stands between `ref` and the block id.
    origin: Markdown,
    /// Where JSON is put together.
    scratch: String,
}

/// When and where an item is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'z> {
    /// The event's own time.
    pub(crate) local: LocalTime,
    /// The file's day, in days since 1970-01-01.
    pub(crate) file_day: i64,
    /// The vault's zone.
    pub(crate) zone: &'z jiff::tz::TimeZone,
}

/// An item in the making.
struct Item<'r, 'd> {
    out: &'r mut Markdown,
    data: &'d Object<'d>,
    typical: &'static [&'static str],
    /// A bit for each typical field that the title or the text has shown.
    shown: u8,
    scratch: &'r mut String,
}

impl ItemRenderer {
    pub(crate) fn new(context: &BatchContext<'_>) -> Self {
        let mut source = Markdown::default();
        source.literal(layout::source_field(context.source_type).unwrap_or_default());
        let names = context.plugin_id.len() + context.plugin_version.len() + context.device_id.len();
        let mut origin = Markdown::with_capacity(names + 48);
        origin.literal(" [via:: ");
        origin.text(&[context.plugin_id, "@", context.plugin_version].concat());
        origin.literal("] [device:: ");
        origin.text(short_device(context.device_id));
        origin.literal("]");
        Self {
            source_type: context.source_type,
            source,
            origin,
            scratch: String::new(),
        }
    }

    /// Appends the item of `event`.
    pub(crate) fn render(&mut self, out: &mut Markdown, id: EventId, event: &Event<'_>, moment: Moment<'_>) {
        write_moment(out, moment);
        let layout = layout::of(self.source_type);
        let mut item = Item {
            out,
            data: event.data,
            typical: self.source_type.typical_fields(),
            shown: 0,
            scratch: &mut self.scratch,
        };
        let others = item.others();
        let titled = item.title(layout, &others, moment);
        item.text(layout.text, titled);
        item.fields(&others);
        out.append(&self.source);
        if let Some(raw_ref) = event.raw_ref.filter(|raw_ref| !raw_ref.is_empty()) {
            out.literal(" [ref:: ");
            out.text(raw_ref);
            out.literal("]");
        }
        out.append(&self.origin);
        out.block_id(id);
    }
}

fn write_moment(out: &mut Markdown, moment: Moment<'_>) {
    let Moment { local, file_day, .. } = moment;
    out.literal("- **");
    if local.day() != file_day {
        out.date(civil_date(local.day()));
        out.literal(" ");
    }
    out.time(local);
    if local.twice {
        out.offset(local.offset);
    }
    out.literal("**");
}

/// The first eight digits of a UUID as the contract spells it, all of anything else.
fn short_device(device_id: &str) -> &str {
    match device_id.split_once('-') {
        Some((short, _)) if short.len() == 8 && device_id.len() == 36 => short,
        _ => device_id,
    }
}

impl Item<'_, '_> {
    /// The text behind the title, on as many lines as it has.
    fn text(&mut self, key: Option<&str>, titled: bool) {
        let Some((key, value)) = key.and_then(|key| Some((key, self.data.get(key)?))) else {
            return;
        };
        if !is_visible(value) {
            return;
        }
        self.out.literal(if titled { ": " } else { " " });
        match value {
            Value::String(text) => self.out.lines(text),
            _ => self.inline(value),
        }
        self.mark_shown(key);
    }

    /// A value on one line.
    fn inline(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.out.literal("null"),
            Value::Bool(true) => self.out.literal("true"),
            Value::Bool(false) => self.out.literal("false"),
            Value::Number(number) => self.out.number(number),
            Value::String(text) => self.out.text(text),
            Value::Array(_) | Value::Object(_) => {
                self.scratch.clear();
                json::write_value(self.scratch, value, Form::Shown);
                self.out.text(self.scratch);
            }
        }
    }

    fn mark_shown(&mut self, key: &str) {
        if let Some(index) = self.typical.iter().position(|typical| *typical == key) {
            self.shown |= 1 << index;
        }
    }
}

/// Whether a value can name an event or be its text: something that is seen and not nested. What is not becomes a
/// field, so that nothing is lost.
fn is_visible(value: &Value<'_>) -> bool {
    match value {
        Value::String(text) => !super::sink::is_blank(text),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_shortened() {
        let table = [
            ("550e8400-e29b-41d4-a716-446655440000", "550e8400"),
            ("test-001", "test-001"),
            ("test-a-long-name-of-a-device", "test-a-long-name-of-a-device"),
        ];
        for (device, short) in table {
            assert_eq!(short_device(device), short);
        }
    }
}

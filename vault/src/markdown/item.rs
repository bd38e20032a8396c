//! One event as a list item: what a person would write, then its metadata in a comment, then its block id.
//!
//! ```text
//! - **14:30** title: text <!-- [field:: value] [at:: …] [ref:: …] [via:: plugin@version] [device:: …] --> ^oc-<id>
//! ```
//! The date stands before the time when it is not the file's, the offset behind it when the clock shows this time twice.
//! A text of more than one line begins on a line of its own behind a title; its lines are indented and end in two spaces.
//! Metadata and id stand behind the last line.

mod fields;
mod person;
mod span;
mod text;
mod visible;

use super::{
    escape::Pairs,
    field::FieldWriter,
    format::{FieldSelection, Format, Metadata},
    layout::Layout,
    sink::Markdown,
};
use crate::{
    day::{LocalTime, civil_date},
    entry::{BatchContext, Event},
    event_id::EventId,
    value::{Object, Value},
};

/// What the items of a batch have in common, made once.
#[derive(Debug)]
pub(crate) struct ItemRenderer {
    layout: &'static Layout,
    format: Format,
    /// `via`, `device`, and `source` if there is one.
    origin: Markdown,
    writer: FieldWriter,
    /// Kept for its memory.
    shown: Shown,
}

/// When and where an item is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'z> {
    /// The event's own time.
    pub(crate) local: LocalTime,
    /// Of its second.
    pub(crate) millisecond: u16,
    /// The file's day, in days since 1970-01-01.
    pub(crate) file_day: i64,
    /// The vault's zone.
    pub(crate) zone: &'z jiff::tz::TimeZone,
}

/// An item being written.
struct Item<'r, 'd> {
    out: &'r mut Markdown,
    data: &'d Object<'d>,
    layout: &'static Layout,
    format: Format,
    moment: Moment<'d>,
    shown: &'r mut Shown,
    /// There is something behind the time.
    has_content: bool,
}

/// Members that the visible part shows, by their places in the data.
#[derive(Debug, Default)]
struct Shown {
    /// In full, as they are.
    literally: Vec<usize>,
    /// In a form that is nicer to read.
    formed: Vec<usize>,
}

impl ItemRenderer {
    pub(crate) fn new(context: &BatchContext<'_>) -> Self {
        let names = context.plugin_id.len() + context.plugin_version.len() + context.device_id.len();
        let metadata = context.format.metadata;
        let mut origin = Markdown::with_capacity(names + 48);
        origin.begin_item(Pairs::ASSUMED);
        let mut writer = FieldWriter::default();
        let via = [context.plugin_id, "@", context.plugin_version].concat();
        writer.string(&mut origin, metadata, "via", &via);
        let device = short_device(context.device_id);
        writer.string(&mut origin, metadata, "device", device);
        let layout = Layout::of(context.source_type);
        if let Some(source) = layout.source {
            writer.string(&mut origin, metadata, "source", source);
        }
        Self {
            layout,
            format: context.format,
            origin,
            writer,
            shown: Shown::default(),
        }
    }

    /// Appends the item of `event`.
    pub(crate) fn render(&mut self, out: &mut Markdown, id: EventId, event: &Event<'_>, moment: Moment<'_>) {
        let metadata = self.format.metadata;
        out.begin_item(match metadata {
            Metadata::Html => pairs(event.data),
            Metadata::Comment | Metadata::Visible => Pairs::ASSUMED,
        });
        self.shown.literally.clear();
        self.shown.formed.clear();
        let mut item = Item {
            out,
            data: event.data,
            layout: self.layout,
            format: self.format,
            moment,
            shown: &mut self.shown,
            has_content: false,
        };
        item.visible();
        item.long_members();
        item.out.literal(match metadata {
            Metadata::Html => " <!--",
            Metadata::Comment => " %%",
            Metadata::Visible => "",
        });
        item.fields(&mut self.writer);
        self.writer.with(out, metadata, "at", |value| {
            let mut at = Markdown::default();
            at.timestamp(moment.local, moment.millisecond);
            value.push_str(&String::from_utf8(at.into_bytes()).unwrap_or_default());
        });
        if let Some(raw_ref) = event.raw_ref.filter(|raw_ref| !raw_ref.is_empty()) {
            self.writer.string(out, metadata, "ref", raw_ref);
        }
        out.append(&self.origin);
        out.literal(match metadata {
            Metadata::Html => " -->",
            Metadata::Comment => " %%",
            Metadata::Visible => "",
        });
        out.block_id(id);
    }
}

/// The first eight digits of a UUID as the contract spells it, all of anything else.
fn short_device(device_id: &str) -> &str {
    match device_id.split_once('-') {
        Some((short, _)) if short.len() == 8 && device_id.len() == 36 => short,
        _ => device_id,
    }
}

/// Which delimiters the strings of `data` have more than one of.
fn pairs(data: &Object<'_>) -> Pairs {
    let (mut tildes, mut carets) = (0_usize, 0_usize);
    let mut count = |text: &str| {
        for at in memchr::memchr2_iter(b'~', b'^', text.as_bytes()) {
            match text.as_bytes()[at] {
                b'~' => tildes += 1,
                _ => carets += 1,
            }
            if tildes > 1 && carets > 1 {
                break;
            }
        }
    };
    data.iter().for_each(|(key, value)| {
        count(key);
        each_string(value, &mut count);
    });
    Pairs {
        tildes: tildes > 1,
        carets: carets > 1,
    }
}

fn each_string(value: &Value<'_>, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| each_string(item, visit)),
        // Only ever written as JSON, in a comment.
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl<'d> Item<'_, 'd> {
    /// Begins an item, with the time of the event.
    fn begin(&mut self) {
        let Moment { local, file_day, .. } = self.moment;
        self.out.literal("- **");
        if local.day() != file_day {
            self.out.date(civil_date(local.day()));
            self.out.literal(" ");
        }
        self.out.clock(local);
        if local.twice {
            self.out.offset(local.offset);
        }
        self.out.literal("**");
    }

    /// A member's value, with its place.
    fn member(&self, key: &str) -> Option<(usize, &'d Value<'d>)> {
        let place = self.data.iter().position(|(name, _)| name == key)?;
        self.data.iter().nth(place).map(|(_, value)| (place, value))
    }

    /// Whether a member that the visible part shows is left out of the fields.
    fn is_left_out(&self, place: usize, value: &Value<'_>) -> bool {
        self.shown.literally.contains(&place)
            && (self.format.fields == FieldSelection::Essential || fields::is_long(value))
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

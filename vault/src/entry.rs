//! Entries: events rendered to their final bytes, ready to be appended.

mod ids;
mod lines;

use std::{fmt, sync::Arc};

use jiff::{Timestamp, civil};

use crate::{
    day::{DayBy, DayRule, LocalClock, LocalTime, civil_date},
    event_id::EventId,
    markdown::{
        Format, header,
        item::{ItemRenderer, Moment},
        layout::is_dense,
        sink::Markdown,
    },
    source_type::SourceType,
    value::Object,
};

pub(crate) use ids::Tracker;
pub use ids::{IdsIn, ids_in};
pub(crate) use lines::{ReadAt, each_entry_line};

/// What all events of a batch share.
#[derive(Clone, Debug)]
pub struct BatchContext<'a> {
    /// Whose vault; `[a-z0-9-]{1,64}`.
    pub tenant: &'a Arc<str>,
    /// What the events are.
    pub source_type: SourceType,
    /// Validated, kebab-case.
    pub plugin_id: &'a str,
    /// Validated, SemVer; hostile text all the same.
    pub plugin_version: &'a str,
    /// Validated: a UUID in lower case with hyphens, or `test-…`.
    pub device_id: &'a str,
    /// When the server took the batch.
    pub received: Timestamp,
    /// Which day an event is filed under.
    pub days: &'a DayRule,
    /// How items look.
    pub format: Format,
}

/// One event, after redaction.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// When it was captured.
    pub timestamp: Timestamp,
    /// Never redacted.
    pub raw_ref: Option<&'a str>,
    /// Redacted data.
    pub data: &'a Object<'a>,
}

/// A daily file's place in a vault: `<folder>/<YYYY-MM-DD>.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DailyFile {
    /// One of [`SourceType::folder`].
    pub folder: &'static str,
    /// The day.
    pub date: civil::Date,
}

/// The entries of a batch that go to one daily file.
#[derive(Clone, Debug)]
pub struct PreparedFile {
    /// Where to.
    pub path: DailyFile,
    /// The frontmatter and the blank line after it, should the file have to be made.
    pub header: Vec<u8>,
    /// One id an entry.
    pub ids: Vec<EventId>,
    /// Where each entry ends in `bytes`; the first begins at 0.
    pub ends: Vec<u32>,
    /// The hour that each entry shows, from 0 to 23; empty in a folder without headings.
    pub hours: Vec<u8>,
    /// The entries: whole lines, each ending in `\n`, one after another.
    pub bytes: Vec<u8>,
}

/// A batch as the writer takes it: plain data, complete, final.
#[derive(Clone, Debug)]
pub struct PreparedBatch {
    /// Whose vault.
    pub tenant: Arc<str>,
    /// Files in the order in which events first named them; never empty.
    pub files: Vec<PreparedFile>,
}

/// Renders events one after another into a [`PreparedBatch`].
#[derive(Debug)]
pub struct BatchBuilder<'a> {
    context: BatchContext<'a>,
    clock: LocalClock,
    received: LocalTime,
    renderer: ItemRenderer,
    files: Vec<OpenFile>,
    /// Events and bytes of entries that are expected.
    expected: (usize, usize),
}

/// A daily file's part of the batch, growing.
#[derive(Debug)]
struct OpenFile {
    /// Days since 1970-01-01.
    day: i64,
    ids: Vec<EventId>,
    ends: Vec<u32>,
    hours: Vec<u8>,
    entries: Markdown,
}

impl fmt::Display for DailyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl DailyFile {
    /// `<folder>/<YYYY-MM-DD>.md`, made without formatting since every batch wants it.
    pub fn text(&self) -> String {
        let mut text = Markdown::with_capacity(self.folder.len() + 14);
        text.literal(self.folder);
        text.literal("/");
        text.date(self.date);
        text.literal(".md");
        String::from_utf8(text.into_bytes()).unwrap_or_default()
    }
}

impl<'a> BatchBuilder<'a> {
    /// An empty batch.
    pub fn new(context: BatchContext<'a>) -> Self {
        let mut clock = LocalClock::new(context.days.zone.clone());
        Self {
            received: clock.at(context.received),
            clock,
            renderer: ItemRenderer::new(&context),
            context,
            files: Vec::new(),
            expected: (0, 0),
        }
    }

    /// Makes room for so many `events` with so many `bytes` of data in all, so that what is rendered need not be moved as
    /// it grows.
    #[must_use]
    pub fn expecting(mut self, events: usize, bytes: usize) -> Self {
        // What an entry has besides its data: time, names of fields, version, device and id.
        self.expected = (events, bytes + bytes / 16 + events * 224);
        self
    }

    /// Renders `event` under `id` into the file of its day. A batch must stay below 4 GiB of entries.
    pub fn push(&mut self, id: EventId, event: &Event<'_>) {
        let local = self.clock.at(event.timestamp);
        let decisive = match self.context.days.by {
            DayBy::Received => self.received,
            DayBy::Captured => local,
        };
        let day = self.context.days.filing_day(decisive.seconds);
        let file = file_of(&mut self.files, day, self.expected);
        let moment = Moment {
            local,
            millisecond: millisecond_of(event.timestamp),
            file_day: day,
            zone: &self.context.days.zone,
        };
        self.renderer.render(&mut file.entries, id, event, moment);
        file.ids.push(id);
        if self.context.format.headings && is_dense(self.context.source_type) {
            file.hours
                .push(u8::try_from(local.second_of_day() / 3600).unwrap_or_default());
        }
        file.ends
            .push(u32::try_from(file.entries.len()).unwrap_or(u32::MAX));
    }

    /// The batch.
    pub fn finish(self) -> PreparedBatch {
        let folder = self.context.source_type.folder();
        let prepared = |file: OpenFile| {
            let path = DailyFile {
                folder,
                date: civil_date(file.day),
            };
            PreparedFile {
                path,
                header: header::render(path, self.context.days),
                ids: file.ids,
                ends: file.ends,
                hours: file.hours,
                bytes: file.entries.into_bytes(),
            }
        };
        PreparedBatch {
            tenant: Arc::clone(self.context.tenant),
            files: self.files.into_iter().map(prepared).collect(),
        }
    }
}

/// The millisecond of a moment's second, rounded down.
fn millisecond_of(timestamp: Timestamp) -> u16 {
    let nanosecond = timestamp.subsec_nanosecond().rem_euclid(1_000_000_000);
    u16::try_from(nanosecond / 1_000_000).unwrap_or_default()
}

/// The file of a day, most often the one written to last.
fn file_of(files: &mut Vec<OpenFile>, day: i64, expected: (usize, usize)) -> &mut OpenFile {
    let place = files.iter().rposition(|file| file.day == day).unwrap_or_else(|| {
        // Nearly always there is one.
        let (events, bytes) = if files.is_empty() { expected } else { (0, 0) };
        files.push(OpenFile {
            day,
            ids: Vec::with_capacity(events),
            ends: Vec::with_capacity(events),
            hours: Vec::new(),
            entries: Markdown::with_capacity(bytes),
        });
        files.len() - 1
    });
    &mut files[place]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daily_file_is_named_by_folder_and_day() {
        for (date, text) in [
            (civil::date(2026, 2, 26), "Audio/2026-02-26.md"),
            (civil::date(987, 12, 1), "Audio/0987-12-01.md"),
            (civil::date(9999, 12, 31), "Audio/9999-12-31.md"),
        ] {
            let folder = "Audio";
            let file = DailyFile { folder, date };
            assert_eq!((file.text(), file.to_string()), (text.into(), text.into()));
        }
    }
}

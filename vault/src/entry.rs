//! Entries: events rendered to their final bytes, ready to be appended.

use std::{fmt, sync::Arc};

use jiff::{Timestamp, civil};

use crate::{day::DayRule, event_id::EventId, source_type::SourceType, value::Object};

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
    /// Validated: a UUID or `test-…`.
    pub device_id: &'a str,
    /// When the server took the batch.
    pub received: Timestamp,
    /// Which day an event is filed under.
    pub days: &'a DayRule,
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
    files: Vec<PreparedFile>,
}

impl fmt::Display for DailyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.md", self.folder, self.date)
    }
}

impl<'a> BatchBuilder<'a> {
    /// An empty batch.
    pub fn new(context: BatchContext<'a>) -> Self {
        Self {
            context,
            files: Vec::new(),
        }
    }

    /// Renders `event` under `id` into the file of its day.
    pub fn push(&mut self, id: EventId, event: &Event<'_>) {
        let _ = (id, event, &self.context);
        unimplemented!()
    }

    /// The batch.
    pub fn finish(self) -> PreparedBatch {
        PreparedBatch {
            tenant: Arc::clone(self.context.tenant),
            files: self.files,
        }
    }
}

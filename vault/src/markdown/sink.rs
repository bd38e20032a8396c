//! The only place where the bytes of a daily file are made.
//!
//! Captured text has few ways in: [`Markdown::text`], [`Markdown::emphasised`], [`Markdown::link_text`] and
//! [`Markdown::lines`] escape it, and [`Markdown::guarded`] takes the values of fields, which stand in a comment.
//! Everything else takes literals, or types that have only harmless forms. The sink remembers what of an item decides how
//! the next piece is escaped, so that nothing arises at a seam.

use super::{
    escape::{Context, Inside, Pairs, Start, escape_line},
    normalise::{clean, on_one_line, tidy_lines},
    url::Destination,
};
use crate::{day::LocalTime, event_id::EventId};

/// Markdown of ours, growing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Markdown {
    bytes: Vec<u8>,
    context: Context,
}

/// The end of a line that is not an item's last, and the indentation of the next.
const NEXT_LINE: &str = "  \n  ";

impl Markdown {
    /// An empty text with room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            context: Context::default(),
        }
    }

    /// Begins an item: what came before it does not matter any more.
    pub(super) fn begin_item(&mut self, pairs: Pairs) {
        self.context = Context {
            pairs,
            ..Context::default()
        };
    }

    /// Appends a literal of ours as it is.
    pub(crate) fn literal(&mut self, literal: &'static str) {
        self.push(literal.as_bytes());
    }

    /// Appends text that was made by another sink.
    pub(crate) fn append(&mut self, made: &Self) {
        self.bytes.extend_from_slice(&made.bytes);
    }

    /// Appends captured text on one line.
    pub(crate) fn text(&mut self, captured: &str) {
        self.piece(captured, Inside::Text);
    }

    /// Appends captured text on one line, in bold or italics of ours.
    pub(super) fn emphasised(&mut self, captured: &str) {
        self.piece(captured, Inside::Emphasis);
    }

    /// Appends captured text on one line, as the text of a link of ours.
    pub(super) fn link_text(&mut self, captured: &str) {
        self.piece(captured, Inside::Brackets);
    }

    fn piece(&mut self, captured: &str, inside: Inside) {
        let cleaned = clean(captured);
        let line = on_one_line(&cleaned);
        escape_line(&mut self.bytes, &line, Start::Within, inside, &mut self.context);
    }

    /// Appends a captured text with its lines and their indentation. Whether it has a line of its own decides what the
    /// first one means to a parser.
    pub(super) fn lines(&mut self, cleaned: &str, starts_line: bool) {
        let mut after_blank = false;
        for (index, line) in tidy_lines(cleaned).enumerate() {
            if index > 0 {
                self.next_line(after_blank, line.is_empty());
            }
            after_blank = line.is_empty();
            let is_first = index == 0 && !starts_line;
            let (line, start) = if is_first {
                (line.trim_start(), Start::Within)
            } else {
                (line, Start::Line)
            };
            escape_line(&mut self.bytes, line, start, Inside::Text, &mut self.context);
        }
    }

    /// Ends a line; a blank one consists of the backslash that breaks it.
    fn next_line(&mut self, after_blank: bool, is_blank: bool) {
        let next = match (after_blank, is_blank) {
            (true, _) => "\n  ",
            (false, true) => "  \n  \\",
            (false, false) => NEXT_LINE,
        };
        self.bytes.extend_from_slice(next.as_bytes());
    }

    /// Ends the line, which is not the item's last.
    pub(super) fn break_line(&mut self) {
        self.literal(NEXT_LINE);
    }

    /// Appends a colon and a space; the space alone behind another colon, since two would be Dataview's separator.
    pub(super) fn colon(&mut self) {
        let text = self.bytes.strip_suffix(b"**").unwrap_or(&self.bytes);
        let behind_colon = text.last() == Some(&b':');
        self.literal(if behind_colon { " " } else { ": " });
    }

    /// Appends a field that [`super::field`] has made for a comment that no Markdown parser reads.
    pub(super) fn guarded(&mut self, field: &str) {
        self.bytes.extend_from_slice(field.as_bytes());
    }

    /// Appends the value of a field that Markdown parsers read.
    pub(super) fn field_value(&mut self, value: &str) {
        escape_line(
            &mut self.bytes,
            value,
            Start::Within,
            Inside::Brackets,
            &mut self.context,
        );
    }

    /// Appends the name of a field or figure, which is `[A-Za-z0-9_-]+`.
    pub(super) fn name(&mut self, name: &str) {
        debug_assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        );
        self.push(name.as_bytes());
    }

    /// Appends the digits of a number: `[0-9.-]+`.
    pub(super) fn digits(&mut self, digits: &str) {
        debug_assert!(
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b".-".contains(&byte))
        );
        self.push(digits.as_bytes());
    }

    /// Appends a length of time: `[0-9:]+`.
    pub(super) fn clock_text(&mut self, clock: &str) {
        debug_assert!(clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'));
        self.push(clock.as_bytes());
    }

    /// Appends a whole number.
    pub(super) fn count(&mut self, number: u64) {
        self.push(number.to_string().as_bytes());
    }

    /// Appends a link's destination.
    pub(super) fn destination(&mut self, destination: &Destination) {
        self.push(destination.as_str().as_bytes());
    }

    /// Appends ` ^oc-<id>` and a line feed.
    pub(crate) fn block_id(&mut self, id: EventId) {
        self.literal(" ^oc-");
        self.bytes.extend_from_slice(&id.to_text());
        self.literal("\n");
    }

    /// Appends `HH:MM`.
    pub(super) fn clock(&mut self, time: LocalTime) {
        let minute = time.second_of_day() / 60;
        self.two_digits(minute / 60);
        self.literal(":");
        self.two_digits(minute % 60);
    }

    /// Appends `HH:00`.
    pub(crate) fn hour(&mut self, hour: u8) {
        self.two_digits(u32::from(hour));
        self.literal(":00");
    }

    /// Appends `YYYY-MM-DDTHH:MM:SS+HH:MM`, with milliseconds if there are any.
    pub(super) fn timestamp(&mut self, time: LocalTime, millisecond: u16) {
        self.date(crate::day::civil_date(time.day()));
        self.literal("T");
        self.clock(time);
        self.literal(":");
        self.two_digits(time.second_of_day() % 60);
        if millisecond > 0 {
            self.literal(".");
            self.digits(&format!("{millisecond:03}"));
        }
        self.offset(time.offset);
    }

    /// Appends an offset from UTC: `+HH:MM`.
    pub(super) fn offset(&mut self, seconds: i32) {
        self.literal(if seconds < 0 { "-" } else { "+" });
        let minutes = seconds.unsigned_abs() / 60;
        self.two_digits(minutes / 60);
        self.literal(":");
        self.two_digits(minutes % 60);
    }

    /// Appends a date: `YYYY-MM-DD`.
    pub(crate) fn date(&mut self, date: jiff::civil::Date) {
        let year = u32::from(date.year().unsigned_abs());
        self.literal(if date.year() < 0 { "-" } else { "" });
        self.two_digits(year / 100);
        self.two_digits(year % 100);
        self.literal("-");
        self.two_digits(u32::from(date.month().unsigned_abs()));
        self.literal("-");
        self.two_digits(u32::from(date.day().unsigned_abs()));
    }

    /// Appends a time of day: `HH:MM`.
    pub(super) fn time_of_day(&mut self, time: jiff::civil::Time) {
        self.two_digits(u32::from(time.hour().unsigned_abs()));
        self.literal(":");
        self.two_digits(u32::from(time.minute().unsigned_abs()));
    }

    /// Appends the name of a time zone in YAML: as it is if YAML reads it as a string, else quoted.
    pub(super) fn yaml_string(&mut self, name: &str) {
        if is_plain_yaml(name) {
            return self.bytes.extend_from_slice(name.as_bytes());
        }
        self.literal("\"");
        for character in name.chars().filter(|character| !character.is_control()) {
            if matches!(character, '"' | '\\') {
                self.literal("\\");
            }
            let mut utf8 = [0; 4];
            self.bytes
                .extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        self.literal("\"");
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes, which are UTF-8.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn push(&mut self, ours: &[u8]) {
        self.context.pass(ours);
        self.bytes.extend_from_slice(ours);
    }

    fn two_digits(&mut self, number: u32) {
        let digit = |digit: u32| b'0' + u8::try_from(digit % 10).unwrap_or_default();
        self.bytes.extend_from_slice(&[digit(number / 10), digit(number)]);
    }
}

/// Whether YAML reads the name of a time zone as a string without quotes.
fn is_plain_yaml(name: &str) -> bool {
    const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"];
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'+' | b'-'))
        && !WORDS.iter().any(|word| name.eq_ignore_ascii_case(word))
}

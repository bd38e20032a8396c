//! Times other than the event's own: an appointment's, a photo's, and how long something took.

use jiff::{Timestamp, civil, tz::TimeZone};

use super::Item;
use crate::{
    day::{LocalTime, civil_date},
    markdown::sink::Markdown,
    value::Number,
};

/// Longer than any date is written.
const LONGEST_DATE: usize = 40;
/// Longer than anything lasts that is shown: about thirty years.
const LONGEST_SECONDS: f64 = 1e9;

/// The beginning or end of an appointment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Border {
    Day(civil::Date),
    Moment(civil::DateTime),
}

impl Border {
    fn date(self) -> civil::Date {
        match self {
            Self::Day(date) => date,
            Self::Moment(at) => at.date(),
        }
    }
}

impl Item<'_, '_> {
    /// Begins an item with the appointment's own time; `false`, and nothing written, if it has no start that can be read.
    pub(super) fn begin_with_span(&mut self) -> bool {
        let zone = self.moment.zone;
        let read = |key| self.string(key).and_then(|(_, text)| border(text, zone));
        let (Some(start), end) = (read("start"), read("end")) else {
            return false;
        };
        for key in ["start", "end"] {
            if let Some((place, _)) = self.string(key) {
                self.shown.formed.push(place);
            }
        }
        self.out.literal("- **");
        self.border(start, Some(civil_date(self.moment.file_day)));
        if let Some(end) = end.filter(|&end| end != start) {
            self.out.literal("–");
            self.border(end, Some(start.date()));
        }
        self.out.literal("**");
        true
    }

    /// Appends a border, the date of a moment only if it is not the one `expected`.
    fn border(&mut self, border: Border, expected: Option<civil::Date>) {
        match border {
            Border::Day(date) => self.out.date(date),
            Border::Moment(at) => {
                if expected != Some(at.date()) {
                    self.out.date(at.date());
                    self.out.literal(" ");
                }
                self.out.time_of_day(at.time());
            }
        }
    }

    /// Appends ` · 4 min 56 s`: to the second below ten minutes, else to the minute.
    pub(super) fn duration(&mut self, key: &str) {
        let Some((place, total)) = self
            .number(key)
            .and_then(|(place, number)| Some((place, seconds(number)?)))
        else {
            return;
        };
        let total = if total < 600 {
            total
        } else {
            (total + 30) / 60 * 60
        };
        self.join(" · ");
        let parts = [
            (total / 3600, "\u{a0}h"),
            (total / 60 % 60, "\u{a0}min"),
            (total % 60, "\u{a0}s"),
        ];
        let mut any = false;
        for (count, unit) in parts {
            if count > 0 || unit == "\u{a0}s" && !any {
                self.out.literal(if any { " " } else { "" });
                self.out.count(count);
                self.out.literal(unit);
                any = true;
            }
        }
        self.shown.formed.push(place);
    }

    /// Appends ` · 5:47`, as players show it.
    pub(super) fn playing_time(&mut self, key: &str) {
        let Some((place, total)) = self
            .number(key)
            .and_then(|(place, number)| Some((place, seconds(number)?)))
        else {
            return;
        };
        self.join(" · ");
        let (hours, minutes) = (total / 3600, total / 60 % 60);
        let clock = if hours > 0 {
            format!("{hours}:{minutes:02}:{:02}", total % 60)
        } else {
            format!("{minutes}:{:02}", total % 60)
        };
        self.out.clock_text(&clock);
        self.shown.formed.push(place);
    }

    /// Seconds since 1970 as a time in the vault's zone, in the form that Dataview reads.
    pub(super) fn local_time(&self, seconds: &Number<'_>) -> Option<String> {
        let seconds: f64 = seconds.as_str().parse().ok()?;
        #[allow(clippy::cast_possible_truncation, reason = "saturates, and is refused then")]
        let timestamp = Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()?;
        let whole = timestamp.as_millisecond().div_euclid(1000);
        let offset = self.moment.zone.to_offset(timestamp).seconds();
        let local = LocalTime {
            seconds: whole + i64::from(offset),
            offset,
            twice: false,
        };
        let year = civil_date(local.day()).year();
        let millisecond = u16::try_from(timestamp.as_millisecond().rem_euclid(1000)).ok()?;
        let mut out = Markdown::default();
        out.timestamp(local, millisecond);
        (0..=9999)
            .contains(&year)
            .then(|| String::from_utf8(out.into_bytes()).ok())?
    }
}

/// Whole seconds, if it is a length of time that somebody would want to read.
fn seconds(number: &Number<'_>) -> Option<u64> {
    let seconds: f64 = number.as_str().parse().ok()?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within bounds"
    )]
    (0.0..LONGEST_SECONDS)
        .contains(&seconds)
        .then(|| seconds.round() as u64)
}

/// Reads a date, a local time, or a moment with its offset, which is shown in the vault's zone.
fn border(text: &str, zone: &TimeZone) -> Option<Border> {
    let text = text.trim();
    if text.len() > LONGEST_DATE {
        return None;
    }
    if text.len() == "2026-02-26".len() {
        return text.parse().ok().map(Border::Day);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(Border::Moment(zone.to_datetime(timestamp)));
    }
    text.parse().ok().map(Border::Moment)
}

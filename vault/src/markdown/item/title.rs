//! An item's title: what names the event, in a form that is good to read.

use jiff::{Timestamp, civil, tz::TimeZone};

use super::{Item, Moment, fields::Others, is_visible};
use crate::{
    day::civil_date,
    markdown::{
        layout::{self, Extra, Layout, Part},
        url::Destination,
    },
    value::{Number, Value},
};

/// Longer than any date is written.
const LONGEST_DATE: usize = 40;

/// The end or the beginning of an appointment.
#[derive(Clone, Copy)]
enum Border {
    Day(civil::Date),
    Moment(civil::DateTime),
}

impl Item<'_, '_> {
    /// Appends the title; whether there is one.
    pub(super) fn title(&mut self, layout: &'static Layout, others: &Others, moment: Moment<'_>) -> bool {
        match layout.extra {
            Extra::Nothing => self.names(layout.title),
            Extra::WebLink => self.web_link(layout.title),
            Extra::GeoLink => self.geo_link(layout.title),
            Extra::Span => {
                let named = self.names(layout.title);
                self.span(moment) || named
            }
            Extra::Figures => self.figures(others),
        }
    }

    /// The naming members behind a space; whether there are any.
    fn names(&mut self, parts: &'static [Part]) -> bool {
        let any = parts
            .iter()
            .any(|part| self.data.get(part.key).is_some_and(is_visible));
        if any {
            self.out.literal(" ");
            self.join_names(parts);
        }
        any
    }

    fn join_names(&mut self, parts: &'static [Part]) -> bool {
        let data = self.data;
        let mut any = false;
        for part in parts {
            let Some(value) = data.get(part.key).filter(|value| is_visible(value)) else {
                continue;
            };
            self.out.literal(if any { part.joint } else { "" });
            self.name(part, value);
            any = true;
        }
        any
    }

    fn name(&mut self, part: &'static Part, value: &Value<'_>) {
        let (open, close) = part.brackets.unwrap_or_default();
        self.out.literal(open);
        self.inline(value);
        self.out.literal(close);
        self.mark_shown(part.key);
    }

    /// The names, or the address itself, linked to it if it is a safe one.
    fn web_link(&mut self, parts: &'static [Part]) -> bool {
        let Some(Value::String(url)) = self.data.get("url") else {
            return self.names(parts);
        };
        let Some(destination) = Destination::web(url) else {
            return self.names(parts);
        };
        self.link(&destination, parts, |item| item.out.text(url))
    }

    /// The place's name, or its coordinates, linked to the point.
    fn geo_link(&mut self, parts: &'static [Part]) -> bool {
        let (Some(Value::Number(lat)), Some(Value::Number(lon))) =
            (self.data.get("lat"), self.data.get("lon"))
        else {
            return self.names(parts);
        };
        let Some(destination) = Destination::geo(lat, lon) else {
            return self.names(parts);
        };
        self.link(&destination, parts, |item| item.coordinates(lat, lon))
    }

    fn link(&mut self, to: &Destination, parts: &'static [Part], nameless: impl FnOnce(&mut Self)) -> bool {
        self.out.literal(" [");
        if !self.join_names(parts) {
            nameless(self);
        }
        self.out.literal("](");
        self.out.destination(to);
        self.out.literal(")");
        true
    }

    fn coordinates(&mut self, lat: &Number<'_>, lon: &Number<'_>) {
        self.out.number(lat);
        self.out.literal(", ");
        self.out.number(lon);
    }

    /// ` (10:00–11:00)`, with dates where they are not the file's; nothing if there is no start that can be read.
    fn span(&mut self, moment: Moment<'_>) -> bool {
        let read = |key| match self.data.get(key) {
            Some(Value::String(text)) => border(text, moment.zone),
            _ => None,
        };
        let (Some(start), end) = (read("start"), read("end")) else {
            return false;
        };
        // The bracket also keeps an emoji at the title's end from taking the date for its own.
        self.out.literal(" (");
        let day = self.border(start, Some(civil_date(moment.file_day)));
        if let Some(end) = end {
            self.out.literal("–");
            self.border(end, Some(day));
        }
        self.out.literal(")");
        true
    }

    /// Appends a border, the date of a moment only if it is not the one `expected`; returns the date.
    fn border(&mut self, border: Border, expected: Option<civil::Date>) -> civil::Date {
        let (date, time) = match border {
            Border::Day(date) => (date, None),
            Border::Moment(at) => (at.date(), Some(at.time())),
        };
        if time.is_none() || expected != Some(date) {
            self.out.date(date);
            self.out.literal(if time.is_some() { " " } else { "" });
        }
        if let Some(time) = time {
            self.out.hour_and_minute(time);
        }
        date
    }

    /// Numbers with their units: `8042 steps, 62 bpm, weight 72.5 kg`.
    fn figures(&mut self, others: &Others) -> bool {
        let (data, typical) = (self.data, self.typical);
        let documented = typical.iter().filter_map(|key| Some((*key, data.get(key)?)));
        let other = others
            .named
            .iter()
            .map(|&place| (data.0[place].0.as_ref(), &data.0[place].1));
        let mut any = false;
        for (key, value) in documented.chain(other) {
            let (Value::Number(number), Some((name, unit))) = (value, layout::figure(key)) else {
                continue;
            };
            self.out.literal(if any { ", " } else { " " });
            if !name.is_empty() {
                self.out.field_name(name);
                self.out.literal(" ");
            }
            self.out.number(number);
            self.out.literal(unit);
            any = true;
        }
        any
    }
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

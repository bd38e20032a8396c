//! The visible part of an item: what a person would write down of an event. The table in `layout.rs` says which form a source
//! type has; no form repeats anything.

use super::{Item, person::display_name};
use crate::{
    markdown::{
        layout::{Part, Visible, figure},
        normalise::is_blank,
        reserved,
        url::Destination,
    },
    value::{Number, Value},
};

/// How many recipients are shown by name.
const RECIPIENTS: usize = 2;
/// How many attendees are shown by name.
const ATTENDEES: usize = 5;

impl<'d> Item<'_, 'd> {
    /// Appends the time and what is to be read behind it.
    pub(super) fn visible(&mut self) {
        let has_own_time = matches!(self.layout.visible, Visible::Appointment) && self.begin_with_span();
        if !has_own_time {
            self.begin();
        }
        match self.layout.visible {
            Visible::Parts(parts) => parts.iter().for_each(|part| self.part(*part)),
            Visible::Screen => self.screen(),
            Visible::Web => self.web(),
            Visible::Music => self.music(),
            Visible::Figures => self.figures(),
            Visible::Appointment => self.appointment(),
            Visible::Position => self.position(),
            Visible::Mail => self.mail(),
            Visible::Message => self.message(),
        }
    }

    /// Appends a part if its member is there.
    fn part(&mut self, part: Part) {
        match part {
            Part::Plain(separator, member) => _ = self.piece(separator, member),
            Part::Bold(member) => _ = self.bold(member),
            Part::Duration(member) => self.duration(member),
            Part::Text => self.event_text(),
        }
    }

    fn event_text(&mut self) {
        if let Some(member) = self.layout.text {
            self.text(member);
        }
    }

    /// `App — [window title](url): text`
    fn screen(&mut self) {
        self.piece("", "app_name");
        if !self.web_link(" — ", "window_title") {
            self.piece(" — ", "window_title");
        }
        self.event_text();
    }

    /// `[title](url) · domain · 4 min 56 s`; without the domain where the title ends in it.
    fn web(&mut self) {
        let is_linked = self.web_link("", "title");
        if !is_linked {
            self.piece("", "title");
        }
        let domain = self.string("domain").map(|(_, domain)| domain.to_lowercase());
        let title = self.string("title").map(|(_, title)| title.to_lowercase());
        let is_shown = match (&domain, &title) {
            (Some(domain), Some(title)) => title.trim_end().ends_with(domain.trim()),
            // The address stands in the place of the title.
            (_, None) => is_linked,
            (None, _) => true,
        };
        if !is_shown {
            self.piece(" · ", "domain");
        }
        self.duration("reading_time");
    }

    /// `track — artist *(album)* · 5:47`
    fn music(&mut self) {
        self.piece("", "track");
        self.piece(" — ", "artist");
        if let Some((place, album)) = self.string("album") {
            self.join(" ");
            // One in brackets of its own needs none of ours.
            let has_brackets = album.trim().starts_with('(') && album.trim().ends_with(')');
            self.out.literal(if has_brackets { "*" } else { "*(" });
            self.out.emphasised(album);
            self.out.literal(if has_brackets { "*" } else { ")*" });
            self.shown.literally.push(place);
        }
        self.playing_time("duration");
    }

    /// Numbers with their units: `8042 steps, 62 bpm, weight 72.5 kg`.
    fn figures(&mut self) {
        let documented = self.layout.fields;
        for key in documented {
            if let Some((place, number)) = self.number(key) {
                self.figure(key, place, number);
            }
        }
        let data = self.data;
        let mut others: Vec<_> = data
            .iter()
            .enumerate()
            .filter(|(_, (key, _))| !documented.contains(&key.as_ref()) && reserved::is_field_name(key))
            .collect();
        others.sort_unstable_by_key(|(_, (key, _))| key);
        for (place, (key, value)) in others {
            if let Value::Number(number) = value {
                self.figure(key, place, number);
            }
        }
    }

    fn figure(&mut self, key: &str, place: usize, number: &Number<'_>) {
        let Some((name, unit)) = figure(key).filter(|_| !number.as_str().contains('e')) else {
            return;
        };
        self.join(", ");
        if !name.is_empty() {
            for (index, word) in name.split('_').filter(|word| !word.is_empty()).enumerate() {
                self.out.literal(if index > 0 { " " } else { "" });
                self.out.name(word);
            }
            self.out.literal(" ");
        }
        self.out.digits(number.as_str());
        self.out.literal("\u{a0}");
        self.out.literal(unit);
        self.shown.formed.push(place);
    }

    /// `**09:00–09:45** Standup · Room 5 · with Ana, Jonas`, whose time stands there already.
    fn appointment(&mut self) {
        self.piece("", "title");
        self.piece(" · ", "location");
        let Some((place, names)) = self.people("attendees") else {
            return;
        };
        self.join(" · ");
        self.out.literal("with ");
        self.names(&names, ATTENDEES);
        self.shown.formed.push(place);
    }

    /// `[place](geo:lat,lon)`
    fn position(&mut self) {
        let (Some((_, lat)), Some((_, lon))) = (self.number("lat"), self.number("lon")) else {
            self.piece("", "place_name");
            return;
        };
        let Some(destination) = Destination::geo(lat, lon) else {
            self.piece("", "place_name");
            return;
        };
        self.join("");
        self.out.literal("[");
        match self.string("place_name") {
            Some((place, name)) => {
                self.out.link_text(name);
                self.shown.literally.push(place);
            }
            None => {
                self.out.digits(lat.as_str());
                self.out.literal(", ");
                self.out.digits(lon.as_str());
            }
        }
        self.close_link(&destination);
    }

    /// `**sender** → recipient, recipient +3: subject`. One recipient is the user, as a rule, and goes without saying.
    fn mail(&mut self) {
        if let Some((place, from)) = self.string("from") {
            let name = display_name(from);
            self.join("");
            self.out.literal("**");
            self.out.emphasised(name);
            self.out.literal("**");
            if name == from {
                self.shown.literally.push(place);
            }
            self.shown.formed.push(place);
        }
        if let Some((place, names)) = self.people("to").filter(|(_, names)| names.len() > 1) {
            self.join(" ");
            self.out.literal("→ ");
            self.names(&names, RECIPIENTS);
            self.shown.formed.push(place);
        }
        if let Some((place, subject)) = self.string("subject") {
            if self.has_content {
                self.out.colon();
            } else {
                self.join("");
            }
            self.out.text(subject);
            self.shown.literally.push(place);
        }
    }

    /// `**sender** (platform): preview`
    fn message(&mut self) {
        self.bold("from");
        if let Some((place, platform)) = self.string("platform") {
            self.join(" ");
            self.out.literal("(");
            self.out.text(platform);
            self.out.literal(")");
            self.shown.literally.push(place);
        }
        self.event_text();
    }

    /// The names in a list of people, or of one person.
    fn people(&self, key: &str) -> Option<(usize, Vec<&'d str>)> {
        let (place, value) = self.member(key)?;
        let names: Vec<&str> = match value {
            Value::String(text) => vec![text.as_ref()],
            Value::Array(items) => items.iter().filter_map(as_string).collect(),
            _ => return None,
        };
        let names: Vec<&str> = names
            .into_iter()
            .map(display_name)
            .filter(|name| !is_blank(name))
            .collect();
        (!names.is_empty()).then_some((place, names))
    }

    /// Appends the first names, and how many there are besides.
    fn names(&mut self, names: &[&str], most: usize) {
        for (index, name) in names.iter().take(most).enumerate() {
            self.out.literal(if index > 0 { ", " } else { "" });
            self.out.text(name);
        }
        if let Some(rest) = names.len().checked_sub(most).filter(|&rest| rest > 0) {
            self.out.literal(" +");
            self.out.count(rest as u64);
        }
    }
}

fn as_string<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

//! The pieces that visible parts are made of.

use std::borrow::Cow;

use super::Item;
use crate::{
    markdown::{
        normalise::{clean, is_blank, tidy_lines},
        url::Destination,
    },
    value::{Number, Value},
};

impl<'d> Item<'_, 'd> {
    /// A member that is a string in which something is to be seen.
    pub(super) fn string(&self, key: &str) -> Option<(usize, &'d str)> {
        match self.member(key)? {
            (place, Value::String(text)) if !is_blank(text) => Some((place, text)),
            _ => None,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<(usize, &'d Number<'d>)> {
        match self.member(key)? {
            (place, Value::Number(number)) => Some((place, number)),
            _ => None,
        }
    }

    /// Begins a piece: `joint` stands between it and the one before it.
    pub(super) fn join(&mut self, joint: &'static str) {
        self.out.literal(if self.has_content { joint } else { " " });
        self.has_content = true;
    }

    /// Appends a member as it is; whether there is one.
    pub(super) fn piece(&mut self, joint: &'static str, key: &str) -> bool {
        let Some((place, text)) = self.string(key) else {
            return false;
        };
        self.join(joint);
        self.out.text(text);
        self.shown.literally.push(place);
        true
    }

    /// Appends a member in bold; whether there is one.
    pub(super) fn bold(&mut self, key: &str) -> bool {
        let Some((place, text)) = self.string(key) else {
            return false;
        };
        self.join(" ");
        self.out.literal("**");
        self.out.emphasised(text);
        self.out.literal("**");
        self.shown.literally.push(place);
        true
    }

    /// Appends the member `key`, or else the address itself, linked to the address; whether it is one that is linked to.
    pub(super) fn web_link(&mut self, joint: &'static str, key: &str) -> bool {
        let Some((place, url)) = self.string("url") else {
            return false;
        };
        let Some(destination) = Destination::web(url) else {
            return false;
        };
        self.join(joint);
        self.out.literal("[");
        match self.string(key) {
            Some((titled, title)) => {
                self.out.link_text(title);
                self.shown.literally.push(titled);
            }
            None => self.out.link_text(url),
        }
        self.close_link(&destination);
        if destination.as_str() == url {
            self.shown.literally.push(place);
        }
        self.shown.formed.push(place);
        true
    }

    pub(super) fn close_link(&mut self, destination: &Destination) {
        self.out.literal("](");
        self.out.destination(destination);
        self.out.literal(")");
    }

    /// Appends the member that is the event's text, on as many lines as it has.
    pub(super) fn text(&mut self, key: &str) {
        let Some((place, text)) = self.string(key) else {
            return;
        };
        self.shown.literally.push(place);
        let cleaned = clean(text);
        let mut lines = tidy_lines(&cleaned);
        let first = lines.next().unwrap_or_default();
        let is_one_line = lines.next().is_none();
        let is_indented = first.starts_with(char::is_whitespace);
        let owns_line = !is_one_line && (self.has_content || is_indented);
        self.open_text(owns_line);
        self.out.lines(&cleaned, owns_line);
    }

    /// Appends a text under its member's name, on a line of its own.
    pub(super) fn named_text(&mut self, key: &str, text: &str) {
        if self.has_content {
            self.out.break_line();
        } else {
            self.out.literal(" ");
        }
        let name = one_line(key);
        self.out.lines(&name, self.has_content);
        self.out.colon();
        self.has_content = true;
        self.out.lines(&clean(text), false);
    }

    fn open_text(&mut self, owns_line: bool) {
        match (owns_line, self.has_content) {
            (true, _) => self.out.break_line(),
            (false, true) => self.out.colon(),
            (false, false) => self.out.literal(" "),
        }
        self.has_content = true;
    }
}

fn one_line(text: &str) -> Cow<'_, str> {
    match clean(text) {
        Cow::Borrowed(cleaned) => crate::markdown::normalise::on_one_line(cleaned),
        Cow::Owned(cleaned) => crate::markdown::normalise::on_one_line(&cleaned)
            .into_owned()
            .into(),
    }
}

//! Colons, and the addresses that some of them begin.

use super::{Escaper, Form, Inside, neighbour::is_word};

/// Schemes that mean something without `//`.
const SCHEMES: [&str; 10] = [
    "javascript",
    "vbscript",
    "data",
    "file",
    "obsidian",
    "mailto",
    "ftp",
    "xmpp",
    "tel",
    "sms",
];
/// Names of emoji without a letter in them.
const ODD_EMOJI_NAMES: [&[u8]; 4] = [b"+1", b"-1", b"100", b"1234"];

impl Escaper<'_> {
    /// Looks, at the first sign of an address, at all of it: one with nothing to escape in it is left to be a link, which
    /// leads to the text itself. Any other is broken up, so that no parser's link ends in the middle of an escape.
    pub(super) fn enter_url(&mut self, at: usize) {
        if at < self.url_end || !(self.is_web_colon(at) || self.is_www(at)) {
            return;
        }
        (self.url_end, self.breaks_url) = (self.next_space(at), false);
        // Some parsers look for links within the text of a link, too, and take delimiters of ours into an address.
        self.breaks_url = self.inside != Inside::Text || self.clone().needs_escapes(at);
    }

    /// Whether anything from `at` to the address's end is escaped.
    fn needs_escapes(&mut self, mut at: usize) -> bool {
        while let Some(found) = self.next_special(at, self.url_end) {
            if self.form(found) != Form::Plain {
                return true;
            }
            self.note_bracket(self.bytes[found]);
            at = found + 1;
        }
        false
    }

    pub(super) fn breaks_url_at(&self, at: usize) -> bool {
        self.breaks_url && at < self.url_end
    }

    /// Whether a `.` is the one of `www.`.
    pub(super) fn is_www(&self, at: usize) -> bool {
        self.bytes[at] == b'.' && at >= 3 && self.bytes[at - 3..at].eq_ignore_ascii_case(b"www")
    }

    /// Whether a `:` is the one of `http://` or `https://`, as a word of their own.
    fn is_web_colon(&self, at: usize) -> bool {
        let is_word = |scheme: &[u8]| {
            at.checked_sub(scheme.len()).is_some_and(|start| {
                let before = self.byte_before(start);
                self.bytes[start..at].eq_ignore_ascii_case(scheme)
                    && !before.is_some_and(|byte| byte.is_ascii_alphanumeric())
            })
        };
        self.bytes[at..].starts_with(b"://") && (is_word(b"http") || is_word(b"https"))
    }

    /// Whether a colon may be half of a Dataview separator, end a scheme, or begin the name of an emoji.
    pub(super) fn colon(&self, at: usize) -> bool {
        let rest = &self.bytes[at + 1..];
        if self.byte_before(at) == Some(b':') {
            return matches!(self.bracket, b'[' | b'(') || self.begins_emoji_name(at);
        }
        if rest.first() == Some(&b':') {
            return false;
        }
        if rest.starts_with(b"//") {
            return !self.is_web_colon(at) || self.breaks_url_at(at);
        }
        let followed = self.line[at + 1..]
            .chars()
            .next()
            .is_some_and(|next| !next.is_whitespace());
        followed && self.has_known_scheme(at) || self.begins_emoji_name(at)
    }

    fn has_known_scheme(&self, at: usize) -> bool {
        let known = |scheme: &&str| {
            let start = at.checked_sub(scheme.len())?;
            let matches = self.bytes[start..at].eq_ignore_ascii_case(scheme.as_bytes());
            (matches && !self.character_before(start).is_some_and(is_word)).then_some(())
        };
        SCHEMES.iter().any(|scheme| known(scheme).is_some())
    }

    /// `:name:`, but not behind a digit, where it is part of a time.
    fn begins_emoji_name(&self, at: usize) -> bool {
        let rest = &self.bytes[at + 1..];
        let length = rest.iter().take_while(|byte| is_emoji_name_byte(**byte)).count();
        let name = &rest[..length];
        let closes = rest.get(length) == Some(&b':');
        let is_name = name.iter().any(u8::is_ascii_alphabetic) || ODD_EMOJI_NAMES.contains(&name);
        closes && is_name && !self.byte_before(at).is_some_and(|before| before.is_ascii_digit())
    }
}

fn is_emoji_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-')
}

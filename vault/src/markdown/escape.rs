//! Writes a line of text so that it reads as itself and nothing else. The rules are in [`crate::markdown`].
//!
//! The time taken is linear in the line: every look ahead or back ends where the next one of its kind begins, or is
//! remembered.

mod line_start;
mod neighbour;
mod remembered;
mod shapes;
#[cfg(test)]
mod tests;
mod url;

pub(super) use neighbour::is_emoji;
pub(super) use shapes::{is_date, is_entity};

use line_start::block_marker;
use neighbour::Neighbour;
use remembered::Remembered;
use shapes::is_tag_name;

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Behind something of ours.
    Within,
    /// At the beginning of a line of the file, but for indentation.
    Line,
}

/// What a piece of text is written into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    Text,
    /// The text of a link, or a field's value that a Markdown parser reads: no bracket may be live.
    Brackets,
    /// Bold or italics of ours.
    Emphasis,
}

/// How many of a character an item has: one delimiter alone means nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs {
    pub(super) tildes: bool,
    pub(super) carets: bool,
}

impl Pairs {
    /// Where nobody has counted.
    pub(super) const ASSUMED: Self = Self {
        tildes: true,
        carets: true,
    };
}

/// What has to be known of the item around a piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    pub(super) pairs: Pairs,
    /// The last of `[ ] ( )` so far; 0 if there was none.
    pub(super) bracket: u8,
    /// The last character that is not white space is an emoji.
    pub(super) behind_emoji: bool,
}

impl Context {
    /// Takes note of bytes of ours.
    pub(super) fn pass(&mut self, ours: &[u8]) {
        for &byte in ours {
            if is_bracket(byte) {
                self.bracket = byte;
            }
            if !byte.is_ascii_whitespace() {
                self.behind_emoji = false;
            }
        }
    }
}

const fn is_bracket(byte: u8) -> bool {
    matches!(byte, b'[' | b']' | b'(' | b')')
}

static IS_SPECIAL: [bool; 256] = special();

const fn special() -> [bool; 256] {
    let mut special = [false; 256];
    let bytes = b"\\`*_~=^$[]()<&#:%{|-.";
    let mut index = 0;
    while index < bytes.len() {
        special[bytes[index] as usize] = true;
        index += 1;
    }
    special
}

/// Appends `line`, which is normalised and holds no line break, escaped.
pub(super) fn escape_line(
    out: &mut Vec<u8>,
    line: &str,
    start: Start,
    inside: Inside,
    context: &mut Context,
) {
    if line.is_empty() {
        return;
    }
    out.reserve(line.len() + line.len() / 16);
    let before = match start {
        Start::Line => Neighbour::White,
        Start::Within => out
            .last()
            .map_or(Neighbour::White, |&byte| Neighbour::of_byte(byte)),
    };
    let mut escaper = Escaper {
        line,
        bytes: line.as_bytes(),
        inside,
        before,
        bracket: context.bracket,
        pairs: context.pairs,
        behind_emoji: context.behind_emoji,
        url_end: 0,
        breaks_url: false,
        next_at: Remembered::default(),
        next_space: Remembered::default(),
        last_run: (0, 0),
    };
    escaper.write(
        out,
        if start == Start::Line {
            block_marker(line)
        } else {
            None
        },
    );
    context.bracket = escaper.bracket;
    if let Some(last) = line.trim_end().chars().next_back() {
        context.behind_emoji = is_emoji(last);
    }
}

/// How a character is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Backslash,
    Entity(&'static [u8]),
}

/// A line being written.
#[derive(Clone)]
struct Escaper<'l> {
    line: &'l str,
    bytes: &'l [u8],
    inside: Inside,
    /// What stands before the line.
    before: Neighbour,
    bracket: u8,
    pairs: Pairs,
    behind_emoji: bool,
    /// Where the address ends that is being passed.
    url_end: usize,
    /// The address must not become a link, since something in it is escaped.
    breaks_url: bool,
    next_at: Remembered,
    next_space: Remembered,
    /// The run of equal delimiters that was last measured.
    last_run: (usize, usize),
}

impl Escaper<'_> {
    fn write(&mut self, out: &mut Vec<u8>, block_marker: Option<usize>) {
        let (mut written, mut at) = (0, 0);
        if let Some(marker) = block_marker {
            out.extend_from_slice(&self.bytes[..marker]);
            out.push(b'\\');
            self.note_bracket(self.bytes[marker]);
            (written, at) = (marker, marker + 1);
        }
        while let Some(found) = self.next_special(at, self.bytes.len()) {
            self.enter_url(found);
            match self.form(found) {
                Form::Plain => {}
                Form::Backslash => {
                    out.extend_from_slice(&self.bytes[written..found]);
                    out.push(b'\\');
                    written = found;
                }
                Form::Entity(name) => {
                    out.extend_from_slice(&self.bytes[written..found]);
                    out.extend_from_slice(name);
                    written = found + 1;
                }
            }
            self.note_bracket(self.bytes[found]);
            at = found + 1;
        }
        out.extend_from_slice(&self.bytes[written..]);
    }

    fn next_special(&self, from: usize, until: usize) -> Option<usize> {
        let found = self.bytes[from..until]
            .iter()
            .position(|&byte| IS_SPECIAL[usize::from(byte)]);
        found.map(|offset| from + offset)
    }

    fn note_bracket(&mut self, byte: u8) {
        if is_bracket(byte) {
            self.bracket = byte;
        }
    }

    /// How the special character at `at` is written.
    fn form(&mut self, at: usize) -> Form {
        let after = self.byte(at + 1);
        let byte = self.bytes[at];
        let escapes = match byte {
            b'`' | b'$' => true,
            b'\\' => after.is_none_or(|byte| byte.is_ascii_punctuation()),
            b'*' => self.may_delimit(at, at + 1),
            b'_' => self.underscore(at),
            b'~' => self.is_at_edge(at) || self.pairs.tildes && self.may_delimit(at, at + 1),
            b'=' => self.is_at_edge(at) || self.doubled(at),
            b'|' => self.doubled(at),
            b'^' => self.caret(at),
            b'[' => {
                self.in_brackets() || matches!(after, Some(b'[' | b'^')) || self.byte_before(at) == Some(b'[')
            }
            b']' => self.in_brackets() || matches!(after, Some(b'(' | b'{')),
            b'<' if self.begins_html(at) => return Form::Entity(b"&lt;"),
            b'&' if is_entity(&self.bytes[at + 1..]) => return Form::Entity(b"&amp;"),
            b'#' => self.begins_tag(at),
            b':' => self.colon(at),
            b'%' => {
                matches!(self.byte_before(at), Some(b'%' | b'{')) || matches!(after, Some(b'%' | b'>' | b'}'))
            }
            b'{' => self.byte_before(at) == Some(b'{'),
            b'.' => self.breaks_url_at(at) && self.is_www(at),
            b'-' => self.is_date_behind_emoji(at),
            _ => false,
        };
        if escapes { Form::Backslash } else { Form::Plain }
    }

    fn in_brackets(&self) -> bool {
        self.inside == Inside::Brackets
    }

    /// Whether a delimiter stands at an edge inside our own bold or italics, where it would join ours.
    fn is_at_edge(&self, at: usize) -> bool {
        self.inside == Inside::Emphasis && (at == 0 || at + 1 == self.bytes.len())
    }

    /// Whether the delimiters from `from` to `until` could open or close something: not between white space. Behind a
    /// piece's end there may be punctuation of ours.
    fn may_delimit(&self, from: usize, until: usize) -> bool {
        self.is_at_edge(from)
            || self.neighbour_before(from) != Neighbour::White
            || self.neighbour_after(until) != Neighbour::White
    }

    /// Whether it is one of a run of two or more that could open or close something.
    fn doubled(&mut self, at: usize) -> bool {
        let (from, until) = self.run(at);
        until - from > 1 && self.may_delimit(from, until)
    }

    /// A run opens emphasis only where no word is before it. One that does not open never closes anything.
    fn underscore(&mut self, at: usize) -> bool {
        let (from, until) = self.run(at);
        let at_edge = self.is_at_edge(from) || self.is_at_edge(until - 1);
        let opens =
            self.neighbour_before(from) != Neighbour::Word && self.neighbour_after(until) != Neighbour::White;
        at_edge || opens
    }

    /// A footnote, superscript, or block id.
    fn caret(&self, at: usize) -> bool {
        let rest = &self.bytes[at + 1..];
        if rest.first() == Some(&b'[')
            || self.is_at_edge(at)
            || self.pairs.carets && self.may_delimit(at, at + 1)
        {
            return true;
        }
        if self.neighbour_before(at) != Neighbour::White {
            return false;
        }
        let name = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
            .count();
        rest.starts_with(b"oc-") || name > 0 && rest[name..].trim_ascii().is_empty()
    }

    /// A tag, a comment, a template, or an address in angle brackets.
    fn begins_html(&mut self, at: usize) -> bool {
        let Some(after) = self.byte(at + 1) else {
            return false;
        };
        if after.is_ascii_alphabetic() || matches!(after, b'/' | b'!' | b'?' | b'%') {
            return true;
        }
        let bytes = self.bytes;
        let address = self
            .next_at
            .find(at, bytes.len(), |from| memchr::memchr(b'@', &bytes[from..]));
        address < bytes.len() && address < self.next_space(at)
    }

    /// The next space: parsers do not end an address at other white space, and there is no tab in a line.
    fn next_space(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        self.next_space
            .find(at, bytes.len(), |from| memchr::memchr(b' ', &bytes[from..]))
    }

    /// Whether Obsidian would find a tag: not behind a word, and with more than digits in it.
    fn begins_tag(&self, at: usize) -> bool {
        let rest = &self.bytes[at + 1..];
        if rest.is_empty() {
            return self.inside == Inside::Emphasis;
        }
        let behind_word = match self.character_before(at) {
            Some('_') => true,
            Some(character) if at < self.url_end && "/?&=!.~-".contains(character) => true,
            Some(character) => character.is_alphanumeric(),
            None => false,
        };
        !behind_word && is_tag_name(&self.line[at + 1..])
    }

    /// Whether the hyphen is the first of a date behind an emoji.
    fn is_date_behind_emoji(&self, at: usize) -> bool {
        let Some(start) = at.checked_sub(4).filter(|&start| is_date(&self.bytes[start..])) else {
            return false;
        };
        match self.line[..start].trim_end().chars().next_back() {
            Some(before) => is_emoji(before),
            None => self.behind_emoji,
        }
    }

    /// The run of equal bytes around `at`.
    fn run(&mut self, at: usize) -> (usize, usize) {
        let (from, until) = self.last_run;
        if (from..until).contains(&at) {
            return self.last_run;
        }
        let byte = self.bytes[at];
        let before = self.bytes[..at].iter().rev().take_while(|&&other| other == byte);
        let after = self.bytes[at..].iter().take_while(|&&other| other == byte);
        self.last_run = (at - before.count(), at + after.count());
        self.last_run
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn byte_before(&self, at: usize) -> Option<u8> {
        at.checked_sub(1).map(|before| self.bytes[before])
    }

    fn character_before(&self, at: usize) -> Option<char> {
        self.line[..at].chars().next_back()
    }

    fn neighbour_before(&self, at: usize) -> Neighbour {
        self.character_before(at).map_or(self.before, Neighbour::of)
    }

    fn neighbour_after(&self, at: usize) -> Neighbour {
        self.line[at..]
            .chars()
            .next()
            .map_or(Neighbour::Other, Neighbour::of)
    }
}

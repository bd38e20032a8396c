//! The one recogniser of entries: finds ours in a daily file that users, editors and sync tools may have changed.
//!
//! Recovery, `fsck`, `reindex`, `find` and `forget` all use it, so they agree on which events a file has.
//!
//! # What counts
//!
//! - An id counts at the end of a line: ` ^oc-<id>`, or alone on its line. Blanks that an editor put behind it and `\r` do not
//!   matter. An id that anything else follows, such as the target of a link (`[[...#^oc-<id>]]`), does not count. Captured text
//!   cannot look like an id: its `^` has a backslash before it.
//! - An item begins with a bullet (`-`, `*` or `+`) at any indentation, perhaps a task box, and bold text. It goes on over
//!   lines that are indented further, by two spaces or a tab. Anything else between items, such as headings, belongs to none.
//! - An entry is an item that ends in an id. If its beginning was edited away, so that the id is on a line that belongs to no
//!   item, that line alone is the entry.
//! - An entry may begin right behind another one's id: see `writer::append`.

use std::{iter::FusedIterator, ops::Range};

use memchr::{memchr, memchr_iter};

use crate::event_id::{EventId, TEXT_LEN};

const ITEM_START: &[u8] = b"- **";
const BLOCK_ID: &[u8] = b"^oc-";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The entries in `file`, each with its id and the range of its lines (with their line endings), in order.
///
/// Line endings, blanks behind ids, a byte order mark, a missing last newline, other bullets, task boxes, indentation and
/// anything between entries are accepted as they come.
pub fn ids_in(file: &[u8]) -> IdsIn<'_> {
    let at = if file.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    IdsIn {
        file,
        at,
        tracker: Tracker::new(),
    }
}

/// See [`ids_in`].
#[derive(Clone, Debug)]
pub struct IdsIn<'a> {
    file: &'a [u8],
    at: usize,
    tracker: Tracker<usize>,
}

/// Follows a file line by line and finds where entries begin and end. `P` is a place: where a line begins.
#[derive(Clone, Debug)]
pub(crate) struct Tracker<P> {
    /// The item that the next line may belong to.
    item: Option<Item<P>>,
}

#[derive(Clone, Debug)]
struct Item<P> {
    start: P,
    /// How many blanks are before its bullet.
    indentation: usize,
}

/// What a line has brought to an end.
#[derive(Debug)]
pub(crate) struct Ended<P> {
    /// An entry.
    pub(crate) entry: Option<Entry<P>>,
    /// The beginning of what looked like an entry and has no id.
    pub(crate) nameless: Option<P>,
    /// The line belongs to the item of the line before.
    pub(crate) continues: bool,
}

/// An entry that ends with a line.
#[derive(Debug)]
pub(crate) struct Entry<P> {
    pub(crate) id: EventId,
    /// The place of its first line.
    pub(crate) start: P,
    /// How much of the line is behind the id: blanks, and the line's ending.
    pub(crate) behind: usize,
}

impl<P: Clone> Tracker<P> {
    pub(crate) fn new() -> Self {
        Self { item: None }
    }

    /// Takes the next line, with or without its ending; `place` is asked for where it begins.
    pub(crate) fn line(&mut self, line: &[u8], place: impl Fn() -> P) -> Ended<P> {
        let text = trim_end(line);
        let (mut nameless, mut continues) = (None, false);
        if let Some(indentation) = item_indentation(text) {
            let start = place();
            nameless = self.item.replace(Item { start, indentation });
        } else if let Some(item) = &self.item {
            continues = is_continuation(text, item.indentation);
            if !continues {
                nameless = self.item.take();
            }
        }
        let entry = id_at_end(text).map(|id| Entry {
            id,
            start: self.item.take().map_or_else(place, |item| item.start),
            behind: line.len() - text.len(),
        });
        let nameless = nameless.map(|item| item.start);
        Ended {
            entry,
            nameless,
            continues,
        }
    }

    /// The file has ended: the beginning of what has no id.
    pub(crate) fn finish(self) -> Option<P> {
        self.item.map(|item| item.start)
    }
}

impl Iterator for IdsIn<'_> {
    type Item = (EventId, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.file.len() {
            let start = self.at;
            let rest = &self.file[start..];
            let line = &rest[..memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1)];
            self.at += first_of_glued(line).unwrap_or(line.len());
            let ended = self.tracker.line(&self.file[start..self.at], || start);
            if let Some(entry) = ended.entry {
                return Some((entry.id, entry.start..self.at));
            }
        }
        None
    }
}

impl FusedIterator for IdsIn<'_> {}

/// Where in a line an entry begins right behind another one's id.
pub(super) fn first_of_glued(line: &[u8]) -> Option<usize> {
    let behind = |caret| caret + BLOCK_ID.len() + TEXT_LEN;
    let begins = |&at: &usize| {
        line.get(at..).is_some_and(|rest| rest.starts_with(ITEM_START)) && id_at_end(&line[..at]).is_some()
    };
    memchr_iter(b'^', line).map(behind).find(begins)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The line without its ending and without blanks that an editor may have put there.
fn trim_end(line: &[u8]) -> &[u8] {
    let blank = |byte: &&u8| is_blank(**byte) || matches!(byte, b'\n' | b'\r');
    &line[..line.len() - line.iter().rev().take_while(blank).count()]
}

fn blanks_before(line: &[u8]) -> usize {
    line.iter().take_while(|byte| is_blank(**byte)).count()
}

/// How many blanks are before the bullet, if the line begins an item that may be ours.
fn item_indentation(line: &[u8]) -> Option<usize> {
    let indentation = blanks_before(line);
    let [b'-' | b'*' | b'+', rest @ ..] = &line[indentation..] else {
        return None;
    };
    let mut text = rest.trim_ascii_start();
    if let [b'[', _, b']', after @ ..] = text {
        text = after.trim_ascii_start();
    }
    let is_bold = text.starts_with(b"**") || text.starts_with(b"__");
    (is_bold && text.len() < rest.len()).then_some(indentation)
}

/// Whether the line goes on an item whose bullet has so many blanks before it.
fn is_continuation(line: &[u8], indentation: usize) -> bool {
    let blanks = &line[..blanks_before(line)];
    let further = blanks.get(indentation..).unwrap_or_default();
    further.starts_with(b"  ") || further.starts_with(b"\t")
}

fn id_at_end(line: &[u8]) -> Option<EventId> {
    let (before, text) = line.split_last_chunk::<TEXT_LEN>()?;
    let before = before.strip_suffix(BLOCK_ID)?;
    let is_apart = before.last().is_none_or(|byte| is_blank(*byte));
    if is_apart { EventId::from_text(text) } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const A: &str = "kn6ndbcruwb2smnw4m5xxcmfju";
    const B: &str = "lvbogv4zzntfcomeayfzfotehq";

    fn found(file: &str) -> Vec<(String, &str)> {
        ids_in(file.as_bytes())
            .map(|(id, range)| (id.to_string(), &file[range]))
            .collect()
    }

    #[test]
    fn entries_are_found_between_what_users_write() {
        let first = format!("- **10:00:00** one\n  two ^oc-{A}\n");
        let second = format!("- **10:00:01** x ^oc-{B}");
        let file = format!(
            "---\nopenclone: 1\n---\n\n{first}\nmy note\n- mine\n  - [ ] task\n- **bold**\n\n{second}"
        );
        assert_eq!(
            found(&file),
            [(A.to_owned(), first.as_str()), (B.to_owned(), second.as_str())]
        );
    }

    #[test]
    fn other_line_endings_and_marks_do_not_matter() {
        let item = format!("- **10:00:00** one\r\n  two ^oc-{A} \r\n");
        assert_eq!(found(&format!("\u{feff}{item}")), [(A.to_owned(), item.as_str())]);
        let item = format!("- **10:00:00** one ^oc-{A}");
        assert_eq!(found(&item), [(A.to_owned(), item.as_str())]);
    }

    #[test]
    fn an_entry_without_its_beginning_is_its_last_line() {
        let line = format!("* [x] edited ^oc-{A}\n");
        assert_eq!(
            found(&format!("- **10:00:00** other\n{line}")),
            [(A.to_owned(), line.as_str())]
        );
        let line = format!("  two ^oc-{A}\n");
        assert_eq!(
            found(&format!("- **10:00:00** one\n\n{line}")),
            [(A.to_owned(), line.as_str())]
        );
    }

    #[test]
    fn bullets_task_boxes_and_nesting_of_editors_do_not_matter() {
        for (bullet, inside) in [
            ("- ", "  "),
            ("* ", "  "),
            ("+ ", "\t"),
            ("-   ", "    "),
            ("- [ ] ", "  "),
            ("* [x] ", "  "),
            ("\t- ", "\t  "),
            ("    * [ ] ", "      "),
        ] {
            let item = format!("{bullet}**10:00** one\n{inside}two \\\n{inside}three ^oc-{A} \t\r\n");
            let file = format!("# Mine\n\n{item}{inside}- my own sub-item\n## 11:00\n");
            assert_eq!(found(&file), [(A.to_owned(), item.as_str())], "{file}");
        }
    }

    #[test]
    fn an_id_on_a_line_of_its_own_ends_the_item() {
        let item = format!("- **10:00** a text that was wrapped\n  ^oc-{A}\n");
        assert_eq!(found(&item), [(A.to_owned(), item.as_str())]);
        let lazy = format!("^oc-{A}\n");
        assert_eq!(
            found(&format!("- **10:00** one\n{lazy}")),
            [(A.to_owned(), lazy.as_str())]
        );
    }

    #[test]
    fn a_users_item_before_an_edited_entry_is_not_part_of_it() {
        let line = format!("  two ^oc-{A}\n");
        for before in [
            "- mine\n",
            "* [ ] mine\n",
            "-**10:00** mine\n",
            "---\n",
            "1. **mine**\n",
        ] {
            assert_eq!(
                found(&format!("{before}{line}")),
                [(A.to_owned(), line.as_str())],
                "{before}"
            );
        }
    }

    #[test]
    fn a_links_target_is_no_id() {
        for link in [
            format!("[[Audio/2026-02-26#^oc-{A}]]"),
            format!("![[Audio/2026-02-26#^oc-{A}]]"),
            format!("[x](Audio/2026-02-26.md#^oc-{A})"),
            format!("[x](Audio/2026-02-26.md#%5Eoc-{A})"),
            format!("Audio/2026-02-26#^oc-{A}"),
            format!("Audio/2026-02-26#%5Eoc-{A}"),
            format!("[[x| ^oc-{A}]]"),
        ] {
            assert_eq!(found(&format!("- **10:00** see {link}\n")), [], "{link}");
            assert_eq!(found(&format!("{link}\n")), [], "{link}");
        }
    }

    #[test]
    fn an_entry_behind_an_id_is_one_of_its_own() {
        let (first, second) = (
            format!("- **10:00:00** one\n  two ^oc-{A}"),
            format!("- **10:00:01** x ^oc-{B}\n"),
        );
        assert_eq!(
            found(&format!("{first}{second}")),
            [(A.to_owned(), first.as_str()), (B.to_owned(), second.as_str())]
        );
        let line = format!("a user's line{second}");
        assert_eq!(found(&line), [(B.to_owned(), line.as_str())]);
    }

    #[test]
    fn what_only_resembles_an_id_is_none() {
        for end in [
            format!(r"\^oc-{A}"),
            format!("^oc-{}", &A[..25]),
            format!("^oc-{A}x"),
            format!("^oc-{}", A.to_uppercase()),
            format!("^oc-{A} x"),
            format!("^ock-{A}"),
            "^oc-kn6ndbcruwb2smnw4m5xxcmfjv".to_owned(),
        ] {
            assert_eq!(found(&format!("- **10:00:00** x {end}\n")), [], "{end}");
        }
        assert_eq!(found(&format!("- **10:00:00** [[x#^oc-{A}")), []);
        assert_eq!(found(""), []);
    }
}

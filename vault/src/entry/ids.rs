//! Finds our entries in a daily file that others may have edited.

use std::{iter::FusedIterator, ops::Range};

use memchr::{memchr, memchr_iter};

use crate::event_id::{EventId, TEXT_LEN};

const ITEM_START: &[u8] = b"- **";
const BLOCK_ID: &[u8] = b" ^oc-";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The entries in `file`, each with its id and the range of its lines (with their line endings), in order.
///
/// An entry begins with `- **` at a line's start, goes on over lines that are indented by two spaces, and ends with
/// ` ^oc-<id>` at the end of a line. If its beginning was edited away, so that the id stands on a line that belongs to no
/// entry, that line alone is the range. Foreign text cannot look like one: its `^` has a backslash before it.
/// `\r\n`, a byte order mark, a missing last newline and anything between entries are taken as they come. So is an entry
/// that begins right behind another one's id: see [`crate::writer::append`].
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

/// Follows a file line by line and tells where entries begin and end. `P` is a place: where a line begins.
#[derive(Clone, Debug)]
pub(crate) struct Tracker<P> {
    /// Where the entry began that the next line may belong to.
    item: Option<P>,
}

/// What a line has brought to an end.
#[derive(Debug)]
pub(crate) struct Ended<P> {
    /// An entry, with the place of its first line.
    pub(crate) entry: Option<(EventId, P)>,
    /// The beginning of what looked like an entry and has no id.
    pub(crate) nameless: Option<P>,
}

impl<P: Clone> Tracker<P> {
    pub(crate) fn new() -> Self {
        Self { item: None }
    }

    /// Takes the next line, with or without its ending; `place` is asked for where it begins.
    pub(crate) fn line(&mut self, line: &[u8], place: impl Fn() -> P) -> Ended<P> {
        let line = trim_end(line);
        let mut nameless = None;
        if line.starts_with(ITEM_START) {
            nameless = self.item.replace(place());
        } else if !line.starts_with(b"  ") {
            nameless = self.item.take();
        }
        let Some(id) = id_at_end(line) else {
            return Ended {
                entry: None,
                nameless,
            };
        };
        let start = self.item.take().unwrap_or_else(place);
        let entry = Some((id, start));
        Ended { entry, nameless }
    }

    /// The file has ended: the beginning of what has no id.
    pub(crate) fn finish(self) -> Option<P> {
        self.item
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
            if let Some((id, begin)) = ended.entry {
                return Some((id, begin..self.at));
            }
        }
        None
    }
}

impl FusedIterator for IdsIn<'_> {}

/// Where in a line an entry begins right behind another one's id.
pub(crate) fn first_of_glued(line: &[u8]) -> Option<usize> {
    let behind = |caret| caret + BLOCK_ID.len() - 1 + TEXT_LEN;
    let begins = |&at: &usize| {
        line.get(at..).is_some_and(|rest| rest.starts_with(ITEM_START)) && id_at_end(&line[..at]).is_some()
    };
    memchr_iter(b'^', line).map(behind).find(begins)
}

/// The line without its ending and without blanks that an editor may have put there.
fn trim_end(line: &[u8]) -> &[u8] {
    let blank = |byte: &&u8| matches!(byte, b'\n' | b'\r' | b' ' | b'\t');
    &line[..line.len() - line.iter().rev().take_while(blank).count()]
}

fn id_at_end(line: &[u8]) -> Option<EventId> {
    let (before, text) = line.split_last_chunk::<TEXT_LEN>()?;
    before.ends_with(BLOCK_ID).then(|| EventId::from_text(text))?
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

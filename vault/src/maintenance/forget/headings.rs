//! Headings of hours that have no entry left.

use std::ops::Range;

use memchr::memchr;

use crate::markdown::headings::hour_of;

/// A heading of an hour, and what is known of the lines behind it.
#[derive(Debug)]
struct Section {
    /// Where the heading begins, with the blank line before it.
    start: usize,
    /// Where the last removed entry ends, if there is one.
    removed_until: Option<usize>,
    /// A line that stays is not blank.
    is_used: bool,
}

/// `removed`, which are ranges of whole lines in order, with the headings that have lost all of their entries. A heading
/// that had none, or behind which a user has written, stays.
pub(super) fn with_emptied(file: &[u8], removed: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut emptied = Vec::new();
    let mut section: Option<Section> = None;
    let mut removals = removed.iter().peekable();
    let (mut at, mut blank_before) = (0, None);
    while at < file.len() {
        while removals.next_if(|range| range.end <= at).is_some() {}
        let end = at + memchr(b'\n', &file[at..]).map_or(file.len() - at, |newline| newline + 1);
        let line = &file[at..end];
        let is_blank = line.trim_ascii().is_empty();
        if removals.peek().is_some_and(|range| range.contains(&at)) {
            if let Some(section) = &mut section {
                section.removed_until = Some(end);
            }
        } else if hour_of(line).is_some() {
            emptied.extend(section.take().and_then(Section::emptied));
            section = Some(Section {
                start: blank_before.unwrap_or(at),
                removed_until: None,
                is_used: false,
            });
        } else if let Some(section) = &mut section {
            section.is_used |= !is_blank;
        }
        blank_before = is_blank.then_some(at);
        at = end;
    }
    emptied.extend(section.and_then(Section::emptied));
    merged(removed, emptied)
}

impl Section {
    fn emptied(self) -> Option<Range<usize>> {
        let until = self.removed_until.filter(|_| !self.is_used)?;
        Some(self.start..until)
    }
}

/// Both in order; a range within another goes.
fn merged(removed: Vec<Range<usize>>, emptied: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let is_within = |range: &Range<usize>| {
        emptied
            .iter()
            .any(|outer| outer.start <= range.start && range.end <= outer.end)
    };
    let mut all: Vec<_> = removed.into_iter().filter(|range| !is_within(range)).collect();
    all.extend(emptied);
    all.sort_unstable_by_key(|range| range.start);
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The file without the lines that begin with `-`, and without the headings that these leave empty.
    fn left(file: &str) -> String {
        let mut removed = Vec::new();
        let mut at = 0;
        for line in file.split_inclusive('\n') {
            if line.starts_with('-') {
                removed.push(at..at + line.len());
            }
            at += line.len();
        }
        let mut kept = String::new();
        let mut from = 0;
        for range in with_emptied(file.as_bytes(), removed) {
            kept.push_str(&file[from..range.start]);
            from = range.end;
        }
        kept + &file[from..]
    }

    #[test]
    fn headings_without_entries_go_and_others_stay() {
        let table = [
            ("## 14:00\n\n- a\n\n## 15:00\n\n+ b\n", "\n## 15:00\n\n+ b\n"),
            (
                "h\n\n## 14:00\n\n+ a\n\n## 15:00\n\n- b\n- c\n",
                "h\n\n## 14:00\n\n+ a\n",
            ),
            ("## 14:00\n\n+ a\n- b\n", "## 14:00\n\n+ a\n"),
            ("## 14:00\n\n- a\nmine\n", "## 14:00\n\nmine\n"),
            ("## 14:00\n\n## 15:00\n\n- a\n", "## 14:00\n"),
            ("## Notes\n\n- a\n", "## Notes\n\n"),
            ("- a\n", ""),
            ("", ""),
        ];
        for (file, expected) in table {
            assert_eq!(left(file), expected, "{file:?}");
        }
    }
}

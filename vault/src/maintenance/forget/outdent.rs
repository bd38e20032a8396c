//! Sub-items that a user put under an entry stay when the entry goes, one level further out.

use std::ops::Range;

use memchr::memchr;

/// The file without the `removed` ranges, which are whole lines in order. `entries` are those of them that are entries: what
/// is indented further than an entry's bullet, and follows it, takes the entry's indentation.
pub(super) fn without(file: &[u8], removed: &[Range<usize>], entries: &[Range<usize>]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(file.len());
    let mut indentation = Indentation::default();
    let (mut removals, mut entries) = (removed.iter().peekable(), entries.iter().peekable());
    let mut at = 0;
    while at < file.len() {
        while let Some(entry) = entries.next_if(|entry| entry.start <= at) {
            indentation = Indentation::of(&file[entry.clone()]);
        }
        if let Some(range) = removals.next_if(|range| range.start <= at) {
            // Entries within a range that goes with its heading.
            while let Some(entry) = entries.next_if(|entry| entry.start < range.end) {
                indentation = Indentation::of(&file[entry.clone()]);
            }
            at = at.max(range.end);
            continue;
        }
        let next = removals.peek().map_or(file.len(), |range| range.start);
        let end = memchr(b'\n', &file[at..next]).map_or(next, |newline| at + newline + 1);
        kept.extend_from_slice(indentation.strip(&file[at..end]));
        at = end;
    }
    kept
}

/// What is taken from the lines behind a removed entry.
#[derive(Default)]
struct Indentation {
    /// Blanks before the entry's bullet.
    entry: usize,
    /// Blanks more before the first line under it; `None` before that line was seen.
    more: Option<usize>,
    is_under_entry: bool,
}

impl Indentation {
    fn of(entry: &[u8]) -> Self {
        Self {
            entry: blanks(entry),
            more: None,
            is_under_entry: true,
        }
    }

    fn strip<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if !self.is_under_entry || line.trim_ascii().is_empty() {
            return line;
        }
        let further = blanks(line).saturating_sub(self.entry);
        let is_under = further >= 2 || line.get(self.entry) == Some(&b'\t') && further > 0;
        if !is_under {
            self.is_under_entry = false;
            return line;
        }
        let more = *self.more.get_or_insert(further);
        &line[more.min(further)..]
    }
}

fn blanks(line: &[u8]) -> usize {
    line.iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Removes the lines that contain `x`; those that begin with `x` at their bullet are entries.
    fn left(file: &str) -> String {
        let (mut removed, mut at) = (Vec::new(), 0);
        for line in file.split_inclusive('\n') {
            if line.contains('x') {
                removed.push(at..at + line.len());
            }
            at += line.len();
        }
        String::from_utf8_lossy(&without(file.as_bytes(), &removed, &removed)).into_owned()
    }

    #[test]
    fn sub_items_take_the_place_of_their_entry() {
        let table = [
            ("- x\n  - mine\n- b\n  - its\n", "- mine\n- b\n  - its\n"),
            (
                "- x\n    - mine\n      more\n    - two\n",
                "- mine\n  more\n- two\n",
            ),
            ("- x\n\t- mine\n\t\t- deep\n", "- mine\n\t- deep\n"),
            ("  - x\n    - mine\n", "  - mine\n"),
            ("- x\n\n  word\n\nend\n  kept\n", "\nword\n\nend\n  kept\n"),
            ("- a\n  - x\n    - mine\n  - b\n", "- a\n  - mine\n  - b\n"),
            ("- x\n- x\n  - mine\n", "- mine\n"),
            ("- x\n  - mine\n- x\n  - too", "- mine\n- too"),
            ("- x\n- b\n", "- b\n"),
            ("  kept\n- x\n", "  kept\n"),
        ];
        for (file, expected) in table {
            assert_eq!(left(file), expected, "{file:?}");
        }
    }
}

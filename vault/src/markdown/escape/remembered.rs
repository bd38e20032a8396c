//! Searches ahead in a line that are not repeated, so that all of them together take linear time.

/// The place of the next character of a kind, kept until it is passed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remembered {
    /// From where it was searched, and what was found; `line.len()` if nothing was.
    searched_from: usize,
    found: Option<usize>,
}

impl Remembered {
    /// The place that `search` finds from `at` on, `end` if there is none. Searches again only behind the last find.
    pub(super) fn find(&mut self, at: usize, end: usize, search: impl Fn(usize) -> Option<usize>) -> usize {
        match self.found {
            Some(found) if self.searched_from <= at && at <= found => found,
            _ => {
                let found = search(at).map_or(end, |offset| at + offset);
                (self.searched_from, self.found) = (at, Some(found));
                found
            }
        }
    }
}

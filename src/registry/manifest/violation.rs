//! Violations of a manifest and their lines.

use openclone_client::v1::ManifestFault;

/// The most faults kept per manifest; a hostile one could have thousands.
const MAX_FAULTS: usize = 100;
/// The most characters shown of a name from a manifest.
const MAX_SHOWN: usize = 64;

/// A violation of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The path of the member, such as `source_types[1]`; empty for the file as a whole.
    pub(crate) path: String,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// A description.
    pub(crate) reason: String,
}

/// The faults of one manifest, in the order in which they were found.
#[derive(Debug)]
pub(crate) struct Violations {
    /// With byte offsets, which become lines at the end.
    found: Vec<(usize, Violation)>,
    dropped: usize,
}

impl Violations {
    pub(crate) fn new() -> Self {
        Self {
            found: Vec::new(),
            dropped: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn add(&mut self, path: &str, at: usize, reason: &str) {
        if self.found.len() >= MAX_FAULTS {
            self.dropped += 1;
            return;
        }
        let violation = Violation {
            path: path.to_owned(),
            line: 0,
            reason: reason.to_owned(),
        };
        self.found.push((at, violation));
    }

    /// All faults, with their lines in `text`.
    pub(crate) fn finish(self, text: &str) -> Vec<Violation> {
        let mut faults: Vec<Violation> = self
            .found
            .into_iter()
            .map(|(at, violation)| Violation {
                line: line_at(text, at),
                ..violation
            })
            .collect();
        if self.dropped > 0 {
            faults.push(Violation {
                path: String::new(),
                line: 1,
                reason: format!("{} more faults", self.dropped),
            });
        }
        faults
    }
}

impl From<Violation> for ManifestFault {
    fn from(violation: Violation) -> Self {
        Self {
            path: violation.path,
            reason: violation.reason,
        }
    }
}

/// The line of a byte offset, counted from 1.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// Makes a name from a manifest safe to show: short, on one line, without control characters.
pub(crate) fn plain(name: &str) -> String {
    let shown: String = name
        .chars()
        .take(MAX_SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if name.chars().nth(MAX_SHOWN).is_some() {
        format!("{shown}…")
    } else {
        shown
    }
}

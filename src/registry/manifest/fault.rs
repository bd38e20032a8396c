//! What is wrong in a manifest, and on which line.

use openclone_client::v1::ManifestFault;

/// Faults that are kept of one manifest; a hostile one could have thousands.
const MAX_FAULTS: usize = 100;
/// Characters of a name that somebody else chose, in a path, at most.
const MAX_SHOWN: usize = 64;

/// Something wrong in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where in the manifest, such as `source_types[1]`; empty for the file as a whole.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) reason: String,
}

/// The faults of one manifest, in the order in which they were found.
#[derive(Debug)]
pub(crate) struct Faults {
    /// Where each stands, in bytes; it becomes a line at the end.
    found: Vec<(usize, Fault)>,
    dropped: usize,
}

impl Faults {
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
        let fault = Fault {
            path: path.to_owned(),
            line: 0,
            reason: reason.to_owned(),
        };
        self.found.push((at, fault));
    }

    /// All of them, with their lines in `text`.
    pub(crate) fn finish(self, text: &str) -> Vec<Fault> {
        let mut faults: Vec<Fault> = self
            .found
            .into_iter()
            .map(|(at, fault)| Fault {
                line: line_at(text, at),
                ..fault
            })
            .collect();
        if self.dropped > 0 {
            faults.push(Fault {
                path: String::new(),
                line: 1,
                reason: format!("there are {} more faults", self.dropped),
            });
        }
        faults
    }
}

impl From<Fault> for ManifestFault {
    fn from(fault: Fault) -> Self {
        Self {
            path: fault.path,
            reason: fault.reason,
        }
    }
}

/// The line of a byte, counted from 1.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// A name that somebody else chose, fit to be shown: short, on one line, without control characters.
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

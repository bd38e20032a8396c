//! Faults of a manifest and their lines.

use openclone_client::v1::ManifestFault;

/// The most faults kept per manifest; a hostile one could have thousands.
const MAX_FAULTS: usize = 100;
/// The most characters shown of a name from a manifest.
const MAX_SHOWN: usize = 64;

/// A fault of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The path of the member, such as `source_types[1]`; empty for the file as a whole.
    pub(crate) path: String,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// A description.
    pub(crate) reason: String,
}

/// The faults of one manifest, in the order in which they were found.
#[derive(Debug)]
pub(crate) struct Faults {
    /// With byte offsets, which become lines at the end.
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

    /// All faults, with their lines in `text`.
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
                reason: format!("{} more faults", self.dropped),
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

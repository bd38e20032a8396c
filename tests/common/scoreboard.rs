//! What a rig has tried, for `docs/RELIABILITY.md`: one line of JSON a row, at the end of the file that
//! `OPENCLONE_SCOREBOARD` names. Without that variable nothing is written, and the rig is an ordinary test.
//!
//! `scripts/reliability` reads the lines; of lines with the same `issue`, `title` and `writer` the last one counts.

use std::{fs::OpenOptions, io::Write as _, time::Instant};

/// The writer that a rig was run against: ours, or one that is wrong on purpose and must be caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code)] // each test has its own share of them
pub(crate) enum Against {
    /// The product: any violation fails the run.
    Ours,
    /// Makes ids durable before their bytes: no violation at all fails the run.
    IdFirst,
    /// Writes bytes before their ids, and never replays: no violation at all fails the run.
    BytesFirst,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// The row of the issue, from 1.
    pub(crate) issue: u32,
    /// What is promised, in a few words.
    pub(crate) title: &'static str,
    /// What is done to break it, and what would count as a violation.
    pub(crate) tried: &'static str,
    /// The writer it was done to.
    pub(crate) against: Against,
    /// How often it was tried.
    pub(crate) trials: u64,
    /// How often the promise was broken.
    pub(crate) violations: u64,
    /// Where the random numbers came from, such as `0..300`; empty if there are none.
    pub(crate) seeds: String,
    /// What runs exactly this again.
    pub(crate) command: String,
    /// When it began.
    pub(crate) began: Instant,
}

impl Row {
    /// Adds the line, and fails the test if the promise was broken, or a wrong writer was not caught.
    #[track_caller]
    pub(crate) fn settle(self) {
        self.write();
        assert!(self.trials > 0, "{}: nothing was tried", self.title);
        match self.against {
            Against::Ours => assert_eq!(self.violations, 0, "{}: {self:?}", self.title),
            _ => assert!(
                self.violations > 0,
                "{}: a wrong writer was not caught: {self:?}",
                self.title
            ),
        }
    }

    fn write(&self) {
        let Some(path) = std::env::var_os("OPENCLONE_SCOREBOARD") else {
            return;
        };
        let line = serde_json::json!({
            "issue": self.issue,
            "title": self.title,
            "tried": self.tried,
            "writer": self.against.name(),
            "trials": self.trials,
            "violations": self.violations,
            "seeds": self.seeds,
            "command": self.command,
            "commit": std::env::var("OPENCLONE_COMMIT").unwrap_or_default(),
            "seconds": self.began.elapsed().as_secs_f64(),
        });
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

impl Against {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::IdFirst => "id first",
            Self::BytesFirst => "bytes first",
        }
    }
}

/// A number from the environment, for long forms.
#[allow(dead_code)]
pub(crate) fn env_number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

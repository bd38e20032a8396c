//! Records the results of a reliability test for `docs/RELIABILITY.md`, one line of JSON per row.
//!
//! Lines are appended to the file that `OPENCLONE_SCOREBOARD` names; without that variable nothing is written and the test
//! is an ordinary one. `scripts/reliability` reads the lines; the last line of an `issue`, `title` and `writer` counts.

use std::{fs::OpenOptions, io::Write as _, time::Instant};

/// The writer that a test ran against: the product's, or a faulty one that the test must catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// The product: any violation fails the test.
    Ours,
    /// Makes ids durable before their bytes: the test fails without a violation.
    IdFirst,
    /// Writes bytes before their ids and never replays: the test fails without a violation.
    BytesFirst,
}

/// The result of one reliability test.
#[derive(Debug)]
pub struct Row {
    /// The number of the promise, from 1.
    pub issue: u32,
    /// The promise, in a few words.
    pub title: &'static str,
    /// How the test tries to break it, and what counts as a violation.
    pub tried: &'static str,
    /// The writer under test.
    pub against: Against,
    /// The number of attempts.
    pub trials: u64,
    /// How often the promise was broken.
    pub violations: u64,
    /// The seeds of the random numbers, such as `0..300`; empty without random numbers.
    pub seeds: String,
    /// The command that repeats exactly this test.
    pub command: String,
    /// When the test started.
    pub began: Instant,
}

impl Row {
    /// Writes the line, and fails the test if the promise was broken or a faulty writer was not caught.
    ///
    /// # Panics
    /// In these cases, or when the line cannot be written.
    #[track_caller]
    pub fn record(self) {
        self.write();
        assert!(self.trials > 0, "{}: nothing was tried", self.title);
        match self.against {
            Against::Ours => assert_eq!(self.violations, 0, "{}: {self:?}", self.title),
            _ => assert!(
                self.violations > 0,
                "{}: a faulty writer was not caught: {self:?}",
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
    /// The name of the writer in `docs/reliability.jsonl`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::IdFirst => "id first",
            Self::BytesFirst => "bytes first",
        }
    }
}

/// A number from the environment, which selects the long form of a test.
#[must_use]
pub fn env_number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

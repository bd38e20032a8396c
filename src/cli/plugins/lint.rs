//! `openclone plugins lint`: what a plugin must have before it is published.
//!
//! A manifest that the registry takes, with a sensitivity that is not below that of its source types; a README with install
//! instructions; an install script or set-up instructions; no keys and no card numbers in any text file, also built and hidden
//! ones, by the rules of redaction; `openclone.enabled` false by default; nothing that nobody can review. What can be innocent
//! is only a hint.

mod consent;
mod content;
mod readme;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{say, tree};
use crate::registry::{
    Manifest,
    directory::read_file,
    manifest::{
        self,
        violation::{line_at, plain},
    },
};
use openclone_redact::{RedactConfig, Redactor};

/// Bytes of a text file that is looked through, at most.
const MAX_TEXT: u64 = 4 << 20;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The manifest, if it is good.
    pub(super) manifest: Option<Manifest>,
    /// The plugin's files, relative to its directory.
    pub(super) files: Vec<PathBuf>,
    problems: Vec<Problem>,
    /// What is odd, or may be wrong.
    hints: Vec<Problem>,
}

/// Something found in a file: it keeps a plugin from being published, or is only a hint.
#[derive(Debug)]
struct Problem {
    /// Relative to the plugin.
    file: PathBuf,
    line: usize,
    text: String,
}

/// Checks the plugin in `dir`.
///
/// # Errors
/// When there is no such directory, or it cannot be read.
pub(super) fn check(dir: &Path) -> anyhow::Result<Report> {
    let cannot = || format!("cannot read {}", dir.display());
    let dir = std::fs::canonicalize(dir).with_context(cannot)?;
    let tree = tree::walk(&dir).with_context(cannot)?;
    let mut report = Report::default();
    report.manifest(&dir);
    readme::check(&dir, &tree.files, &mut report);
    for (path, reason) in &tree.others {
        report.find(path, 1, *reason);
    }
    let redactor = Redactor::new(&RedactConfig::default())?;
    for path in tree.files.iter().chain(&tree.unpublished) {
        report.secrets(&dir, path, &redactor);
    }
    content::check(&dir, &tree, &mut report)?;
    report.files = tree.files;
    Ok(report)
}

impl Report {
    /// Whether nothing keeps it from being published.
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Prints all problems and hints, each with its file and line.
    pub(super) fn print(&self, dir: &Path) {
        let lines = |found: &[Problem], kind: &str| {
            for problem in found {
                let file = dir.join(&problem.file);
                let shown = file.display().to_string().replace(char::is_control, "\u{fffd}");
                say(&format!("{shown}:{}: {kind}{}", problem.line, problem.text));
            }
        };
        lines(&self.problems, "");
        lines(&self.hints, "hint: ");
    }

    /// Notes what is only a hint.
    fn hint(&mut self, file: impl AsRef<Path>, line: usize, text: impl Into<String>) {
        self.hints.push(Problem {
            file: file.as_ref().to_owned(),
            line,
            text: text.into(),
        });
    }

    fn find(&mut self, file: impl AsRef<Path>, line: usize, text: impl Into<String>) {
        self.problems.push(Problem {
            file: file.as_ref().to_owned(),
            line,
            text: text.into(),
        });
    }

    fn manifest(&mut self, dir: &Path) {
        let text = match read_file(dir) {
            Ok(text) => text,
            Err(reason) => return self.find("plugin.json", 1, reason),
        };
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        match manifest::parse(&name, &text) {
            Ok(manifest) => {
                for warning in manifest.warnings() {
                    self.find("plugin.json", 1, warning);
                }
                self.manifest = Some(manifest);
            }
            Err(unfit) => {
                for error in unfit.faults {
                    let text = format!("{} {}", error.path, error.reason);
                    self.find("plugin.json", error.line, text.trim());
                }
            }
        }
        consent::check(dir, &text, self);
    }

    fn secrets(&mut self, dir: &Path, path: &Path, redactor: &Redactor) {
        match tree::text(&dir.join(path), MAX_TEXT) {
            Ok(Some(text)) => {
                for found in redactor.find(&text) {
                    // the secret itself is not shown: this output may go into a log
                    let problem = format!(
                        "looks like a secret ({}); read it from the environment",
                        plain(found.rule)
                    );
                    self.find(path, line_at(&text, found.start), problem);
                }
            }
            Ok(None) => {}
            Err(error) => self.find(path, 1, format!("cannot be read: {error}")),
        }
    }
}

//! A progress bar on a terminal, and errors as lines on stderr.

use indicatif::{ProgressBar, ProgressStyle};

/// The progress of sending. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// `bytes` is the total; shows nothing unless stderr is a terminal.
    pub(super) fn new(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        let template = "{bar:30} {bytes}/{total_bytes} {msg} {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// `bytes` more have their response.
    pub(super) fn advance(&self, bytes: u64, summary: &super::Summary) {
        self.0.inc(bytes);
        self.0.set_message(summary.to_string());
    }

    /// Prints a line to stderr.
    #[allow(clippy::print_stderr)]
    pub(super) fn report(&self, line: &str) {
        self.0.suspend(|| eprintln!("openclone: {line}"));
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

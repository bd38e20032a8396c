//! A progress bar on a terminal; faults as lines on stderr beside it.

use indicatif::{ProgressBar, ProgressStyle};

/// How far the sending has come. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// `bytes` in all; shows nothing where stderr is no terminal.
    pub(super) fn new(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        let template = "{bar:30} {bytes}/{total_bytes} {msg} {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// So many bytes more have their answer.
    pub(super) fn advance(&self, bytes: u64, summary: &super::Summary) {
        self.0.inc(bytes);
        self.0.set_message(summary.to_string());
    }

    /// A line for people.
    #[allow(clippy::print_stderr)]
    pub(super) fn tell(&self, line: &str) {
        self.0.suspend(|| eprintln!("openclone: {line}"));
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

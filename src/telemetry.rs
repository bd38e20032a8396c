//! Logs, on stderr: for people or as JSON lines. Never a key, never a body.

use std::io::IsTerminal as _;

use tracing_subscriber::{
    EnvFilter, Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::config::{LogConfig, LogFormat};

/// Starts logging. `log.level` was checked when the options were read; `RUST_LOG` is not looked at, since
/// `OPENCLONE_LOG__LEVEL` does the same and shows up in `--print-config`.
pub fn start(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.level).unwrap_or_else(|_| EnvFilter::new("info"));
    // it warns whenever a watched directory is removed, which is what the watch is for
    let filter = match "notify=error".parse() {
        Ok(quiet) if !config.level.contains("notify") => filter.add_directive(quiet),
        _ => filter,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let layer = match config.format {
        LogFormat::Pretty => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // a second start, as in tests, keeps the first
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init();
}

/// Whether `text` is a level or a list of directives.
pub(crate) fn is_filter(text: &str) -> bool {
    !text.trim().is_empty() && text.parse::<Targets>().is_ok()
}

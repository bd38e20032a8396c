//! Logs on stderr, as text or JSON lines, and traces over OTLP if an endpoint is configured. Neither contains keys or bodies.

mod otlp;

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::{LogConfig, LogFormat, TelemetryConfig};
use otlp::Exporter;
pub use otlp::OtlpError;

/// Sends the last traces when it is dropped, which may take some seconds.
#[derive(Debug)]
#[must_use]
pub struct Telemetry {
    _exporter: Option<Exporter>,
}

/// Starts logs and traces, inside a runtime. `RUST_LOG` has no effect: `OPENCLONE_LOG__LEVEL` does the same and appears in
/// `--print-config`.
///
/// # Errors
/// When the endpoint for traces is invalid.
pub fn start(log: &LogConfig, telemetry: &TelemetryConfig) -> Result<Telemetry, OtlpError> {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    // notify warns whenever a watched directory is removed, which is expected
    let filter = match "notify=error".parse() {
        Ok(quiet) if !log.level.contains("notify") => filter.add_directive(quiet),
        _ => filter,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let layer = match log.format {
        LogFormat::Pretty => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let exporter = telemetry
        .otlp_endpoint
        .as_deref()
        .map(Exporter::start)
        .transpose()?;
    let traces = exporter.as_ref().map(Exporter::layer);
    // a second call, as in tests, has no effect
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .with(traces)
        .try_init();
    Ok(Telemetry { _exporter: exporter })
}

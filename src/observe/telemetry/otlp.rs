//! Traces over OTLP/gRPC: one span per request and one per batch, without spans of libraries. A separate thread sends them
//! in batches, so an unreachable collector delays no request; its spans are lost.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

/// How long the collector may take for a batch of spans.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the last spans may take at shutdown.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// Traces cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("telemetry.otlp_endpoint {endpoint}: {reason}")]
pub struct OtlpError {
    endpoint: String,
    reason: ExporterBuildError,
}

/// Sends traces until it is dropped.
#[derive(Debug)]
pub(super) struct Exporter(SdkTracerProvider);

impl Exporter {
    /// Connects when the first spans are sent.
    pub(super) fn start(endpoint: &str) -> Result<Self, OtlpError> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|reason| OtlpError {
                endpoint: endpoint.to_owned(),
                reason,
            })?;
        let resource = Resource::builder_empty()
            .with_attributes([
                opentelemetry::KeyValue::new("service.name", "openclone"),
                opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            ])
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    /// Includes spans of this crate at debug and above; those of libraries would trace the export itself.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let ours = |metadata: &Metadata<'_>| {
            metadata.target().starts_with("openclone") && *metadata.level() <= Level::DEBUG
        };
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("openclone"))
            .with_location(false)
            .with_threads(false)
            .with_filter(filter_fn(ours))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // the log may be closed already
        let _ = self.0.shutdown_with_timeout(END_TIMEOUT);
    }
}

//! Metrics of tenants, in a registry of their own that is made for each response: it has the tenants that the caller may see
//! and no others.

use std::sync::Arc;

use metrics::{Key, Label, Recorder as _, SharedString};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::{METADATA, counter};
use crate::observe::tenants::TenantStats;

const EVENTS: &str = "openclone_tenant_events_total";
const LAST_SEEN: &str = "openclone_tenant_last_seen_seconds";
const JOURNAL_BYTES: &str = "openclone_tenant_journal_bytes";
const WAITING_BATCHES: &str = "openclone_tenant_waiting_batches";
const WAITING_SECONDS: &str = "openclone_tenant_waiting_seconds";

/// The metrics of `tenants` in the Prometheus text format; [`crate::observe::tenants`] bounds their number. `checkpoints` is
/// the number of checkpoints so far.
pub(crate) fn render_tenants<'t>(
    tenants: impl IntoIterator<Item = (&'t Arc<str>, &'t Arc<TenantStats>)>,
    checkpoints: u64,
) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    recorder.describe_counter(
        EVENTS.into(),
        None,
        SharedString::const_str("Events of each tenant by outcome"),
    );
    for (name, description) in [
        (LAST_SEEN, "Time of a tenant's last batch, Unix seconds"),
        (
            JOURNAL_BYTES,
            "A tenant's Markdown since the last checkpoint, approximately",
        ),
        (WAITING_BATCHES, "A tenant's batches waiting for the writer"),
        (WAITING_SECONDS, "How long the first of them has been waiting"),
    ] {
        recorder.describe_gauge(name.into(), None, SharedString::const_str(description));
    }
    for (tenant, stats) in tenants {
        let label = || Label::new("tenant", Arc::clone(tenant));
        let (events, lag) = (stats.outcomes(), stats.lag(checkpoints));
        for (outcome, count) in [
            ("stored", events.stored),
            ("duplicate", events.duplicate),
            ("rejected", events.rejected),
        ] {
            let labels = vec![label(), Label::new("outcome", outcome)];
            counter(&recorder, EVENTS, labels).absolute(count);
        }
        let seen = stats
            .last_seen()
            .map_or(0.0, |timestamp| timestamp.as_microsecond() as f64 / 1e6);
        for (name, value) in [
            (LAST_SEEN, seen),
            (JOURNAL_BYTES, lag.bytes as f64),
            (WAITING_BATCHES, lag.waiting as f64),
            (WAITING_SECONDS, lag.seconds),
        ] {
            let key = Key::from_parts(name, vec![label()]);
            recorder.register_gauge(&key, &METADATA).set(value);
        }
    }
    recorder.handle().render()
}

//! The metrics that `/metrics` serves.
//!
//! Each received event counts in exactly one series of `openclone_events_total`: an [`Incoming`] is created for the events
//! of a batch and completed once; dropped without that, it counts them as cancelled. An event is received when the key of
//! its request is valid and its batch is decoded. A request with an invalid key counts in `openclone_auth_failures_total`; a
//! batch that cannot be decoded, whose events are unknown, in `openclone_rejected_bodies_total`.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _, SharedString};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use openclone_gateway::{Rejection, Undecodable};
use openclone_vault::{Receipt, WriterStats};

use crate::{auth::RingState, observe::tenants::TenantStats};

/// Reasons for which events are rejected, which the sender has to fix.
pub(crate) const REJECTED: [&str; 5] = [
    "INVALID_BATCH",
    "DATA_TOO_DEEP",
    "FORBIDDEN",
    "RATE_LIMITED",
    "INVALID_API_KEY",
];
/// Reasons for which the service could not store events.
const FAILED: [&str; 8] = [
    "STORAGE_FAILED",
    "OVERLOADED",
    "STARTING",
    "DRAINING",
    "POISONED",
    "REOPENING",
    "VAULT_MISSING",
    "CANCELLED",
];
/// Reasons for which a batch could not be decoded.
const UNDECODABLE: [(Undecodable, &str); 4] = [
    (Undecodable::TooLarge, "TOO_LARGE"),
    (Undecodable::TooLate, "TOO_LATE"),
    (Undecodable::Overloaded, "OVERLOADED"),
    (Undecodable::Malformed, "UNDECODABLE"),
];
/// Number of batches after which histogram samples are moved from memory into buckets.
const FOLD_EVERY: u64 = 4096;

static METADATA: Metadata<'static> = Metadata::new("openclone", Level::INFO, None);

/// The metrics of one service. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    stored: Counter,
    duplicate: Counter,
    rejected: Vec<(&'static str, Counter)>,
    failed: Vec<(&'static str, Counter)>,
    undecodable: Vec<(Undecodable, Counter)>,
    redacted: Counter,
    unregistered: Counter,
    auth_failures: Counter,
    seconds: Histogram,
    batches: AtomicU64,
}

/// The events of one batch until they are counted, in exactly one counter.
#[derive(Debug)]
pub struct Incoming {
    metrics: Option<Metrics>,
    events: u64,
    since: Instant,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics that are all zero.
    pub fn new() -> Self {
        let buckets = [
            0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
        ];
        let builder = PrometheusBuilder::new();
        // fails only for an empty list
        let recorder = builder.set_buckets(&buckets).unwrap_or_default().build_recorder();
        describe(&recorder);
        let events = |outcome: &'static str, reason: &'static str| {
            counter(
                &recorder,
                "openclone_events_total",
                vec![Label::new("outcome", outcome), Label::new("reason", reason)],
            )
        };
        let inner = Inner {
            stored: events("stored", ""),
            duplicate: events("duplicate", ""),
            rejected: REJECTED.map(|reason| (reason, events("rejected", reason))).into(),
            failed: FAILED.map(|reason| (reason, events("failed", reason))).into(),
            undecodable: UNDECODABLE
                .map(|(cause, reason)| (cause, rejected_bodies(&recorder, reason)))
                .into(),
            redacted: counter(&recorder, "openclone_redactions_total", vec![]),
            unregistered: counter(&recorder, "openclone_unregistered_batches_total", vec![]),
            auth_failures: counter(&recorder, "openclone_auth_failures_total", vec![]),
            seconds: recorder.register_histogram(&Key::from_name("openclone_batch_seconds"), &METADATA),
            batches: AtomicU64::new(0),
            handle: recorder.handle(),
            recorder,
        };
        Self(Arc::new(inner))
    }

    /// A batch of `events` events was received.
    pub fn incoming(&self, events: usize) -> Incoming {
        Incoming {
            metrics: Some(self.clone()),
            events: events as u64,
            since: Instant::now(),
        }
    }

    /// The gateway rejected a batch.
    pub fn gateway_rejected(&self, rejection: Rejection) {
        match rejection {
            Rejection::Invalid { events } => self.incoming(events).rejected("INVALID_BATCH"),
            Rejection::Undecodable(why) => self.undecodable(why),
        }
    }

    /// A batch could not be decoded.
    pub fn undecodable(&self, why: Undecodable) {
        let counters = self.0.undecodable.iter();
        for (_, counter) in counters.filter(|(known, _)| *known == why) {
            counter.increment(1);
        }
    }

    /// The counter of requests with a missing or wrong key.
    pub fn auth_failures(&self) -> Counter {
        self.0.auth_failures.clone()
    }

    /// `count` secrets were replaced.
    pub fn redacted(&self, count: u32) {
        self.0.redacted.increment(count.into());
    }

    /// A batch of a plugin that is not installed was accepted.
    pub fn unregistered(&self) {
        self.0.unregistered.increment(1);
    }

    /// Sets the state of the keys for the next [`Self::render`].
    pub fn keys(&self, state: &RingState) {
        self.gauge("openclone_keys", state.keys as f64);
        self.gauge(
            "openclone_keys_file_broken",
            if state.error.is_some() { 1.0 } else { 0.0 },
        );
    }

    /// Sets the metrics of tenants, whose number [`crate::observe::tenants`] bounds, for the next [`Self::render`].
    /// `checkpoints` is the number of checkpoints so far.
    pub(crate) fn tenants(&self, all: &BTreeMap<Arc<str>, Arc<TenantStats>>, checkpoints: u64) {
        for (tenant, stats) in all {
            let (events, lag) = (stats.outcomes(), stats.lag(checkpoints));
            for (outcome, count) in [
                ("stored", events.stored),
                ("duplicate", events.duplicate),
                ("rejected", events.rejected),
            ] {
                let labels = vec![
                    Label::new("tenant", Arc::clone(tenant)),
                    Label::new("outcome", outcome),
                ];
                counter(&self.0.recorder, "openclone_tenant_events_total", labels).absolute(count);
            }
            let seen = stats
                .last_seen()
                .map_or(0.0, |timestamp| timestamp.as_microsecond() as f64 / 1e6);
            for (name, value) in [
                ("openclone_tenant_last_seen_seconds", seen),
                ("openclone_tenant_journal_bytes", lag.bytes as f64),
                ("openclone_tenant_waiting_batches", lag.waiting as f64),
                ("openclone_tenant_waiting_seconds", lag.seconds),
            ] {
                let key = Key::from_parts(name, vec![Label::new("tenant", Arc::clone(tenant))]);
                self.0.recorder.register_gauge(&key, &METADATA).set(value);
            }
        }
    }

    /// All metrics in the Prometheus text format. `vault` has those of the writer; `ready` is whether it accepts batches.
    pub fn render(&self, ready: bool, vault: Option<&WriterStats>) -> String {
        self.gauge("openclone_ready", if ready { 1.0 } else { 0.0 });
        self.0
            .recorder
            .register_gauge(
                &Key::from_parts(
                    "openclone_build_info",
                    vec![Label::new("version", env!("CARGO_PKG_VERSION"))],
                ),
                &METADATA,
            )
            .set(1.0);
        if let Some(stats) = vault {
            self.gauge("openclone_ids_indexed", stats.ids_indexed as f64);
            self.gauge("openclone_ids_recent", stats.ids_recent as f64);
            self.gauge("openclone_journal_bytes", stats.journal_bytes as f64);
            self.gauge("openclone_groups", stats.groups as f64);
            self.gauge("openclone_groups_incomplete", stats.groups_incomplete as f64);
            self.gauge("openclone_checkpoints", stats.checkpoints as f64);
            self.gauge("openclone_last_group_seconds", stats.last_group_seconds);
        }
        self.0.handle.render()
    }

    fn gauge(&self, name: &'static str, value: f64) {
        let gauge: Gauge = self
            .0
            .recorder
            .register_gauge(&Key::from_static_name(name), &METADATA);
        gauge.set(value);
    }

    fn count(&self, of: impl Fn(&Inner) -> &Counter, events: u64, since: Instant) {
        let inner = &*self.0;
        of(inner).increment(events);
        inner.seconds.record(since.elapsed().as_secs_f64());
        if inner.batches.fetch_add(1, Ordering::Relaxed) % FOLD_EVERY == FOLD_EVERY - 1 {
            inner.handle.run_upkeep();
        }
    }
}

impl Incoming {
    /// The events are in the vault.
    pub fn done(mut self, receipt: Receipt) {
        if let Some(metrics) = self.metrics.take() {
            metrics.0.duplicate.increment(receipt.skipped.into());
            metrics.count(|inner| &inner.stored, receipt.stored.into(), self.since);
        }
    }

    /// None of the events was stored; `reason` is that of the error.
    pub fn rejected(mut self, reason: &'static str) {
        self.refuse(reason);
    }

    fn refuse(&mut self, reason: &'static str) {
        let Some(metrics) = self.metrics.take() else {
            return;
        };
        let all = metrics.0.rejected.iter().chain(&metrics.0.failed);
        let index = all.map(|(known, _)| *known).position(|known| known == reason);
        metrics.count(|inner| nth(inner, index), self.events, self.since);
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.refuse("CANCELLED");
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The counter of a reason; an unknown reason counts as failed storage.
fn nth(inner: &Inner, index: Option<usize>) -> &Counter {
    let mut all = inner.rejected.iter().chain(&inner.failed);
    index
        .and_then(|index| all.nth(index))
        .map_or(&inner.failed[0].1, |(_, counter)| counter)
}

fn counter(recorder: &PrometheusRecorder, name: &'static str, labels: Vec<Label>) -> Counter {
    recorder.register_counter(&Key::from_parts(name, labels), &METADATA)
}

fn rejected_bodies(recorder: &PrometheusRecorder, reason: &'static str) -> Counter {
    counter(
        recorder,
        "openclone_rejected_bodies_total",
        vec![Label::new("reason", reason)],
    )
}

fn describe(recorder: &PrometheusRecorder) {
    for (name, text) in [
        ("openclone_events_total", "Events by outcome"),
        (
            "openclone_tenant_events_total",
            "Events of each tenant by outcome",
        ),
        (
            "openclone_rejected_bodies_total",
            "Batches that could not be decoded, so that their events are unknown",
        ),
        ("openclone_redactions_total", "Secrets replaced"),
        (
            "openclone_unregistered_batches_total",
            "Batches accepted from plugins that are not installed",
        ),
        (
            "openclone_auth_failures_total",
            "Requests with a missing or invalid key",
        ),
    ] {
        recorder.describe_counter(name.into(), None, SharedString::const_str(text));
    }
    recorder.describe_histogram(
        "openclone_batch_seconds".into(),
        None,
        "Time from receiving a batch to its response".into(),
    );
    for (name, text) in [
        ("openclone_ready", "1 while batches are accepted"),
        ("openclone_build_info", "Version of the service"),
        ("openclone_ids_indexed", "Event ids in the index, approximately"),
        ("openclone_ids_recent", "Event ids not yet checkpointed"),
        ("openclone_journal_bytes", "Journal not yet checkpointed"),
        ("openclone_groups", "Groups written since the start"),
        (
            "openclone_groups_incomplete",
            "Groups whose append failed and is retried",
        ),
        ("openclone_checkpoints", "Checkpoints since the start"),
        ("openclone_last_group_seconds", "Duration of the last group"),
        ("openclone_keys", "Valid keys of keys.toml"),
        (
            "openclone_keys_file_broken",
            "1 while keys.toml cannot be read and the previous keys stay valid",
        ),
        (
            "openclone_tenant_last_seen_seconds",
            "Time of a tenant's last batch, in Unix seconds",
        ),
        (
            "openclone_tenant_journal_bytes",
            "Bytes of a tenant's Markdown since the last checkpoint, approximately",
        ),
        (
            "openclone_tenant_waiting_batches",
            "Batches of a tenant that wait for the writer",
        ),
        (
            "openclone_tenant_waiting_seconds",
            "Time for which the first of these batches has waited",
        ),
    ] {
        recorder.describe_gauge(name.into(), None, SharedString::const_str(text));
    }
}

#[cfg(test)]
mod tests;

//! The metrics that `/metrics` serves.
//!
//! Each received event counts in exactly one series of `openclone_events_total`: an [`Incoming`] is created for the events
//! of a batch and completed once; dropped without that, it counts them as cancelled. An event is received when the key of
//! its request is valid and its batch is decoded. A request with an invalid key counts in `openclone_auth_failures_total`; a
//! batch that cannot be decoded, whose events are unknown, in `openclone_rejected_bodies_total`.

mod tenants;

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

pub(crate) use tenants::render_tenants;

use crate::{auth::RingState, error::RejectReason};

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
    stored: EventCounter,
    duplicate: EventCounter,
    /// One for each of [`RejectReason::ALL`].
    rejected: [EventCounter; RejectReason::ALL.len()],
    undecodable: Vec<(Undecodable, Counter)>,
    redacted: Counter,
    unregistered: Counter,
    auth_failures: Counter,
    seconds: Histogram,
    batches: AtomicU64,
}

/// A series of events; the recorder only renders it, so the total is kept beside.
struct EventCounter {
    series: Counter,
    total: AtomicU64,
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
        let events =
            |outcome: &'static str, reason: &'static str| EventCounter::new(&recorder, outcome, reason);
        let inner = Inner {
            stored: events("stored", ""),
            duplicate: events("duplicate", ""),
            rejected: RejectReason::ALL.map(|reason| events(reason.outcome(), reason.as_str())),
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
            Rejection::Invalid { events } => self.incoming(events).rejected(RejectReason::InvalidBatch),
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

    /// Events since the start, by outcome.
    pub(crate) fn events(&self) -> BTreeMap<&'static str, u64> {
        let mut totals = BTreeMap::new();
        let rejected = RejectReason::ALL.map(RejectReason::outcome);
        let outcomes = ["stored", "duplicate"].into_iter().chain(rejected);
        let counters = [&self.0.stored, &self.0.duplicate]
            .into_iter()
            .chain(&self.0.rejected);
        for (outcome, counter) in outcomes.zip(counters) {
            *totals.entry(outcome).or_default() += counter.total.load(Ordering::Relaxed);
        }
        totals
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

    fn count(&self, of: impl Fn(&Inner) -> &EventCounter, events: u64, since: Instant) {
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

    /// None of the events was stored.
    pub fn rejected(mut self, reason: RejectReason) {
        self.complete(reason);
    }

    fn complete(&mut self, reason: RejectReason) {
        if let Some(metrics) = self.metrics.take() {
            metrics.count(|inner| &inner.rejected[reason as usize], self.events, self.since);
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.complete(RejectReason::Cancelled);
    }
}

impl EventCounter {
    fn new(recorder: &PrometheusRecorder, outcome: &'static str, reason: &'static str) -> Self {
        let labels = vec![Label::new("outcome", outcome), Label::new("reason", reason)];
        Self {
            series: counter(recorder, "openclone_events_total", labels),
            total: AtomicU64::new(0),
        }
    }

    fn increment(&self, events: u64) {
        self.series.increment(events);
        self.total.fetch_add(events, Ordering::Relaxed);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
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
    ] {
        recorder.describe_gauge(name.into(), None, SharedString::const_str(text));
    }
}

#[cfg(test)]
mod tests;

//! The figures of `/metrics`. Each event that comes in ends in exactly one of `openclone_events_total`: an [`Incoming`]
//! is opened for the events of a batch and closed once; when it is dropped unclosed, they count as cancelled.
//!
//! An event has come in when its caller's key was good and its batch was read. A call that is refused for its key counts
//! in `openclone_auth_failures_total`; a batch that cannot be read, whose events nobody knows, in
//! `openclone_unread_batches_total`.

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
use openclone_gateway::{Refusal, Unread};
use openclone_vault::{Receipt, WriterStats};

use crate::{auth::RingState, observe::tenants::TenantStats};

/// Reasons for which events are rejected: the batch is at fault.
pub(crate) const REJECTED: [&str; 5] = [
    "INVALID_BATCH",
    "DATA_TOO_DEEP",
    "FORBIDDEN",
    "RATE_LIMITED",
    "INVALID_API_KEY",
];
/// Reasons for which events fail: the service could not take them.
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
/// Reasons for which a batch could not be read.
const UNREAD: [(Unread, &str); 4] = [
    (Unread::TooLarge, "TOO_LARGE"),
    (Unread::TooLate, "TOO_LATE"),
    (Unread::NoRoom, "NO_ROOM"),
    (Unread::Unreadable, "UNREADABLE"),
];
/// Histogram samples wait in memory until they are folded into buckets: every so many batches.
const FOLD_EVERY: u64 = 4096;

static METADATA: Metadata<'static> = Metadata::new("openclone", Level::INFO, None);

/// The figures of one service. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    stored: Counter,
    duplicate: Counter,
    rejected: Vec<(&'static str, Counter)>,
    failed: Vec<(&'static str, Counter)>,
    unread: Vec<(Unread, Counter)>,
    redacted: Counter,
    unregistered: Counter,
    auth_failures: Counter,
    seconds: Histogram,
    batches: AtomicU64,
}

/// The events of one batch, on their way to exactly one counter.
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
    /// Figures that are all zero.
    pub fn new() -> Self {
        let buckets = [
            0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
        ];
        let builder = PrometheusBuilder::new();
        // the list is not empty, which is all that can be wrong with it
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
            unread: UNREAD
                .map(|(unread, reason)| (unread, batches_unread(&recorder, reason)))
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

    /// A batch of so many events has come in.
    pub fn incoming(&self, events: usize) -> Incoming {
        Incoming {
            metrics: Some(self.clone()),
            events: events as u64,
            since: Instant::now(),
        }
    }

    /// The gateway has turned something away.
    pub fn turned_away(&self, refusal: Refusal) {
        match refusal {
            Refusal::Faulty { events } => self.incoming(events).refused("INVALID_BATCH"),
            Refusal::Unread(why) => self.unread(why),
        }
    }

    /// A batch could not be read.
    pub fn unread(&self, why: Unread) {
        let counters = self.0.unread.iter();
        for (_, counter) in counters.filter(|(known, _)| *known == why) {
            counter.increment(1);
        }
    }

    /// The counter of requests with a missing or wrong key.
    pub fn auth_failures(&self) -> Counter {
        self.0.auth_failures.clone()
    }

    /// Secrets were replaced.
    pub fn redacted(&self, count: u32) {
        self.0.redacted.increment(count.into());
    }

    /// A batch came from a plugin that is not installed, and was taken all the same.
    pub fn unregistered(&self) {
        self.0.unregistered.increment(1);
    }

    /// How the keys are, for the next [`Self::render`].
    pub fn keys(&self, state: &RingState) {
        self.gauge("openclone_keys", state.keys as f64);
        self.gauge(
            "openclone_keys_file_broken",
            if state.fault.is_some() { 1.0 } else { 0.0 },
        );
    }

    /// The figures of tenants, of whom the table of [`crate::observe::tenants`] holds a bounded number, for the next
    /// [`Self::render`]; `checkpoints` is the number of them so far.
    pub(crate) fn tenants(&self, all: &BTreeMap<Arc<str>, Arc<TenantStats>>, checkpoints: u64) {
        for (tenant, figures) in all {
            let (events, lag) = (figures.outcomes(), figures.lag(checkpoints));
            for (outcome, count) in [
                ("stored", events.stored),
                ("duplicate", events.duplicate),
                ("refused", events.refused),
            ] {
                let labels = vec![
                    Label::new("tenant", Arc::clone(tenant)),
                    Label::new("outcome", outcome),
                ];
                counter(&self.0.recorder, "openclone_tenant_events_total", labels).absolute(count);
            }
            let seen = figures
                .last_seen()
                .map_or(0.0, |moment| moment.as_microsecond() as f64 / 1e6);
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

    /// All figures in Prometheus' text form; `vault` are those of the writer, and whether it takes batches.
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
        if let Some(figures) = vault {
            self.gauge("openclone_ids_at_rest", figures.ids_indexed as f64);
            self.gauge("openclone_ids_recent", figures.ids_recent as f64);
            self.gauge("openclone_journal_bytes", figures.journal_bytes as f64);
            self.gauge("openclone_groups", figures.groups as f64);
            self.gauge("openclone_groups_in_doubt", figures.groups_incomplete as f64);
            self.gauge("openclone_checkpoints", figures.checkpoints as f64);
            self.gauge("openclone_last_group_seconds", figures.last_group_seconds);
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
    /// All of them are in the vault.
    pub fn done(mut self, receipt: Receipt) {
        if let Some(metrics) = self.metrics.take() {
            metrics.0.duplicate.increment(receipt.skipped.into());
            metrics.count(|inner| &inner.stored, receipt.stored.into(), self.since);
        }
    }

    /// None of them was taken; `reason` is that of the error.
    pub fn refused(mut self, reason: &'static str) {
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

/// The counter of a reason; one that is not in the tables counts as failed storage.
fn nth(inner: &Inner, index: Option<usize>) -> &Counter {
    let mut all = inner.rejected.iter().chain(&inner.failed);
    index
        .and_then(|index| all.nth(index))
        .map_or(&inner.failed[0].1, |(_, counter)| counter)
}

fn counter(recorder: &PrometheusRecorder, name: &'static str, labels: Vec<Label>) -> Counter {
    recorder.register_counter(&Key::from_parts(name, labels), &METADATA)
}

fn batches_unread(recorder: &PrometheusRecorder, reason: &'static str) -> Counter {
    counter(
        recorder,
        "openclone_unread_batches_total",
        vec![Label::new("reason", reason)],
    )
}

fn describe(recorder: &PrometheusRecorder) {
    for (name, text) in [
        ("openclone_events_total", "Events by what became of them"),
        (
            "openclone_tenant_events_total",
            "Events of each tenant by what became of them",
        ),
        (
            "openclone_unread_batches_total",
            "Batches that could not be read, so that nothing is known of their events",
        ),
        ("openclone_redactions_total", "Secrets replaced"),
        (
            "openclone_unregistered_batches_total",
            "Batches taken from plugins that are not installed",
        ),
        (
            "openclone_auth_failures_total",
            "Calls with a missing or wrong key",
        ),
    ] {
        recorder.describe_counter(name.into(), None, SharedString::const_str(text));
    }
    recorder.describe_histogram(
        "openclone_batch_seconds".into(),
        None,
        "From a batch's arrival to its answer".into(),
    );
    for (name, text) in [
        ("openclone_ready", "1 when batches are taken"),
        ("openclone_build_info", "The version"),
        ("openclone_ids_at_rest", "Event ids in the index, about"),
        ("openclone_ids_recent", "Event ids not yet checkpointed"),
        ("openclone_journal_bytes", "Journal not yet checkpointed"),
        ("openclone_groups", "Groups written since the start"),
        (
            "openclone_groups_in_doubt",
            "Groups whose append has failed and is tried again",
        ),
        ("openclone_checkpoints", "Checkpoints since the start"),
        ("openclone_last_group_seconds", "Duration of the last group"),
        ("openclone_keys", "Keys of keys.toml that hold"),
        (
            "openclone_keys_file_broken",
            "1 while keys.toml cannot be read and older keys hold",
        ),
        (
            "openclone_tenant_last_seen_seconds",
            "When a tenant's last batch came, Unix seconds",
        ),
        (
            "openclone_tenant_journal_bytes",
            "A tenant's Markdown since the last checkpoint, about",
        ),
        (
            "openclone_tenant_waiting_batches",
            "A tenant's batches that wait for the writer",
        ),
        (
            "openclone_tenant_waiting_seconds",
            "For how long the first of them has been waiting",
        ),
    ] {
        recorder.describe_gauge(name.into(), None, SharedString::const_str(text));
    }
}

#[cfg(test)]
mod tests;

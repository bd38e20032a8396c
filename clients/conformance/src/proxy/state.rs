//! What all connections of a proxy share: the current fault, and what has come.

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::fault::{Fault, Kind};

/// What has come so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// gRPC calls.
    pub(crate) grpc: u64,
    /// JSON requests.
    pub(crate) json: u64,
    /// Whether the last one was gRPC.
    pub(crate) last_was_grpc: bool,
    /// Requests that came before the deadline that `Retry-After` had named.
    pub(crate) too_early: u64,
    /// User agents that do not name an SDK and its version; a few of them.
    pub(crate) strangers: Vec<String>,
    not_before: Option<Instant>,
}

pub(super) struct State {
    pub(super) upstream: SocketAddr,
    fault: Mutex<Option<Fault>>,
    record: Mutex<Record>,
    /// Changes when the fault does.
    generation: watch::Sender<u64>,
}

impl State {
    pub(super) fn new(upstream: SocketAddr) -> Self {
        Self {
            upstream,
            fault: Mutex::default(),
            record: Mutex::default(),
            generation: watch::Sender::new(0),
        }
    }

    pub(super) fn set(&self, fault: Option<Fault>) {
        *lock(&self.fault) = fault;
        self.generation.send_modify(|generation| *generation += 1);
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    pub(super) fn rejects(&self) -> bool {
        lock(&self.fault)
            .as_ref()
            .is_some_and(|fault| fault.kind == Kind::Refuse)
    }

    /// The fault that applies to a new connection.
    pub(super) fn connected(&self) -> Option<Kind> {
        self.find(Kind::is_of_connections)
    }

    /// Notes a request; gives the fault that applies to it.
    pub(super) fn requested(&self, is_grpc: bool) -> Option<Kind> {
        let mut record = lock(&self.record);
        *(if is_grpc {
            &mut record.grpc
        } else {
            &mut record.json
        }) += 1;
        record.last_was_grpc = is_grpc;
        record.too_early += u64::from(
            record
                .not_before
                .is_some_and(|deadline| Instant::now() < deadline),
        );
        drop(record);
        self.find(|kind| !kind.is_of_connections() && (is_grpc || !kind.is_of_grpc()))
    }

    /// Notes who a request says that it is from.
    pub(super) fn agent(&self, agent: &str) {
        let names_version = agent
            .strip_prefix("openclone-")
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(_, version)| version.starts_with(|first: char| first.is_ascii_digit()));
        let mut record = lock(&self.record);
        if !names_version && record.strangers.len() < 3 {
            record.strangers.push(agent.to_owned());
        }
    }

    /// Notes that the client was told to wait.
    pub(super) fn told_to_wait(&self, seconds: Option<u32>) {
        // A hundredth of slack for clocks that tick coarsely.
        let wait = seconds.map(|seconds| Duration::from_secs(seconds.into()).mul_f64(0.99));
        lock(&self.record).not_before = wait.map(|wait| Instant::now() + wait);
    }

    pub(super) fn record(&self) -> Record {
        lock(&self.record).clone()
    }

    fn find(&self, applies: impl Fn(&Kind) -> bool) -> Option<Kind> {
        let mut fault = lock(&self.fault);
        let active = fault.as_mut().filter(|fault| applies(&fault.kind))?;
        match &mut active.times {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        Some(active.kind.clone())
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The task that sends: which units go next, over what, and what becomes of them.
//!
//! A *session* is one stream, or a row of JSON requests. It ends with nothing to say, or with a [`Failure`], after which
//! there is a pause. Units that a session has not resolved go back to the front of the queue, in their order.

mod http;
mod json;
mod outcome;
mod request;
mod split;
mod stream;

pub(super) use stream::channel as connect;

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{
    client::Shared,
    error::Notice,
    options::Transport,
    spool::{Unit, Wanted},
};
use crate::{
    stream::{Backoff, Failure, Hint, Outcome},
    validate::MAX_EVENTS,
};

/// How long JSON is used before the stream is tried again.
const JSON_FOR: Duration = Duration::from_secs(300);
/// Milliseconds that the first event of a batch waits for others: requests are limited, streams are not.
const STREAM_AGE: u64 = 5_000;
const POST_AGE: u64 = 15_000;
const LONGEST_AGE: u64 = 240_000;
/// Attempts without a response before `on_error` is called.
const REPORT_AFTER: u32 = 3;
/// Batches kept because of the clock, beyond which nothing more is taken from the spool.
const MAX_PARKED: usize = 32;
/// Attempts of the stream without a response before JSON is tried.
const FALL_BACK_AFTER: u32 = 2;

/// Sends for as long as the client is open, or until the key is rejected.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut sender = Sender::new(shared);
    let mut over_http = match http::Http::new(&sender.shared) {
        Ok(client) => client,
        Err(reason) => {
            sender.denied(reason);
            return;
        }
    };
    loop {
        sender.wait_for_work().await;
        let is_json = sender.uses_json();
        let ended = if is_json {
            json::session(&mut sender, &mut over_http).await
        } else {
            stream::session(&mut sender).await
        };
        sender.publish();
        match ended {
            Ok(()) => {}
            Err(Failure::Denied(reason)) => {
                sender.denied(reason);
                if !sender.shared.key.is_renewable() {
                    return;
                }
                sender.shared.key.wait_for_another().await;
                sender
                    .shared
                    .progress
                    .send_modify(|progress| progress.denied = None);
            }
            Err(failure) => sender.pause_after(&failure, is_json).await,
        }
    }
}

/// The queue in front of the network, and what attempts have come to.
struct Sender {
    shared: Arc<Shared>,
    /// Units to be sent again, before anything newer.
    again: VecDeque<Unit>,
    /// Units that the service finds ahead of its clock, and when they are sent again; oldest first.
    parked: VecDeque<(Instant, Unit)>,
    /// Units without a response.
    outstanding: VecDeque<Unit>,
    backoff: Backoff,
    /// Attempts in a row without any response.
    unacknowledged: u32,
    /// Whether anything was acknowledged in the session.
    got_response: bool,
    has_reported: bool,
    has_reported_clock: bool,
    /// Whether `on_error` was told of a failure that nothing has ended yet.
    is_told: bool,
    post_age: u64,
    json_until: Option<Instant>,
    /// Whether this session goes over JSON.
    is_json: bool,
}

/// When there is something to send.
enum Due {
    Now,
    At(Instant),
    Never,
}

impl Sender {
    fn new(shared: Arc<Shared>) -> Self {
        let is_json = shared.options.transport == Transport::Json;
        shared
            .max_age
            .store(if is_json { POST_AGE } else { STREAM_AGE }, Ordering::Relaxed);
        Self {
            backoff: Backoff::new(shared.options.retry_base, shared.options.retry_cap),
            shared,
            again: VecDeque::new(),
            parked: VecDeque::new(),
            outstanding: VecDeque::new(),
            unacknowledged: 0,
            got_response: false,
            has_reported: false,
            has_reported_clock: false,
            is_told: false,
            post_age: POST_AGE,
            json_until: None,
            is_json: false,
        }
    }

    /// Waits until a unit is due.
    async fn wait_for_work(&mut self) {
        loop {
            self.shared.wants_more.store(true, Ordering::Release);
            self.publish();
            match self.due() {
                Due::Now => return,
                due => self.wait(&due).await,
            }
        }
    }

    /// Waits for a change, or until the deadline.
    async fn wait(&self, due: &Due) {
        let woken = self.shared.wake.notified();
        match due {
            Due::Now => {}
            Due::Never => woken.await,
            Due::At(deadline) => {
                // Whether it was woken or is due: the caller looks again.
                let _ = tokio::time::timeout_at((*deadline).into(), woken).await;
            }
        }
    }

    fn due(&self) -> Due {
        if !self.again.is_empty() {
            return Due::Now;
        }
        let now = Instant::now();
        let retry = match self.parked.front() {
            Some((until, _)) if *until <= now => return Due::Now,
            Some((until, _)) => Due::At(*until),
            None => Due::Never,
        };
        if self.parked.len() >= MAX_PARKED {
            return retry;
        }
        let spool = self.shared.spool();
        let first = spool.first_untaken();
        let Some(since) = spool.waiting_since.filter(|_| first < spool.appended) else {
            return retry;
        };
        let is_flushed = first < self.shared.flush_to.load(Ordering::Acquire);
        let deadline = since + self.shared.age();
        match is_flushed || spool.has_full_unit(self.shared.wanted()) || deadline <= now {
            true => Due::Now,
            false => match retry {
                Due::At(until) => Due::At(until.min(deadline)),
                _ => Due::At(deadline),
            },
        }
    }

    /// The next unit, if one is due. The caller puts it into `outstanding` when it is on its way.
    fn next_unit(&mut self) -> Option<Unit> {
        if let Some(unit) = self.again.pop_front() {
            return Some(unit);
        }
        if !matches!(self.due(), Due::Now) {
            return None;
        }
        if self
            .parked
            .front()
            .is_some_and(|(until, _)| *until <= Instant::now())
        {
            return self.parked.pop_front().map(|(_, unit)| unit);
        }
        let wanted = self.wanted();
        let mut spool = self.shared.spool();
        match spool.take(wanted) {
            Ok(unit) => unit,
            Err(error) => {
                let skipped = spool.skip_unreadable();
                drop(spool);
                let text = format!("{error}; {skipped} events in it wait for the next start");
                (self.shared.options.on_error)(&Notice::SpoolError(text));
                None
            }
        }
    }

    /// What a batch may hold. The detour over JSON sends full batches, as its requests are limited.
    fn wanted(&self) -> Wanted {
        let is_detour = self.is_json && self.shared.options.transport == Transport::Auto;
        match is_detour {
            true => Wanted {
                events: MAX_EVENTS,
                ..self.shared.wanted()
            },
            false => self.shared.wanted(),
        }
    }

    /// Puts what has no response back to the front.
    fn take_back(&mut self) {
        while let Some(unit) = self.outstanding.pop_back() {
            self.again.push_front(unit);
        }
    }

    /// What becomes of a unit by its response.
    fn apply(&mut self, unit: Unit, outcome: Outcome) -> Result<(), Failure> {
        match outcome {
            Outcome::Accepted { stored, skipped } => {
                self.acknowledged();
                self.has_reported_clock = false;
                self.shared
                    .options
                    .say(|| format!("{} events accepted, {stored} stored", unit.events.len()));
                if std::mem::take(&mut self.is_told) {
                    (self.shared.options.on_recovered)();
                }
                let counts = &self.shared.counts;
                counts.stored.fetch_add(stored, Ordering::Relaxed);
                counts.skipped.fetch_add(skipped, Ordering::Relaxed);
                self.resolve(unit.segment, unit.events.len());
                Ok(())
            }
            Outcome::Rejected(violations) => {
                self.acknowledged();
                match outcome::ahead_of_clock(&violations) {
                    Some(ahead) => {
                        self.park(unit, &ahead);
                        Ok(())
                    }
                    None => split::split(self, unit, &violations),
                }
            }
            Outcome::Failed(failure) => {
                self.again.push_front(unit);
                Err(failure)
            }
        }
    }

    /// Keeps what is ahead of the service's clock; the rest of the unit is sent again.
    fn park(&mut self, mut unit: Unit, ahead: &outcome::Ahead) {
        if !ahead.events.is_empty() {
            let events = std::mem::take(&mut unit.events).into_iter().enumerate();
            let (kept, rest): (Vec<_>, Vec<_>) = events.partition(|(index, _)| ahead.events.contains(index));
            let without_index =
                |events: Vec<(usize, _)>| events.into_iter().map(|(_, event)| event).collect();
            unit.events = without_index(kept);
            if !rest.is_empty() {
                self.again.push_front(Unit {
                    events: without_index(rest),
                    ..unit.clone()
                });
            }
        }
        let until = Instant::now() + self.shared.options.clock_retry;
        self.parked.push_back((until, unit));
        let text = format!(
            "the server finds events ahead of its clock: {}; they are kept and sent again",
            ahead.reason
        );
        self.shared
            .progress
            .send_modify(|progress| progress.last.clone_from(&text));
        if !self.has_reported_clock {
            self.has_reported_clock = true;
            self.is_told = true;
            (self.shared.options.on_error)(&Notice::Clock(text));
        }
    }

    /// So many events of a segment are done with.
    fn resolve(&self, segment: u64, events: usize) {
        self.shared.spool().resolve(segment, events);
        self.shared.room.notify_waiters();
    }

    fn acknowledged(&mut self) {
        self.got_response = true;
        self.backoff.reset();
        self.unacknowledged = 0;
        self.has_reported = false;
    }

    /// Tells how far it has come.
    fn publish(&self) {
        let (untaken, mut resolved) = {
            let spool = self.shared.spool();
            (spool.appended, spool.first_untaken())
        };
        let parked = self.parked.iter().map(|(_, unit)| unit);
        for unit in self.again.iter().chain(&self.outstanding).chain(parked) {
            resolved = resolved.min(unit.first);
        }
        let resolved = resolved.min(untaken);
        self.shared.progress.send_if_modified(|progress| {
            let is_new = progress.resolved != resolved;
            progress.resolved = resolved;
            is_new
        });
    }

    fn denied(&mut self, reason: String) {
        self.is_told = true;
        (self.shared.options.on_error)(&Notice::AccessDenied(reason.clone()));
        self.shared.progress.send_modify(|progress| {
            progress.last.clone_from(&reason);
            progress.denied = Some(reason);
        });
    }

    fn uses_json(&mut self) -> bool {
        self.got_response = false;
        if self.json_until.is_some_and(|deadline| Instant::now() >= deadline) {
            self.json_until = None;
        }
        self.is_json = match self.shared.options.transport {
            Transport::Grpc => false,
            Transport::Json => true,
            Transport::Auto => self.json_until.is_some() || self.unacknowledged >= FALL_BACK_AFTER,
        };
        let age = if self.is_json { self.post_age } else { STREAM_AGE };
        self.shared.max_age.store(age, Ordering::Relaxed);
        self.is_json
    }

    /// The endpoint of JSON has acknowledged: it is used for a while.
    fn stay_with_json(&mut self) {
        self.json_until.get_or_insert_with(|| Instant::now() + JSON_FOR);
    }

    async fn pause_after(&mut self, failure: &Failure, was_json: bool) {
        let delay = self.backoff.next(failure.retry_after());
        let hint = failure.hint();
        if hint == Hint::Limit {
            // Requests are limited, streams are not.
            self.post_age = (self.post_age * 2).min(LONGEST_AGE);
            self.json_until = None;
            self.unacknowledged = 0;
        }
        if hint == Hint::Service {
            self.unacknowledged = 0;
        } else if !self.got_response && hint != Hint::Unreachable {
            self.unacknowledged += 1;
            if was_json && self.json_until.is_none() {
                // The stream has the next try, then JSON again.
                self.unacknowledged = FALL_BACK_AFTER - 1;
            }
        }
        let text = failure.to_string();
        self.shared.options.say(|| format!("sending failed: {text}"));
        self.shared
            .progress
            .send_modify(|progress| progress.last.clone_from(&text));
        if self.backoff.failures() >= REPORT_AFTER && !self.has_reported {
            self.has_reported = true;
            self.is_told = true;
            (self.shared.options.on_error)(&Notice::Unavailable(text));
        }
        tokio::time::sleep(delay).await;
    }
}

//! The task that sends: which units go next, over what, and what becomes of them.
//!
//! A *session* is one stream, or a row of JSON requests. It ends with nothing to say, or with a [`Failure`], after which
//! there is a pause. Units that a session has not settled go back to the front of the queue, in their order.

mod codec;
mod http;
mod json;
mod split;
mod stream;
mod verdict;

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use self::verdict::{Failure, Verdict};
use super::{client::Shared, error::Notice, options::Transport, spool::Unit};

/// How long JSON is used before the stream is tried again.
const JSON_FOR: Duration = Duration::from_secs(300);
/// Attempts without an answer before `on_error` is told.
const TELL_AFTER: u32 = 3;
/// Attempts of the stream without an answer before JSON is tried.
const FALL_BACK_AFTER: u32 = 2;

/// Sends for as long as the client is open, or until the key is refused.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut sender = Sender::new(shared);
    let mut over_http = match http::Http::new(&sender.shared.options) {
        Ok(client) => client,
        Err(reason) => return sender.denied(reason),
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
            Err(Failure::Denied(reason)) => return sender.denied(reason),
            Err(failure) => sender.pause_after(&failure, is_json).await,
        }
    }
}

/// The queue in front of the network, and what attempts have come to.
struct Sender {
    shared: Arc<Shared>,
    /// Units to be sent again, before anything newer.
    again: VecDeque<Unit>,
    /// Units without an answer.
    outstanding: VecDeque<Unit>,
    /// Failures in a row.
    failures: u32,
    /// Attempts in a row without any answer.
    unanswered: u32,
    /// Whether anything was answered in the session.
    was_answered: bool,
    has_told: bool,
    has_told_clock: bool,
    json_until: Option<Instant>,
}

/// When there is something to send.
enum Due {
    Now,
    At(Instant),
    Never,
}

impl Sender {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            again: VecDeque::new(),
            outstanding: VecDeque::new(),
            failures: 0,
            unanswered: 0,
            was_answered: false,
            has_told: false,
            has_told_clock: false,
            json_until: None,
        }
    }

    /// Waits until a unit is due.
    async fn wait_for_work(&mut self) {
        loop {
            self.shared.is_hungry.store(true, Ordering::Release);
            self.publish();
            match self.due() {
                Due::Now => return,
                due => self.wait(&due).await,
            }
        }
    }

    /// Waits for a change, or until the moment.
    async fn wait(&self, due: &Due) {
        let woken = self.shared.wake.notified();
        match due {
            Due::Now => {}
            Due::Never => woken.await,
            Due::At(moment) => {
                // Whether it was woken or is due: the caller looks again.
                let _ = tokio::time::timeout_at((*moment).into(), woken).await;
            }
        }
    }

    fn due(&self) -> Due {
        if !self.again.is_empty() {
            return Due::Now;
        }
        let spool = self.shared.spool();
        let first = spool.first_untaken();
        let Some(since) = spool.waiting_since.filter(|_| first < spool.appended) else {
            return Due::Never;
        };
        let is_flushed = first < self.shared.flush_to.load(Ordering::Acquire);
        let moment = since + self.shared.options.max_batch_age;
        match is_flushed || spool.has_full_unit(self.shared.wanted()) || moment <= Instant::now() {
            true => Due::Now,
            false => Due::At(moment),
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
        let mut spool = self.shared.spool();
        match spool.take(self.shared.wanted()) {
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

    /// Puts what has no answer back to the front.
    fn take_back(&mut self) {
        while let Some(unit) = self.outstanding.pop_back() {
            self.again.push_front(unit);
        }
    }

    /// What becomes of a unit by its answer.
    fn apply(&mut self, unit: Unit, verdict: Verdict) -> Result<(), Failure> {
        match verdict {
            Verdict::Taken { stored, skipped } => {
                self.answered();
                self.has_told_clock = false;
                let counts = &self.shared.counts;
                counts.stored.fetch_add(stored, Ordering::Relaxed);
                counts.skipped.fetch_add(skipped, Ordering::Relaxed);
                self.settle(unit.segment, unit.events.len());
                Ok(())
            }
            Verdict::Rejected(faults) => {
                self.answered();
                split::split(self, unit, &faults)
            }
            Verdict::Clock(text) => {
                self.was_answered = true;
                self.again.push_front(unit);
                if !self.has_told_clock {
                    self.has_told_clock = true;
                    (self.shared.options.on_error)(&Notice::Clock(text.clone()));
                }
                Err(Failure::Clock(text))
            }
            Verdict::Failed(failure) => {
                self.again.push_front(unit);
                Err(failure)
            }
        }
    }

    /// So many events of a segment are done with.
    fn settle(&self, segment: u64, events: usize) {
        self.shared.spool().settle(segment, events);
        self.shared.room.notify_waiters();
    }

    fn answered(&mut self) {
        self.was_answered = true;
        self.failures = 0;
        self.unanswered = 0;
        self.has_told = false;
    }

    /// Tells how far it has come.
    fn publish(&self) {
        let (untaken, mut settled) = {
            let spool = self.shared.spool();
            (spool.appended, spool.first_untaken())
        };
        for unit in self.again.iter().chain(&self.outstanding) {
            settled = settled.min(unit.first);
        }
        let settled = settled.min(untaken);
        self.shared.progress.send_if_modified(|progress| {
            let is_new = progress.settled != settled;
            progress.settled = settled;
            is_new
        });
    }

    fn denied(&self, reason: String) {
        (self.shared.options.on_error)(&Notice::AccessDenied(reason.clone()));
        self.shared.progress.send_modify(|progress| {
            progress.last.clone_from(&reason);
            progress.denied = Some(reason);
        });
    }

    fn uses_json(&mut self) -> bool {
        self.was_answered = false;
        if self.json_until.is_some_and(|moment| Instant::now() >= moment) {
            self.json_until = None;
        }
        match self.shared.options.transport {
            Transport::Grpc => false,
            Transport::Json => true,
            Transport::Auto => self.json_until.is_some() || self.unanswered >= FALL_BACK_AFTER,
        }
    }

    /// The endpoint of JSON has answered: it is used for a while.
    fn stay_with_json(&mut self) {
        self.json_until.get_or_insert_with(|| Instant::now() + JSON_FOR);
    }

    async fn pause_after(&mut self, failure: &Failure, was_json: bool) {
        self.failures = self.failures.saturating_add(1);
        if !self.was_answered {
            self.unanswered += 1;
            if was_json && self.json_until.is_none() {
                // The stream has the next try, then JSON again.
                self.unanswered = FALL_BACK_AFTER - 1;
            }
        }
        let text = failure.to_string();
        self.shared
            .progress
            .send_modify(|progress| progress.last.clone_from(&text));
        if self.failures >= TELL_AFTER && !self.has_told && !matches!(failure, Failure::Clock(_)) {
            self.has_told = true;
            (self.shared.options.on_error)(&Notice::Unavailable(text));
        }
        tokio::time::sleep(self.pause(failure)).await;
    }

    /// Full jitter, and never less than what the server asked for.
    fn pause(&self, failure: &Failure) -> Duration {
        let options = &self.shared.options;
        let doubled = 2_u32.saturating_pow(self.failures.saturating_sub(1).min(20));
        let most = options.retry_base.saturating_mul(doubled).min(options.retry_cap);
        most.mul_f64(rand::random::<f64>()).max(failure.retry_after())
    }
}

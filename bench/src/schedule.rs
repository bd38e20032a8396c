//! When a sender sends: at once, or at the times of a fixed rate.
//!
//! A timer of the runtime ticks once a millisecond, which is as long as many an response takes. So the times of a rate come
//! from a thread that sleeps. Senders start at different places of their interval, as strangers would.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use crate::load::Plan;

/// The times of one sender.
pub(crate) enum Schedule {
    AtOnce { end: Instant },
    AtRate(mpsc::Receiver<Instant>),
}

impl Schedule {
    /// The `sender`-th of the plan.
    pub(crate) fn new(plan: &Arc<Plan>, sender: usize) -> Self {
        let end = plan.end();
        let Some(interval) = plan.interval() else {
            return Self::AtOnce { end };
        };
        let shift = interval.mul_f64(sender as f64 / plan.arguments.senders as f64);
        let (due, receiver) = mpsc::channel(1024);
        let first = plan.started + shift;
        thread::spawn(move || tick(first, interval, end, &due));
        Self::AtRate(receiver)
    }

    /// Waits until the next batch is due, and says since when it is; `None` when the time is over.
    pub(crate) async fn next(&mut self) -> Option<Instant> {
        match self {
            Self::AtOnce { end } => Some(Instant::now()).filter(|now| now < end),
            Self::AtRate(times) => times.recv().await,
        }
    }
}

/// Ends with the time, or with the sender.
fn tick(first: Instant, interval: Duration, end: Instant, due: &mpsc::Sender<Instant>) {
    let mut at = first;
    while at < end {
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if due.blocking_send(at).is_err() {
            return;
        }
        at += interval;
    }
}

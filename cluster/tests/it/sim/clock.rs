//! Clocks in virtual time: the store's, and those of processes, which differ from it.

use std::{future::Future, pin::Pin, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use slatedb_common::clock::{SystemClock, SystemClockTicker};
use tokio::time::Instant;

/// 2026-12-01T00:00:00Z.
const EPOCH: i64 = 1_796_083_200;

#[derive(Clone, Copy, Debug)]
pub(crate) struct SimClock {
    start: Instant,
    skew: TimeDelta,
}

impl SimClock {
    /// The store's clock; it starts with the simulation.
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
            skew: TimeDelta::zero(),
        }
    }

    /// A clock that is ahead (or behind, if negative) by some milliseconds.
    pub(crate) fn skewed(self, milliseconds: i64) -> Self {
        Self {
            start: self.start,
            skew: TimeDelta::milliseconds(milliseconds),
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.start.elapsed()).unwrap();
        DateTime::from_timestamp(EPOCH, 0).unwrap() + elapsed + self.skew
    }
}

impl SystemClock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        Self::now(self)
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn ticker<'a>(&'a self, duration: Duration) -> SystemClockTicker<'a> {
        SystemClockTicker::new(self, duration)
    }
}

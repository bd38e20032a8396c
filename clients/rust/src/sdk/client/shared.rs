//! What client and sender share: the spool, the figures, and how they wake each other.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use super::lock;
use crate::{
    sdk::{
        error::{Error, Notice},
        key::Key,
        options::Builder,
        spool::{Spool, Wanted},
        state::{StateDir, spool_error, sync_directory},
    },
    v1::SourceType,
};

/// Bytes of events in one encoded batch, at most.
const BATCH_BYTES: usize = 1_000_000;

/// What client and sender share.
pub(in crate::sdk) struct Shared {
    pub(in crate::sdk) source_type: SourceType,
    pub(in crate::sdk) device_id: String,
    pub(in crate::sdk) key: Arc<Key>,
    pub(in crate::sdk) options: Builder,
    /// Of this spool.
    pub(super) max_bytes: u64,
    /// Milliseconds that the first event of a batch waits for others, unless the options say how long.
    pub(in crate::sdk) max_age: AtomicU64,
    pub(in crate::sdk) state: Arc<StateDir>,
    pub(super) spool: Mutex<Spool>,
    pub(in crate::sdk) counts: Counts,
    /// Wakes the sender.
    pub(in crate::sdk) wake: Notify,
    /// Whether the sender would take more.
    pub(in crate::sdk) wants_more: AtomicBool,
    /// There may be room in the spool.
    pub(in crate::sdk) room: Notify,
    /// Everything before this position is to be sent now.
    pub(in crate::sdk) flush_to: AtomicU64,
    pub(in crate::sdk) progress: watch::Sender<Progress>,
}

#[derive(Default)]
pub(in crate::sdk) struct Counts {
    pub(in crate::sdk) stored: AtomicU64,
    pub(in crate::sdk) skipped: AtomicU64,
    pub(in crate::sdk) rejected: AtomicU64,
    pub(in crate::sdk) dropped: AtomicU64,
}

/// How far sending has come.
#[derive(Clone, Debug, Default)]
pub(in crate::sdk) struct Progress {
    /// Every event before this position is resolved.
    pub(in crate::sdk) resolved: u64,
    /// Why the server rejected the key, if it did.
    pub(in crate::sdk) denied: Option<String>,
    /// The last failure; empty if there was none.
    pub(in crate::sdk) last: String,
}

impl Shared {
    pub(in crate::sdk) fn spool(&self) -> MutexGuard<'_, Spool> {
        lock(&self.spool)
    }

    /// How long the first event of a batch waits for others.
    pub(in crate::sdk) fn age(&self) -> Duration {
        let usual = Duration::from_millis(self.max_age.load(Ordering::Relaxed));
        self.options.max_batch_age.unwrap_or(usual)
    }

    /// Makes due what is queued; gives where that ends.
    pub(super) fn hurry(&self) -> u64 {
        let target = self.spool().appended;
        self.flush_to.fetch_max(target, Ordering::AcqRel);
        self.wake.notify_one();
        target
    }

    /// Waits until everything before `target` is resolved.
    pub(super) async fn flush(&self, target: u64, limit: Duration, start: Instant) -> Result<(), Error> {
        let mut progress = self.progress.subscribe();
        let is_done = |progress: &Progress| progress.denied.is_some() || progress.resolved >= target;
        let waited = timeout(limit, progress.wait_for(is_done)).await;
        let denied = waited.map(|progress| progress.ok().and_then(|progress| progress.denied.clone()));
        match denied {
            Ok(None) => {}
            Ok(Some(reason)) => return Err(Error::AccessDenied(reason)),
            Err(_) => return Err(self.timed_out(start.elapsed())),
        }
        self.spool().clear_if_done();
        self.sync().await
    }

    /// What a batch may hold.
    pub(in crate::sdk) fn wanted(&self) -> Wanted {
        Wanted {
            events: self.options.max_batch_events,
            bytes: BATCH_BYTES,
        }
    }

    /// Whether there was room.
    pub(super) fn append(&self, event: &[u8]) -> Result<bool, Error> {
        let mut spool = self.spool();
        if !spool.has_room(event.len()) {
            return Ok(false);
        }
        let was_idle = spool.waiting_since.is_none();
        spool.append(event)?;
        let wakes =
            was_idle || (self.wants_more.load(Ordering::Acquire) && spool.has_full_unit(self.wanted()));
        drop(spool);
        if wakes {
            self.wake.notify_one();
        }
        Ok(true)
    }

    pub(super) fn append_over_oldest(&self, event: &[u8]) -> Result<(), Error> {
        while !self.append(event)? {
            let dropped = self.spool().drop_oldest();
            if dropped == 0 {
                return Err(self.full());
            }
            self.counts.dropped.fetch_add(dropped, Ordering::Relaxed);
            (self.options.on_error)(&Notice::Dropped(dropped));
            self.wake.notify_one();
        }
        Ok(())
    }

    pub(super) async fn append_when_room(&self, event: &[u8]) -> Result<(), Error> {
        loop {
            let room = self.room.notified();
            if self.append(event)? {
                return Ok(());
            }
            // What waits for more events to come would wait for ever.
            let appended = self.spool().appended;
            self.flush_to.fetch_max(appended, Ordering::AcqRel);
            self.wake.notify_one();
            room.await;
        }
    }

    pub(super) fn full(&self) -> Error {
        Error::SpoolFull {
            bytes: self.spool().bytes,
            limit: self.max_bytes,
            last: self.last_failure(),
        }
    }

    pub(super) fn timed_out(&self, waited: Duration) -> Error {
        Error::Timeout {
            queued: self.spool().queued,
            waited,
            last: self.last_failure(),
        }
    }

    fn last_failure(&self) -> String {
        let progress = self.progress.borrow();
        match progress.last.is_empty() {
            true => "none".to_owned(),
            false => progress.last.clone(),
        }
    }

    /// Makes durable what was written, on a thread that may wait.
    pub(super) async fn sync(&self) -> Result<(), Error> {
        let (files, directory) = {
            let mut spool = self.spool();
            let directory = spool.directory().to_owned();
            (
                spool
                    .unsynced()
                    .map_err(|source| spool_error(&directory, source))?,
                directory,
            )
        };
        if files.is_empty() {
            return Ok(());
        }
        let inside = directory.join("segments");
        let synced = tokio::task::spawn_blocking(move || {
            files.iter().try_for_each(std::fs::File::sync_data)?;
            sync_directory(&inside)
        });
        match synced.await {
            Ok(Err(source)) => Err(spool_error(&directory, source)),
            _ => Ok(()),
        }
    }
}

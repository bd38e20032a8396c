//! The client: what a plugin calls.

mod shared;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use prost::Message as _;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::timeout,
};

use super::{
    error::{Error, Notice},
    event::Event,
    options::{Builder, OnFull},
    sender,
    spool::Spool,
    state::StateDir,
};
use crate::v1::SourceType;

pub(super) use shared::{Counts, Progress, Shared};

/// How often written data are made durable.
const SYNC: Duration = Duration::from_secs(1);

/// What a client has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Events that wait or are being sent.
    pub queued: u64,
    /// Events that the server has stored.
    pub stored: u64,
    /// Events that the server had before.
    pub skipped: u64,
    /// Events set aside.
    pub rejected: u64,
    /// Events that a full spool has deleted.
    pub dropped: u64,
    /// Bytes of the spool on disk.
    pub spool_bytes: u64,
}

/// Queues events and sends them. Use it by reference, or in an [`Arc`]. Dropping it stops the sending and keeps the
/// spool; [`Client::close`] sends the rest first.
pub struct Client {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Client {
    /// Options for a plugin. `plugin_id` is kebab-case, `plugin_version` SemVer.
    pub fn builder(plugin_id: &str, plugin_version: &str, source_type: SourceType) -> Builder {
        Builder::new(plugin_id, plugin_version, source_type)
    }

    pub(super) async fn open(options: Builder) -> Result<Self, Error> {
        let state = StateDir::open(&options.state_path()?)?;
        let header = options.header(state.device_id()?).encode_to_vec();
        let (spool, found) = Spool::open(
            &state.spool(),
            &state.dead_letter(),
            Bytes::from(header),
            options.spool_max_bytes,
        )?;
        for path in found.damaged {
            (options.on_error)(&Notice::Damaged(path));
        }
        let shared = Arc::new(Shared {
            is_enabled: options.is_enabled(),
            options,
            state,
            spool: Mutex::new(spool),
            counts: Counts::default(),
            wake: Notify::new(),
            wants_more: AtomicBool::new(true),
            room: Notify::new(),
            flush_to: AtomicU64::new(0),
            progress: watch::Sender::default(),
            is_closed: AtomicBool::new(false),
        });
        let tasks = vec![
            tokio::spawn(sender::run(Arc::clone(&shared))),
            tokio::spawn(keep_durable(Arc::clone(&shared))),
        ];
        Ok(Self {
            shared,
            tasks: Mutex::new(tasks),
        })
    }

    /// Checks the event, writes it to the spool and returns: from then on a crash of the plugin does not lose it. Waits
    /// only while the spool is full, and if the options say so.
    ///
    /// # Errors
    ///
    /// `Closed`, `NotEnabled`, `InvalidEvent`, `EventTooLarge`, `SpoolFull` or `SpoolError`; the event was not queued.
    pub async fn send(&self, event: Event) -> Result<(), Error> {
        let shared = &self.shared;
        if shared.is_closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        let source_type = shared.options.source_type;
        if !shared.is_enabled {
            return Err(Error::NotEnabled(source_type.json_name()));
        }
        let event = event.finish(source_type)?.encode_to_vec();
        if shared.append(&event)? {
            return Ok(());
        }
        match shared.options.on_full {
            OnFull::Reject => Err(shared.full()),
            OnFull::DropOldest => shared.append_over_oldest(&event),
            OnFull::Block => {
                let waited = timeout(shared.options.block_timeout, shared.append_when_room(&event)).await;
                waited.unwrap_or_else(|_| Err(shared.full()))
            }
        }
    }

    /// Sends what is queued now, and returns when each event is acknowledged or set aside.
    ///
    /// # Errors
    ///
    /// `Timeout`, which tells what the last failure was, or `AccessDenied`. Events stay in the spool.
    pub async fn flush(&self, limit: Duration) -> Result<(), Error> {
        let shared = &self.shared;
        let start = Instant::now();
        let target = shared.spool().appended;
        shared.flush_to.fetch_max(target, Ordering::AcqRel);
        shared.wake.notify_one();
        let mut progress = shared.progress.subscribe();
        let is_done = |progress: &Progress| progress.denied.is_some() || progress.resolved >= target;
        let waited = timeout(limit, progress.wait_for(is_done)).await;
        let denied = waited.map(|progress| progress.ok().and_then(|progress| progress.denied.clone()));
        match denied {
            Ok(None) => {}
            Ok(Some(reason)) => return Err(Error::AccessDenied(reason)),
            Err(_) => return Err(shared.timed_out(start.elapsed())),
        }
        shared.spool().clear_if_done();
        shared.sync().await
    }

    /// Flushes, then stops. What could not be sent stays in the spool for the next start.
    ///
    /// # Errors
    ///
    /// As [`Client::flush`]; the client is closed in any case.
    pub async fn close(&self, limit: Duration) -> Result<(), Error> {
        if self.shared.is_closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let flushed = self.flush(limit).await;
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            // It was aborted: what it says is that it was.
            let _ = task.await;
        }
        let synced = self.shared.sync().await;
        self.shared.state.unlock();
        flushed.and(synced)
    }

    /// What has become of the events so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counts = &self.shared.counts;
        let count = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let spool = self.shared.spool();
        Stats {
            queued: spool.queued,
            stored: count(&counts.stored),
            skipped: count(&counts.skipped),
            rejected: count(&counts.rejected),
            dropped: count(&counts.dropped),
            spool_bytes: spool.bytes,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.shared.options;
        formatter
            .debug_struct("Client")
            .field("endpoint", &options.endpoint)
            .field("plugin_id", &options.plugin_id)
            .field("source_type", &options.source_type.json_name())
            .field("state_dir", &self.shared.state.path)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let was_closed = self.shared.is_closed.swap(true, Ordering::AcqRel);
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
        if !was_closed {
            self.shared.state.unlock();
        }
    }
}

async fn keep_durable(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(SYNC).await;
        if let Err(error) = shared.sync().await {
            (shared.options.on_error)(&Notice::SpoolError(error.to_string()));
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

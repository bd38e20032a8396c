//! The client: what a plugin calls.

mod open;
mod shared;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use prost::Message as _;
use tokio::{task::JoinHandle, time::timeout};

use super::{
    common,
    error::Error,
    event::Event,
    health::{self, Health, Reporter},
    manifest::{Config, Manifest},
    options::{Builder, OnFull},
    state::StateDir,
};
use crate::v1::SourceType;

use open::remove;
pub(super) use shared::Shared;

/// How long the flush of [`Client::end`] may take.
const SIGNAL: Duration = Duration::from_millis(1500);

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
    options: Builder,
    home: PathBuf,
    device_id: String,
    why_off: Option<String>,
    state: Arc<StateDir>,
    /// One for each source type; those behind the client's own are what an earlier client has left.
    lanes: Vec<Arc<Shared>>,
    reporter: Arc<Reporter>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    is_closed: AtomicBool,
    /// Removed by `close`.
    temporary: Option<PathBuf>,
}

impl Client {
    /// Options for a plugin. `plugin_id` is kebab-case, `plugin_version` SemVer.
    pub fn builder(plugin_id: &str, plugin_version: &str, source_type: SourceType) -> Builder {
        Builder::new(plugin_id, plugin_version, source_type)
    }

    /// Options for the plugin in `dir`: its id, version, source types, heartbeat and settings, from `plugin.json` and
    /// `openclone.conf`. `dir` is `OPENCLONE_PLUGIN_DIR`, else the working directory, if `None`.
    ///
    /// # Errors
    ///
    /// `InvalidOptions`, which names file and line.
    pub fn from_manifest(dir: Option<&Path>) -> Result<Builder, Error> {
        let manifest = Manifest::read(dir)?;
        let config = manifest.config()?;
        let mut builder = Builder::new(&manifest.id, &manifest.version, SourceType::Unspecified);
        builder.source_types.clone_from(&manifest.source_types);
        builder.heartbeat = Duration::from_secs(manifest.heartbeat_seconds.into());
        builder.manifest = Some((manifest, config));
        Ok(builder)
    }

    /// What [`Client::from_manifest`] has read.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.options.manifest.as_ref().map(|(manifest, _)| manifest)
    }

    /// The settings of the plugin that [`Client::from_manifest`] has read.
    #[must_use]
    pub fn config(&self) -> Option<&Config> {
        self.options.manifest.as_ref().map(|(_, config)| config)
    }

    /// The id of this device: one for all plugins of this user.
    #[must_use]
    pub fn device_id(&self) -> &str {
        &self.device_id
    }

    /// Whether the plugin is switched on and has the consent that it needs. A plugin that is not exits with status 3.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.why_off.is_none()
    }

    /// Why [`Client::send`] would fail with `NotEnabled`, and what to do about it.
    #[must_use]
    pub fn why_disabled(&self) -> Option<&str> {
        self.why_off.as_deref()
    }

    /// Whether the user has paused capture on this machine. Ask once a second; capture nothing during a pause.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        common::is_paused(&self.home, SystemTime::now())
    }

    /// Reports what the plugin is doing, now and every [`Builder::heartbeat`], over gRPC. `reason` is a sentence without
    /// anything that was captured, cut at 256 bytes. Returns at once.
    pub fn report_health(&self, state: Health, reason: &str) {
        let reason = health::cut(reason);
        if let Some(memory) = &self.options.memory {
            memory.report(state, &reason);
        } else {
            self.reporter.set(state, reason);
        }
    }

    /// Checks the event, writes it to the spool and returns: from then on a crash of the plugin does not lose it. Waits
    /// only while the spool is full, and if the options say so.
    ///
    /// # Errors
    ///
    /// `Closed`, `NotEnabled`, `InvalidEvent`, `EventTooLarge`, `SpoolFull` or `SpoolError`; the event was not queued.
    pub async fn send(&self, event: Event) -> Result<(), Error> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        if let Some(reason) = &self.why_off {
            return Err(Error::NotEnabled(reason.clone()));
        }
        let lane = self.lane_of(&event)?;
        let event = event.finish(lane.source_type)?.encode_to_vec();
        self.reporter.captured();
        if lane.append(&event)? {
            return Ok(());
        }
        match self.options.on_full {
            OnFull::Reject => Err(lane.full()),
            OnFull::DropOldest => lane.append_over_oldest(&event),
            OnFull::Block => {
                let waited = timeout(self.options.block_timeout, lane.append_when_room(&event)).await;
                waited.unwrap_or_else(|_| Err(lane.full()))
            }
        }
    }

    fn lane_of(&self, event: &Event) -> Result<&Arc<Shared>, Error> {
        let own = self
            .lanes
            .get(..self.options.source_types.len())
            .unwrap_or_default();
        if let ([only], false) = (own, event.has_named_type()) {
            // Its check says what is wrong.
            return Ok(only);
        }
        let wanted = event.own_source_type();
        own.iter()
            .find(|lane| Some(lane.source_type) == wanted)
            .ok_or_else(|| {
                let known: Vec<_> = self
                    .options
                    .source_types
                    .iter()
                    .map(|known| known.json_name())
                    .collect();
                Error::InvalidEvent(format!(
                    "source type {}: this client has {}",
                    wanted.map_or("(missing)", SourceType::json_name),
                    known.join(", ")
                ))
            })
    }

    /// Sends what is queued now, and returns when each event is acknowledged or set aside.
    ///
    /// # Errors
    ///
    /// `Timeout`, which tells what the last failure was, or `AccessDenied`. Events stay in the spool.
    pub async fn flush(&self, limit: Duration) -> Result<(), Error> {
        let start = Instant::now();
        let targets: Vec<_> = self.lanes.iter().map(|lane| lane.hurry()).collect();
        let mut flushed = Ok(());
        for (lane, target) in self.lanes.iter().zip(targets) {
            let left = limit.saturating_sub(start.elapsed());
            flushed = flushed.and(lane.flush(target, left, start).await);
        }
        flushed
    }

    /// Flushes, then stops. What could not be sent stays in the spool for the next start.
    ///
    /// # Errors
    ///
    /// As [`Client::flush`]; the client is closed in any case.
    pub async fn close(&self, limit: Duration) -> Result<(), Error> {
        if self.is_closed.swap(true, Ordering::AcqRel) {
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
        self.reporter.stop(&self.lanes).await;
        let mut synced = Ok(());
        for lane in &self.lanes {
            synced = synced.and(lane.sync().await);
        }
        self.state.unlock();
        remove(self.temporary.as_deref());
        flushed.and(synced)
    }

    /// Closes within 2 s, as after Ctrl-C (see [`until_signal`]), and prints to standard error what stays queued.
    #[allow(clippy::print_stderr)]
    pub async fn end(&self) {
        if let Err(error) = self.close(SIGNAL).await {
            eprintln!("openclone: {error}");
        }
        let queued = self.stats().queued;
        if queued > 0 {
            let path = self.state.path.display();
            eprintln!("openclone: {queued} events stay queued in {path} and are sent after the next start");
        }
    }

    /// What has become of the events so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut sum = Stats::default();
        for lane in &self.lanes {
            let count = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
            let spool = lane.spool();
            sum.queued += spool.queued;
            sum.stored += count(&lane.counts.stored);
            sum.skipped += count(&lane.counts.skipped);
            sum.rejected += count(&lane.counts.rejected);
            sum.dropped += count(&lane.counts.dropped);
            sum.spool_bytes += spool.bytes;
        }
        sum
    }
}

/// Returns when the program is told to end: Ctrl-C, or SIGTERM where there are signals.
///
/// # Errors
///
/// When no handler can be installed.
pub async fn until_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self
            .options
            .source_types
            .iter()
            .map(|known| known.json_name())
            .collect();
        formatter
            .debug_struct("Client")
            .field("endpoint", &self.options.endpoint)
            .field("plugin_id", &self.options.plugin_id)
            .field("source_type", &names.join(","))
            .field("state_dir", &self.state.path)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let was_closed = self.is_closed.swap(true, Ordering::AcqRel);
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
        if !was_closed {
            self.state.unlock();
            remove(self.temporary.as_deref());
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

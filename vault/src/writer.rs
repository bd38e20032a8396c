//! The writer: one thread that takes prepared batches into the vault, each event exactly once.
//!
//! # The promise
//!
//! An answer that counts an event as stored or skipped means that it is in the vault file exactly once, and stays there
//! through the end of the process and through power loss. No answer, or an error, means: send it again, it will not be
//! doubled.
//!
//! # The protocol
//!
//! 1. Batches come prepared: ids, day, path and final bytes are fixed and never computed again.
//! 2. The thread takes what has queued up, a *group* of up to 1.5 MiB, and refuses batches whose vault is missing, full,
//!    read-only, or has something else in the file's place. It drops entries whose ids the [index](crate::index) has seen.
//! 3. **Durability point**: the group's [record](crate::journal) goes into the journal with one synced write.
//! 4. The entries are [appended](crate::append) to the daily files that stand at their paths at that moment.
//! 5. A marker says that, and where, in which boot. It is not synced: it survives the end of the process, and must not
//!    survive a power loss, which may take the appended bytes along. Only now are the callers answered.
//! 6. In the background a [checkpoint](crate::checkpoint) syncs the files, moves the ids to rest, and empties the journal.
//! 7. The last checkpoint of an orderly run may be followed by the [filter over the ids at rest](filling), kept for the next
//!    run: by then every caller has an answer.
//!
//! # Invariants
//!
//! - **An id is never at rest before its bytes are durable in the file.** (Else a retry would be skipped, and the event
//!   lost.) Only a checkpoint moves ids to rest, after it has synced the files.
//! - **Bytes are never in a file before their group is durable in the journal.** (Else a crash, and a retry doubles them.)
//! - Bytes go only to where the journal says, durably, that they begin. When a file turns out to be another one, or is
//!   found with some of the entries in it, the group's record is written again before anything is appended to it.
//! - A journalled group is never undone, only completed: by the writer, or by [replay](crate::recovery) at the next start.
//! - An id is seen from the moment at which its group is made until for ever. If the group's journal write fails, the
//!   journal is reopened and read again, and what it says is true.
//! - An entry whose append has failed is *in doubt*: nobody gets an answer that rests on it, and nothing newer goes to its
//!   file, until the append has been completed. Groups in doubt take no part in checkpoints.
//! - A failed sync is never repeated and believed: the writer takes nothing until a restart, whose replay writes the
//!   journalled bytes again. No later failure, and no reopening of the database, takes that back. A note in the database
//!   tells the next start; the writer tries to write it until it stands.
//! - What is in memory of the ids at rest stays true although the database is closed and reopened: nobody else may open it
//!   meanwhile, and no other database in its place is taken. A [filter](filling) that an earlier run has kept is believed
//!   only while nothing has been written to the database since.
//! - Bytes that a user wrote are never altered: we append, we complete what we began, and we overwrite zeros that stand
//!   where our own bytes were.
//!
//! # What cannot be promised
//!
//! A save by an editor that loaded the file before our append and writes it after our last look replaces our bytes: the
//! user's file wins. An entry that a user deletes between its append and a power loss may come back. A disk that fails to
//! sync a daily file, a process that is killed before the database has the note of it, and a power loss before the next
//! change to that file, all three, lose what was not synced.

#[cfg(feature = "ceiling")]
mod ceiling;
mod commit;
mod doubt;
mod filling;
mod settle;
#[cfg(any(test, fuzzing))]
#[allow(clippy::unwrap_used)]
pub mod still;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod thread;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use self::thread::Command;
pub(crate) use self::{commit::Writer, doubt::Doubt};
pub use crate::vaults::VaultDirs;
use crate::{
    boot,
    entry::PreparedBatch,
    error::{AppendError, OpenError, Outage},
    fs::{VaultFs, real::RealFs},
    gather::Job,
    journal::BootId,
    store::{Store, StoreError, rocks::RocksStore},
};

/// When to checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointPolicy {
    /// At this many ids not yet checkpointed.
    pub ids: usize,
    /// At this many bytes of journal.
    pub bytes: u64,
    /// This long after the first event not yet checkpointed.
    pub age: Duration,
    /// From this many ids at rest on, the last checkpoint keeps the filter over them in a file, so that the next start
    /// need not read them all: 2 bytes of disk for each id and up to 25 MB, while no service runs.
    pub keep_filter_from: usize,
}

/// How to open.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database directory, never inside a vault.
    pub db: PathBuf,
    /// Where vaults are.
    pub dirs: VaultDirs,
    /// Refuse to write when fewer bytes are free than this.
    pub min_free: u64,
    /// When to checkpoint.
    pub checkpoint: CheckpointPolicy,
    /// How many daily files may be open for appending at once; at least 16. For each there may be
    /// [`Options::DESCRIPTORS_A_FILE`] descriptors.
    pub open_files: usize,
}

impl Options {
    /// Descriptors that a vault may have for each of `open_files`: files that made room for others wait for a checkpoint.
    pub const DESCRIPTORS_A_FILE: usize = crate::files::DESCRIPTORS;
}

/// A batch is in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Entries that are new.
    pub stored: u32,
    /// Entries that were there before.
    pub skipped: u32,
}

/// What the writer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It takes batches.
    Ready,
    /// It takes none for now and tries to come back by itself.
    Degraded {
        /// Why.
        reason: String,
    },
    /// A sync failed: it takes none until a restart.
    Poisoned {
        /// Why.
        reason: String,
    },
}

/// Figures for `/metrics` and `status`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Ids at rest, about.
    pub ids_at_rest: u64,
    /// Ids not yet checkpointed.
    pub ids_recent: u64,
    /// Bytes of journal not yet checkpointed.
    pub journal_bytes: u64,
    /// Groups written since the start.
    pub groups: u64,
    /// Groups whose append has failed and is tried again.
    pub groups_in_doubt: u64,
    /// Checkpoints since the start.
    pub checkpoints: u64,
    /// Seconds from the start of the last group to its answer.
    pub last_group_seconds: f64,
}

/// A running writer. Cheap to clone. When the last clone is dropped without [`Vault::close`], the thread finishes what is
/// queued, checkpoints and ends, and nobody hears how it went. The drop waits for that, unless a reply does it.
#[derive(Clone, Debug)]
pub struct Vault {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread tells everyone.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    store: Arc<dyn Store>,
    ids_recent: AtomicU64,
    journal_bytes: AtomicU64,
    groups: AtomicU64,
    groups_in_doubt: AtomicU64,
    checkpoints: AtomicU64,
    last_group_micros: AtomicU64,
}

impl Default for CheckpointPolicy {
    fn default() -> Self {
        Self {
            ids: 1_000_000,
            bytes: 64 << 20,
            age: Duration::from_secs(600),
            keep_filter_from: 4_000_000,
        }
    }
}

impl Vault {
    /// Opens database and vaults, replays the journal, and starts the writer.
    ///
    /// # Errors
    /// When the database is in use or damaged, or the default vault cannot be used.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        check_directory(&options.dirs.default)?;
        let store = RocksStore::open(&options.db).map_err(|error| database_error(&options.db, error))?;
        Self::open_on(options, Arc::new(RealFs::new()), Arc::new(store), boot::boot_id())
    }

    /// As [`Self::open`], on the given file system, store and boot: for tests on a simulated disk.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(
        options: Options,
        fs: Arc<dyn VaultFs>,
        store: Arc<dyn Store>,
        boot: BootId,
    ) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared::new(Arc::clone(&store)));
        let mut writer = Writer::new(&options, fs, store, boot, Arc::clone(&shared));
        if let Err(error) = writer.replay() {
            // This start may have found out what the next one must know.
            writer.settle_note();
            return Err(error.into_open_error(&options.db));
        }
        writer.open_default_vault(&options.dirs.default)?;
        let (commands, queue) = mpsc::channel();
        let thread = thread::start(writer, commands.clone(), queue);
        Ok(Self {
            inner: Arc::new(Inner {
                commands,
                shared,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// Hands a batch to the writer. `reply` is called once, from the writer's thread, when the batch is durable or
    /// will not be acknowledged; it must not block. The queue is not bounded here: callers bound what is in flight.
    pub fn append(
        &self,
        batch: PreparedBatch,
        reply: impl FnOnce(Result<Receipt, AppendError>) + Send + 'static,
    ) {
        let job = Job {
            batch,
            reply: Box::new(reply),
        };
        if let Err(mpsc::SendError(Command::Append(job))) = self.inner.commands.send(Command::Append(job)) {
            (job.reply)(Err(closed()));
        }
    }

    /// What the writer is doing.
    pub fn state(&self) -> State {
        self.inner.shared.state()
    }

    /// Figures at this moment.
    pub fn figures(&self) -> Figures {
        self.inner.shared.figures()
    }

    /// Checkpoints since the start; cheaper than all [`Self::figures`].
    pub fn checkpoints(&self) -> u64 {
        self.inner.shared.checkpoints.load(Ordering::Relaxed)
    }

    /// Finishes what is queued, checkpoints, and ends the writer. Batches handed over later get
    /// [`AppendError::Unavailable`]. The database is closed when the last clone is dropped.
    ///
    /// # Errors
    /// When the checkpoint failed; nothing is lost, the next start replays.
    pub fn close(&self) -> Result<(), AppendError> {
        let thread = self
            .inner
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(thread) = thread else { return Ok(()) };
        let (reply, answer) = mpsc::channel();
        let asked = self.inner.commands.send(Command::Close(reply));
        let result = answer.recv().unwrap_or_else(|_| Err(closed()));
        if asked.is_err() || thread.join().is_err() {
            return Err(closed());
        }
        result
    }
}

impl Drop for Inner {
    /// The thread has a sender of its own, so it does not notice that the last handle has gone. It is waited for, because
    /// RocksDB aborts when the process ends while one of its databases is at work; but not by itself, within a reply.
    fn drop(&mut self) {
        let (reply, _) = mpsc::channel();
        // After `close` nobody is there to be asked.
        let _ = self.commands.send(Command::Close(reply));
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != std::thread::current().id()) {
            // How it ended, the log says.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn new(store: Arc<dyn Store>) -> Self {
        Self {
            state: Mutex::new(State::Ready),
            store,
            ids_recent: AtomicU64::new(0),
            journal_bytes: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            groups_in_doubt: AtomicU64::new(0),
            checkpoints: AtomicU64::new(0),
            last_group_micros: AtomicU64::new(0),
        }
    }

    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nothing but a restart ends [`State::Poisoned`]: what else fails later does not make the failed sync good.
    fn set_state(&self, state: State) {
        let mut now = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*now, State::Poisoned { .. }) {
            *now = state;
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of one group are far below 2^52"
    )]
    fn figures(&self) -> Figures {
        let load = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        Figures {
            ids_at_rest: self.store.estimated_ids(),
            ids_recent: load(&self.ids_recent),
            journal_bytes: load(&self.journal_bytes),
            groups: load(&self.groups),
            groups_in_doubt: load(&self.groups_in_doubt),
            checkpoints: load(&self.checkpoints),
            last_group_seconds: load(&self.last_group_micros) as f64 / 1e6,
        }
    }
}

fn closed() -> AppendError {
    AppendError::Unavailable {
        outage: Outage::Stopping,
        reason: "the service is stopping".into(),
        retry_after: Duration::from_secs(5),
    }
}

fn check_directory(path: &std::path::Path) -> Result<(), OpenError> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => Err(OpenError::Vault {
            path: path.to_owned(),
            reason: "it is not a directory".into(),
        }),
        _ => Ok(()),
    }
}

/// Names the way out where there is one: a database that is damaged, not one that cannot be reached.
pub(crate) fn database_error(path: &std::path::Path, error: StoreError) -> OpenError {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, ResourceBusy, StorageFull};
    let path = path.to_owned();
    match error.kind {
        ResourceBusy => OpenError::InUse { path },
        PermissionDenied | ReadOnlyFilesystem | StorageFull => OpenError::Database {
            path,
            reason: error.message,
        },
        _ => OpenError::Database {
            path,
            reason: format!(
                "{}; `openclone reindex` makes a new one from the vault",
                error.message
            ),
        },
    }
}

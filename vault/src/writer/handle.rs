//! The handle of a running writer.

use std::{
    io::ErrorKind,
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use super::{
    Options, Receipt, State, Writer, WriterStats, boot,
    group::AppendRequest,
    record::BootId,
    state::Shared,
    thread::{self, Command},
};
use crate::{
    entry::PreparedBatch,
    error::{AppendError, OpenError, Outage},
    fs::{VaultFs, real::RealFs},
    store::{LoggedStore, Store, StoreError, rocks::RocksStore},
    wal::WalError,
};

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

impl Vault {
    /// Opens database and vaults, replays the journal, and starts the writer.
    ///
    /// # Errors
    /// When the database is in use or damaged, or the default vault cannot be used.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        check_directory(&options.dirs.default)?;
        let store = open_store(&options)?;
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
            writer.retry_note();
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
        let request = AppendRequest {
            batch,
            reply: Box::new(reply),
        };
        if let Err(mpsc::SendError(Command::Append(request))) =
            self.inner.commands.send(Command::Append(request))
        {
            (request.reply)(Err(closed()));
        }
    }

    /// What the writer is doing.
    pub fn state(&self) -> State {
        self.inner.shared.state()
    }

    /// Figures at this moment.
    pub fn stats(&self) -> WriterStats {
        self.inner.shared.stats()
    }

    /// Checkpoints since the start; cheaper than all [`Self::stats`].
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

/// Opens the database and the log that the options name. The database's lock is held as long as the store lives.
///
/// # Errors
/// When one of them is in use, damaged or not there.
pub fn open_store(options: &Options) -> Result<LoggedStore<RocksStore>, OpenError> {
    let ids = RocksStore::open(&options.db).map_err(|error| database_error(&options.db, error))?;
    LoggedStore::open(ids, Arc::new(RealFs::new()), options.wal.clone())
        .map_err(|error| log_error(&options.wal.dir, &error))
}

fn closed() -> AppendError {
    AppendError::Unavailable {
        outage: Outage::Stopping,
        reason: "the service is stopping".into(),
        retry_after: Duration::from_secs(5),
    }
}

fn check_directory(path: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => Err(OpenError::Vault {
            path: path.to_owned(),
            reason: "it is not a directory".into(),
        }),
        _ => Ok(()),
    }
}

/// Names the way out where there is one: a database that is damaged, not one that cannot be reached.
pub(crate) fn database_error(path: &Path, error: StoreError) -> OpenError {
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

/// Names the directory where the error does not say by itself what is the matter.
pub(crate) fn log_error(dir: &Path, error: &WalError) -> OpenError {
    match error.kind() {
        ErrorKind::ResourceBusy => OpenError::InUse { path: dir.to_owned() },
        _ => OpenError::Log {
            reason: error.to_string(),
        },
    }
}

//! The handle of a log, shared between the writer and the checkpoint.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use super::{
    WalError, WalOptions,
    log::{Log, lock},
};
use crate::{
    fs::VaultFs,
    store::{JournalledGroup, Seq},
};

/// A write-ahead log. All methods may be called from several threads.
pub struct Wal {
    fs: Arc<dyn VaultFs>,
    options: WalOptions,
    clock: fn() -> i64,
    log: Mutex<Result<Log, String>>,
}

impl Wal {
    /// Opens the log of a home, or creates it if the home has never had one.
    ///
    /// # Errors
    /// When it is missing, damaged, of another home or in use, or cannot be read.
    pub fn open(fs: Arc<dyn VaultFs>, options: WalOptions) -> Result<Self, WalError> {
        Self::open_at(fs, options, || jiff::Timestamp::now().as_second())
    }

    pub(super) fn open_at(
        fs: Arc<dyn VaultFs>,
        options: WalOptions,
        clock: fn() -> i64,
    ) -> Result<Self, WalError> {
        let log = Log::open(&*fs, &options, clock())?;
        Ok(Self {
            fs,
            options,
            clock,
            log: Mutex::new(Ok(log)),
        })
    }

    /// Closes the log and opens it again, which makes it usable after a failure. Only then is it known whether a group whose
    /// write failed is in the log.
    ///
    /// # Errors
    /// As [`Self::open`]; then nothing works until a later call succeeds.
    pub fn reopen(&self) -> Result<(), WalError> {
        let mut slot = self.lock();
        // The lock of the directory goes with the old one.
        *slot = Err("it could not be opened again".to_owned());
        *slot = Ok(Log::open(&*self.fs, &self.options, (self.clock)())?);
        Ok(())
    }

    /// Writes a group's record; durable when it returns.
    ///
    /// # Errors
    /// Then whether the group is in the log is unknown until it was opened again.
    pub fn write_group(&self, seq: Seq, record: &[u8]) -> Result<(), WalError> {
        let now = (self.clock)();
        self.change(|log| log.write(seq, record, None, now))
    }

    /// Notes where a group was applied. Survives the end of the process, need not survive a power loss.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark_applied(&self, seq: Seq, marker: &[u8]) -> Result<(), WalError> {
        self.change(|log| log.mark(seq, marker))
    }

    /// The numbers of all groups, in order.
    ///
    /// # Errors
    /// When the log must be opened again first.
    pub fn groups(&self) -> Result<Vec<Seq>, WalError> {
        self.with(|log| Ok(log.groups.keys().copied().collect()))
    }

    /// A group's record, and the marker that recovery found for it; `None` if there is no such group.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn group(&self, seq: Seq) -> Result<Option<JournalledGroup>, WalError> {
        self.with(|log| {
            let Some(live) = log.groups.get(&seq) else {
                return Ok(None);
            };
            let marker = live.marker.clone();
            let record = log.read(live)?;
            Ok(Some(JournalledGroup { record, marker }))
        })
    }

    /// Releases groups (sorted) and moves the checkpoint number; durable when it returns. The sync happens beside the writer.
    ///
    /// # Errors
    /// Then some of them may come back after a restart.
    pub fn forget_groups(&self, groups: &[Seq]) -> Result<(), WalError> {
        let now = (self.clock)();
        let (position, checkpoint) = self.change(|log| {
            log.release(groups, now)?;
            Ok((log.position(), Arc::clone(&log.checkpoint)))
        })?;
        if !position.begun {
            // Nothing was ever written.
            return Ok(());
        }
        let moved = lock(&checkpoint).write(position);
        self.change(|log| {
            moved?;
            log.retire(position.segment, now)
        })
    }

    /// A note; `None` if there is none.
    ///
    /// # Errors
    /// When the log must be opened again first.
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, WalError> {
        self.with(|log| Ok(log.notes.get(name).map(<[u8]>::to_vec)))
    }

    /// Keeps a note; durable when it returns. An empty note is kept, too.
    ///
    /// # Errors
    /// As [`Self::write_group`].
    pub fn set_note(&self, name: &str, content: &[u8]) -> Result<(), WalError> {
        self.change(|log| log.notes.set(&*log.directory, name, content))
    }

    /// Bytes of segments that are kept or spare, and of those in use.
    ///
    /// # Errors
    /// When the log must be opened again first.
    pub fn size(&self) -> Result<(u64, u64), WalError> {
        self.with(|log| {
            let retired = log.pool.retired().map(|slot| slot.size).sum();
            let used = log.segments.values().map(|segment| segment.header.size).sum();
            Ok((retired, used))
        })
    }

    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    fn with<T>(&self, act: impl FnOnce(&mut Log) -> Result<T, WalError>) -> Result<T, WalError> {
        match &mut *self.lock() {
            Ok(log) => act(log),
            Err(reason) => Err(WalError::Broken(reason.clone())),
        }
    }

    /// As [`Self::with`], for what writes: after a failure nothing goes on before the log was opened again.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut Log) -> Result<T, WalError>) -> Result<T, WalError> {
        let mut slot = self.lock();
        let log = match &mut *slot {
            Ok(log) => log,
            Err(reason) => return Err(WalError::Broken(reason.clone())),
        };
        let outcome = act(log);
        if let Err(error) = &outcome {
            *slot = Err(error.to_string());
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Result<Log, String>> {
        lock(&self.log)
    }
}

impl fmt::Debug for Wal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wal")
            .field("dir", &self.options.dir)
            .finish_non_exhaustive()
    }
}

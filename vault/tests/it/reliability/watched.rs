//! A store that notes how much of RocksDB's log is durable, and stops at an appointed call to let the rig look.

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use openclone_vault::{
    EventId,
    store::{JournalledGroup, Kept, Seq, Store, StoreError},
};

/// What the rig does at the appointed call: it gets the length of the log that was durable before it.
type Look = Box<dyn FnMut(u64) + Send>;

/// What the rig knows and wants.
#[derive(Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    db: PathBuf,
    /// Bytes of the last log that are durable.
    durable: u64,
    /// Calls until the look, and the look.
    look: Option<(u32, Look)>,
}

impl Watch {
    pub(crate) fn new(db: &Path) -> Self {
        Self {
            state: Mutex::new(State {
                db: db.to_owned(),
                ..State::default()
            }),
        }
    }

    /// Calls `look` at the end of the `nth` change from now, before anyone hears of it.
    pub(crate) fn look_at(&self, nth: u32, look: impl FnMut(u64) + Send + 'static) {
        self.state().look = Some((nth, Box::new(look)));
    }

    /// Bytes of the last log that are durable now.
    pub(crate) fn durable(&self) -> u64 {
        self.state().durable
    }

    fn changed(&self, durable: bool) {
        let mut state = self.state();
        if let Some((left, _)) = &mut state.look {
            *left -= 1;
            if *left == 0 {
                let (_, mut look) = state.look.take().unwrap();
                look(state.durable);
            }
        }
        if durable {
            state.durable = last_log(&state.db).map_or(0, |log| fs::metadata(log).unwrap().len());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// RocksDB's newest write-ahead log.
pub(crate) fn last_log(db: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(db)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()));
    names
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .max()
}

/// A store under watch.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    inner: S,
    watch: std::sync::Arc<Watch>,
}

impl<S: Store> Watched<S> {
    pub(crate) fn new(inner: S, watch: std::sync::Arc<Watch>) -> Self {
        watch.changed(true);
        Self { inner, watch }
    }

    fn after(&self, outcome: Result<(), StoreError>, durable: bool) -> Result<(), StoreError> {
        self.watch.changed(durable && outcome.is_ok());
        outcome
    }
}

impl<S: Store> Store for Watched<S> {
    fn write_group(&self, seq: Seq, record: &[u8]) -> Result<(), StoreError> {
        self.after(self.inner.write_group(seq, record), true)
    }

    fn mark_applied(&self, seq: Seq, marker: &[u8]) -> Result<(), StoreError> {
        self.after(self.inner.mark_applied(seq, marker), false)
    }

    fn groups(&self) -> Result<Vec<Seq>, StoreError> {
        self.inner.groups()
    }

    fn group(&self, seq: Seq) -> Result<Option<JournalledGroup>, StoreError> {
        self.inner.group(seq)
    }

    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError> {
        self.after(self.inner.persist_ids(ids), true)
    }

    fn forget_groups(&self, groups: &[Seq]) -> Result<(), StoreError> {
        self.after(self.inner.forget_groups(groups), false)
    }

    fn contains(&self, id: &EventId) -> Result<bool, StoreError> {
        self.inner.contains(id)
    }

    fn visit_ids(&self, visit: &mut dyn FnMut(EventId) -> bool) -> Result<(), StoreError> {
        self.inner.visit_ids(visit)
    }

    fn estimated_ids(&self) -> u64 {
        self.inner.estimated_ids()
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.note(name)
    }

    fn reopen(&self) -> Result<(), StoreError> {
        self.inner.reopen()
    }

    fn set_note(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        self.after(self.inner.set_note(name, content), true)
    }

    fn keep(&self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> Result<(), StoreError> {
        self.after(self.inner.keep(write), true)
    }

    fn take_kept(&self) -> Result<Option<Kept>, StoreError> {
        self.inner.take_kept()
    }
}

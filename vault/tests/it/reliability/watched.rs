//! A store that notes what of the log's directory is durable, and stops at an appointed call to let the rig look.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use openclone_vault::{
    EventId,
    store::{IdStore, JournalledGroup, Seq, Store, StoreError},
};

/// The files of a log, by name.
pub(crate) type LogFiles = BTreeMap<String, Vec<u8>>;

/// What the rig does at the appointed call: it gets what of the log was durable before it.
type Look = Box<dyn FnMut(LogFiles) + Send>;

/// What the rig knows and wants.
#[derive(Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    log: PathBuf,
    /// What of the log is durable.
    durable: LogFiles,
    /// Calls until the look, and the look.
    look: Option<(u32, Look)>,
}

impl Watch {
    pub(crate) fn new(log: &Path) -> Self {
        Self {
            state: Mutex::new(State {
                log: log.to_owned(),
                ..State::default()
            }),
        }
    }

    /// Calls `look` at the end of the `nth` change from now, before anyone hears of it.
    pub(crate) fn look_at(&self, nth: u32, look: impl FnMut(LogFiles) + Send + 'static) {
        self.state().look = Some((nth, Box::new(look)));
    }

    /// What of the log is durable now.
    pub(crate) fn durable(&self) -> LogFiles {
        self.state().durable.clone()
    }

    fn changed(&self, durable: bool) {
        let mut state = self.state();
        if let Some((left, _)) = &mut state.look {
            *left -= 1;
            if *left == 0 {
                let (_, mut look) = state.look.take().unwrap();
                look(state.durable.clone());
            }
        }
        if durable {
            state.durable = read_log(&state.log);
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

/// All files of a log.
pub(crate) fn read_log(directory: &Path) -> LogFiles {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let entries = entries.map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
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

impl<S: Store> IdStore for Watched<S> {
    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError> {
        self.after(self.inner.persist_ids(ids), true)
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

    fn reopen(&self) -> Result<(), StoreError> {
        self.inner.reopen()
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

    fn forget_groups(&self, groups: &[Seq]) -> Result<(), StoreError> {
        self.after(self.inner.forget_groups(groups), false)
    }

    fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.note(name)
    }

    fn set_note(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        self.after(self.inner.set_note(name, content), true)
    }
}

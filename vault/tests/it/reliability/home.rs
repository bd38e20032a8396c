//! A database and a vault in one directory, what was sent to them, and the judge of what they have.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

use openclone_vault::{
    AppendError, CheckpointPolicy, OpenError, Options, Receipt, Vault, VaultDirs, WalOptions,
    fs::RealFs,
    store::Store,
    testing::faulty_store::{FaultyStore, Order},
    writer::open_store,
};

use super::{events, scoreboard::Against, watched::Watched};

/// Never by itself: only when the vault is closed.
pub(crate) const AT_CLOSE: usize = usize::MAX;

/// The directory, and which batches were sent and acknowledged.
pub(crate) struct Home {
    pub(crate) path: PathBuf,
    pub(crate) against: Against,
    pub(crate) sent: BTreeSet<u32>,
    pub(crate) acknowledged: BTreeSet<u32>,
}

impl Home {
    pub(crate) fn new(path: &Path, against: Against) -> Self {
        Self {
            path: path.to_owned(),
            against,
            sent: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
        }
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.path.join("vault")
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.path.join("db")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("wal")
    }

    /// Opens it as the service does, with a checkpoint at so many ids.
    pub(crate) fn open(&self, ids: usize) -> Result<Vault, OpenError> {
        match self.against {
            Against::Ours => Vault::open(self.options(ids)),
            _ => self.open_on(open_store(&self.options(ids))?, ids, [7; 16]),
        }
    }

    /// Opens it on a store that is watched, in a boot of its own.
    pub(crate) fn open_watched(
        &self,
        watch: &Arc<super::watched::Watch>,
        boot: u8,
    ) -> Result<Vault, OpenError> {
        let store = open_store(&self.options(AT_CLOSE))?;
        self.open_on(Watched::new(store, Arc::clone(watch)), AT_CLOSE, [boot; 16])
    }

    fn open_on(&self, store: impl Store + 'static, ids: usize, boot: [u8; 16]) -> Result<Vault, OpenError> {
        let store: Arc<dyn Store> = match self.against {
            Against::Ours => Arc::new(store),
            Against::IdFirst => Arc::new(FaultyStore::new(store, Order::IdFirst, Duration::ZERO)),
            Against::BytesFirst => Arc::new(FaultyStore::new(store, Order::BytesFirst, Duration::ZERO)),
        };
        Vault::open_on(self.options(ids), Arc::new(RealFs::new()), store, boot)
    }

    fn options(&self, ids: usize) -> Options {
        Options {
            db: self.db(),
            wal: WalOptions::small(self.log()),
            dirs: VaultDirs {
                default: self.vault(),
                tenants: self.path.join("tenants"),
            },
            min_free: 0,
            checkpoint: CheckpointPolicy {
                ids,
                bytes: 1 << 30,
                age: Duration::from_secs(3600),
            },
            open_files: 16,
        }
    }

    /// Sends a batch and waits for the answer.
    pub(crate) fn send(&mut self, vault: &Vault, batch: u32) -> Result<Receipt, AppendError> {
        self.sent.insert(batch);
        let (reply, answer) = mpsc::channel();
        vault.append(events::batch(batch), move |told| reply.send(told).unwrap());
        let told = answer.recv().unwrap()?;
        self.acknowledged.insert(batch);
        Ok(told)
    }

    /// Every acknowledged event is there once, none is there twice.
    pub(crate) fn check(&self) -> Result<(), String> {
        let counts = events::count(&self.vault())?;
        for event in self
            .acknowledged
            .iter()
            .flat_map(|batch| events::events_of(*batch))
        {
            if counts.get(&event) != Some(&1) {
                return Err(format!(
                    "acknowledged event {event} stands there {:?} times",
                    counts.get(&event)
                ));
            }
        }
        match counts.iter().find(|(_, count)| **count > 1) {
            Some((event, count)) => Err(format!("event {event} stands there {count} times")),
            None => Ok(()),
        }
    }

    /// After a start: what was acknowledged is there; everything again, and each event is there once.
    pub(crate) fn check_and_resend(&mut self, vault: &Vault) -> Result<(), String> {
        self.check()?;
        for batch in self.sent.clone() {
            self.send(vault, batch)
                .map_err(|error| format!("batch {batch} again: {error}"))?;
        }
        self.check()
    }

    /// A start, the check, everything again, and an end in order.
    pub(crate) fn judge(&mut self) -> Result<(), String> {
        let vault = self.open(AT_CLOSE).map_err(|error| error.to_string())?;
        let judged = self.check_and_resend(&vault);
        vault.close().map_err(|error| error.to_string())?;
        judged?;
        self.check()
    }
}

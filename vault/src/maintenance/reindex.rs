//! `reindex`: merges the ids that stand in the vaults into the index, and never takes one out.
//!
//! Files are synced before their ids come to rest: an id must never be durable before its bytes are.

use std::path::PathBuf;

use super::{
    Maintenance, MaintenanceError, at,
    database::Database,
    forgotten,
    log::ReplacedLog,
    rebuild,
    scan::{Found, scan_file},
    tenants::{TenantVault, Unread, Vaults},
};
use crate::{
    event_id::EventId,
    fs::NamedFile,
    store::{IdStore as _, StoreError, rocks::RocksStore},
};

/// Ids that come to rest together: 64 MiB of them.
const CHUNK: usize = 4 << 20;
/// Entries between two reports of progress.
const STRIDE: u64 = 1 << 14;

/// How far a rebuilding has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of vault read.
    pub bytes: u64,
    /// Bytes there are.
    pub total: u64,
    /// Entries found.
    pub entries: u64,
}

/// What a rebuilding did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reindexed {
    /// Files read, copies by sync tools included.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Entries found in them; one that stands in two files counts twice.
    pub entries: u64,
    /// Ids of forgotten events kept.
    pub forgotten: u64,
    /// Ids at rest before.
    pub before: u64,
    /// Ids at rest now.
    pub after: u64,
    /// Where they went.
    pub source: Source,
    /// The log, if it was damaged.
    pub log: Option<ReplacedLog>,
    /// What could not be read, each with the reason: what stands there may be stored a second time.
    pub unread: Vec<(String, String)>,
}

/// What there was of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A good one: the ids were merged into it.
    Merged,
    /// None: a new one was made.
    New,
    /// A damaged one: a new one was made.
    Replaced {
        /// What was wrong.
        reason: String,
        /// Where the damaged one is now.
        moved_to: PathBuf,
        /// Ids that could be carried over.
        ids: u64,
    },
}

struct Merge<'a> {
    store: &'a RocksStore,
    ids: Vec<EventId>,
    failed: Option<StoreError>,
    at: Progress,
    progress: &'a mut dyn FnMut(Progress),
}

impl Maintenance {
    /// Merges the ids of all vaults, and of what was forgotten, into the index. Makes a new database if there is none or
    /// if it is damaged.
    ///
    /// # Errors
    /// When another process holds the database, or it cannot be written. It may be run again.
    pub fn reindex(&self, progress: &mut dyn FnMut(Progress)) -> Result<Reindexed, MaintenanceError> {
        let mut database = Database::open(&self.db)?;
        if matches!(database, Database::Gone) && rebuild::finish_earlier(&self.db)? {
            database = Database::open(&self.db)?;
        }
        if !matches!(database, Database::Intact { .. }) {
            self.check_complete()?;
        }
        let log = self.mend_log(&self.vaults(None)?.missing)?;
        let mut done = match database {
            Database::Intact { store, ids } => {
                let done = self.merge(&store, progress)?;
                Reindexed {
                    before: ids,
                    source: Source::Merged,
                    ..done
                }
            }
            Database::Gone => self.make_new(progress)?,
            Database::Damaged { reason, store } => self.replace(reason, store, progress)?,
        };
        done.log = log;
        Ok(done)
    }

    /// A new index must know every event, or those that it lacks are stored again when they are resent.
    fn check_complete(&self) -> Result<(), MaintenanceError> {
        let vaults = self.vaults(None)?;
        let has_files = |tenant: &str| {
            let mut found = vaults.found.iter();
            found.any(|vault| &*vault.tenant == tenant && !vault.files.is_empty())
        };
        let mut missing = vaults.missing.iter();
        if let Some(missing) = missing.find(|one| &*one.tenant == "default" || has_files(&one.tenant)) {
            return Err(missing.error());
        }
        match vaults.unread.first() {
            Some(Unread { what, reason }) => Err(MaintenanceError::First(format!(
                "cannot read {what}: {reason}; nothing was changed, because a new index must have the events of all folders"
            ))),
            None => Ok(()),
        }
    }

    /// Makes a new database if there is none although there are vaults whose events it should know.
    ///
    /// # Errors
    /// As [`Self::reindex`].
    pub fn reindex_if_gone(&self) -> Result<Option<Reindexed>, MaintenanceError> {
        if !Database::is_gone(&self.db)? {
            return Ok(None);
        }
        let vaults = self.vaults(None)?;
        let nothing = vaults.found.iter().all(|vault| vault.files.is_empty()) && vaults.unread.is_empty();
        drop(vaults);
        match (nothing, self.forgotten.exists()) {
            (true, false) => Ok(None),
            // There is no event to be missed.
            (true, true) if !rebuild::finish_earlier(&self.db)? => self.make_new(&mut |_| {}).map(Some),
            _ => self.reindex(&mut |_| {}).map(Some),
        }
    }

    fn make_new(&self, progress: &mut dyn FnMut(Progress)) -> Result<Reindexed, MaintenanceError> {
        let new = rebuild::begin(&self.db)?;
        let done = self.merge(&new, progress)?;
        rebuild::finish(&self.db, new)?;
        Ok(done)
    }

    fn replace(
        &self,
        reason: String,
        old: Option<RocksStore>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Reindexed, MaintenanceError> {
        let new = rebuild::begin(&self.db)?;
        let ids = match &old {
            Some(old) => rebuild::salvage(old, &new)?,
            None => 0,
        };
        let mut done = self.merge(&new, progress)?;
        // It must be closed first: closing tidies up under the path that it was opened by.
        drop(old);
        let moved_to = rebuild::move_away(&self.db)?;
        rebuild::finish(&self.db, new)?;
        done.source = Source::Replaced {
            reason,
            moved_to,
            ids,
        };
        Ok(done)
    }

    fn merge(
        &self,
        store: &RocksStore,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Reindexed, MaintenanceError> {
        let Vaults {
            found: vaults,
            mut unread,
            ..
        } = self.vaults(None)?;
        let mut merge = Merge {
            store,
            ids: Vec::new(),
            failed: None,
            at: Progress {
                total: self.total(&vaults, &mut unread),
                ..Progress::default()
            },
            progress,
        };
        let forgotten = forgotten::read(&self.forgotten).map_err(at(&self.forgotten))?;
        forgotten.iter().for_each(|id| merge.push(*id));
        let mut files = 0;
        for vault in &vaults {
            for name in &vault.files {
                files += u64::from(self.merge_file(vault, name, &mut merge, &mut unread)?);
            }
        }
        merge.persist_ids();
        let Merge { failed, at, .. } = merge;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let mut after = 0;
        store.visit_ids(&mut |_| {
            after += 1;
            true
        })?;
        Ok(Reindexed {
            files,
            bytes: at.bytes,
            entries: at.entries,
            forgotten: forgotten.len() as u64,
            before: 0,
            after,
            source: Source::New,
            log: None,
            unread: in_words(unread),
        })
    }

    /// Whether there was such a file.
    fn merge_file(
        &self,
        vault: &TenantVault,
        name: &NamedFile,
        merge: &mut Merge<'_>,
        unread: &mut Vec<Unread>,
    ) -> Result<bool, MaintenanceError> {
        // What cannot be opened was noted when the sizes were asked.
        let Ok(Some(file)) = vault.root.open_named(name) else {
            return Ok(false);
        };
        let path = || PathBuf::from(self.show(&vault.tenant, name));
        file.sync().map_err(|error| at(path())(error))?;
        let begin = merge.at.bytes;
        let read = scan_file(&*file, &mut |found| {
            if let Found::Entry(entry) = found {
                merge.entry(entry.id, begin + entry.end);
            }
        });
        if let Err(error) = read {
            unread.push(self.unread(vault, name, &error));
        }
        merge.at.bytes = begin + file.len().unwrap_or(0);
        (merge.progress)(merge.at);
        match merge.failed.take() {
            Some(error) => Err(error.into()),
            None => Ok(true),
        }
    }

    fn total(&self, vaults: &[TenantVault], unread: &mut Vec<Unread>) -> u64 {
        let mut total = 0;
        for vault in vaults {
            for name in &vault.files {
                let file = self.open_file(vault, name, unread);
                total += file.and_then(|file| file.len().ok()).unwrap_or(0);
            }
        }
        total
    }
}

impl Merge<'_> {
    fn entry(&mut self, id: EventId, bytes: u64) {
        self.push(id);
        self.at.entries += 1;
        if self.at.entries.is_multiple_of(STRIDE) {
            (self.progress)(Progress { bytes, ..self.at });
        }
    }

    fn push(&mut self, id: EventId) {
        self.ids.push(id);
        if self.ids.len() >= CHUNK {
            self.persist_ids();
        }
    }

    fn persist_ids(&mut self) {
        if self.failed.is_some() || self.ids.is_empty() {
            return;
        }
        self.ids.sort_unstable();
        self.ids.dedup();
        self.failed = self.store.persist_ids(&self.ids).err();
        self.ids.clear();
    }
}

pub(super) fn in_words(unread: Vec<Unread>) -> Vec<(String, String)> {
    unread.into_iter().map(|one| (one.what, one.reason)).collect()
}

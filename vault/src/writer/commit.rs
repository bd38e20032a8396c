//! The committer: takes one group from its batches to its replies.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use super::{
    Options,
    append::{self, Scans},
    daily_files::DailyFiles,
    group::{AppendRequest, GroupBuilder, PendingReply, RejectReason},
    incomplete::IncompleteGroup,
    journal::{Journal, KEPT_BYTES},
    open_files::FileKey,
    record::{BootId, Group, GroupFile, Place},
    roots::{OpenRoots, VaultError},
    state::{Health, Shared},
};
use crate::{
    error::{AppendError, OpenError},
    fs::VaultFs,
    index::{SeenIndex, filter::Filter},
    store::{Seq, Store, StoreError},
};

/// Takes batches into the vault, each event exactly once. Works on the writer's thread only.
pub(super) struct Committer {
    pub(super) journal: Journal,
    pub(super) files: DailyFiles,
    pub(super) index: SeenIndex,
    pub(super) health: Health,
    /// Groups that are in the journal but not in all of their files.
    pub(super) incomplete: BTreeMap<Seq, IncompleteGroup>,
    /// What files had when they were read, while groups are completed.
    pub(super) scans: Scans,
    shared: Arc<Shared>,
    /// Memory of the last group's entries, for the next one.
    entries: Vec<u8>,
}

impl Committer {
    pub(super) fn new(
        options: &Options,
        fs: Arc<dyn VaultFs>,
        store: Arc<dyn Store>,
        boot: BootId,
        shared: Arc<Shared>,
    ) -> Self {
        let filter = Arc::new(Filter::without_layers());
        Self {
            journal: Journal::new(Arc::clone(&store), boot),
            files: DailyFiles::new(options, fs, Arc::clone(&store)),
            index: SeenIndex::new(store.clone(), filter),
            health: Health::new(Arc::clone(&shared), store),
            incomplete: BTreeMap::new(),
            scans: Scans::default(),
            shared,
            entries: Vec::new(),
        }
    }

    /// See [`DailyFiles::open_default_vault`].
    pub(super) fn open_default_vault(&mut self, path: &Path) -> Result<(), OpenError> {
        self.files.open_default_vault(path)
    }

    /// Takes the batches into the vault as one group and replies each.
    pub(super) fn commit(&mut self, requests: Vec<AppendRequest>) {
        let started = Instant::now();
        if let Some(rejection) = self.health.rejection() {
            return requests
                .into_iter()
                .for_each(|request| (request.reply)(Err(rejection.clone())));
        }
        let mut roots = OpenRoots::default();
        let mut builder = GroupBuilder::new(std::mem::take(&mut self.entries));
        for request in requests {
            self.add_request(request, &mut roots, &mut builder);
        }
        if builder.group.files.is_empty() {
            return builder
                .replies
                .into_iter()
                .for_each(|pending| (pending.reply)(Ok(pending.receipt)));
        }
        match self.journal(&mut builder, &mut roots) {
            Ok(seq) => self.apply(seq, builder, &mut roots),
            Err(error) => self.reject_group(builder, &error),
        }
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.shared.last_group_micros.store(micros, Ordering::Relaxed);
        self.publish();
    }

    fn add_request(&mut self, request: AppendRequest, roots: &mut OpenRoots, builder: &mut GroupBuilder) {
        if let Err(rejection) = self.admit(&request, roots, builder) {
            tracing::warn!(tenant = %request.batch.tenant, reason = %rejection, "batch rejected");
            return (request.reply)(Err(rejection));
        }
        let Err((request, rejection)) = builder.take(request, &mut self.index) else {
            return;
        };
        match rejection {
            RejectReason::Incomplete(seq) => (request.reply)(Err(self.incomplete_error(seq))),
            RejectReason::Store(error) => (request.reply)(Err(self.health.store_failed(&error))),
        }
    }

    /// Says no before anything is written, where the outcome can be known.
    fn admit(
        &mut self,
        request: &AppendRequest,
        roots: &mut OpenRoots,
        builder: &GroupBuilder,
    ) -> Result<(), AppendError> {
        let opened = self.files.root_for_writing(&request.batch.tenant, roots);
        let root = opened.map_err(|error| self.vault_rejection(error))?;
        for file in &request.batch.files {
            let key = (Arc::clone(&request.batch.tenant), file.path);
            if builder.has(&key) {
                // Looked at a moment ago, and once more when it is appended to.
                continue;
            }
            if let Some(seq) = self.retry_file(&key) {
                return Err(self.incomplete_error(seq));
            }
            if let Err(error) = self.files.current(&*root, &key) {
                self.health.check_sync(&error);
                return Err(AppendError::Storage {
                    reason: error.to_string(),
                });
            }
        }
        Ok(())
    }

    fn vault_rejection(&mut self, error: VaultError) -> AppendError {
        match error {
            VaultError::Rejected(rejection) => rejection,
            VaultError::Store(error) => self.health.store_failed(&error),
        }
    }

    /// The commit point: notes how each file is now, adds the headings of hours, and writes the group into the journal.
    fn journal(&mut self, builder: &mut GroupBuilder, roots: &mut OpenRoots) -> Result<Seq, StoreError> {
        let group = &mut builder.group;
        for (file, hours) in group.files.iter_mut().zip(&builder.hours) {
            let key = (Arc::clone(&file.tenant), file.path);
            if let Ok(root) = self.files.root_for_writing(&file.tenant, roots) {
                file.before = self.files.standing(&*root, &key).unwrap_or_else(|error| {
                    self.health.check_sync(&error);
                    None
                });
                // A file without its headings is still whole.
                if let Err(error) = self.files.add_headings(&key, file, hours) {
                    self.health.check_sync(&error);
                    tracing::warn!(file = %file.path, %error, "no heading written");
                }
            }
        }
        let seq = self.journal.write(group)?;
        self.shared.groups.fetch_add(1, Ordering::Relaxed);
        Ok(seq)
    }

    fn apply(&mut self, seq: Seq, builder: GroupBuilder, roots: &mut OpenRoots) {
        let GroupBuilder { group, replies, .. } = builder;
        let keys: Vec<FileKey> = group
            .files
            .iter()
            .map(|file| (Arc::clone(&file.tenant), file.path))
            .collect();
        let failure = self.append_files(seq, group, roots);
        for pending in replies {
            let failed = failure.as_ref().filter(|_| {
                pending.depends_on_group
                    || pending
                        .files
                        .iter()
                        .any(|position| self.is_open(seq, &keys[*position]))
            });
            let result = failed.map_or(Ok(pending.receipt), |reason| {
                Err(AppendError::Storage {
                    reason: reason.clone(),
                })
            });
            (pending.reply)(result);
        }
    }

    /// Appends to all files. A group that is not in all of them afterwards is incomplete, for the reason given.
    fn append_files(&mut self, seq: Seq, group: Group, roots: &mut OpenRoots) -> Option<String> {
        let mut places = Vec::with_capacity(group.files.len());
        let mut partials = Vec::with_capacity(group.files.len());
        let mut failure = None;
        for file in &group.files {
            let mut partial = None;
            let placed = self.append_file(file, roots, &mut partial);
            places.push(placed.as_ref().ok().copied());
            partials.push(partial);
            failure = failure.or(placed.err());
        }
        let Some(error) = failure else {
            self.mark_applied(seq, places.into_iter().flatten().collect());
            self.keep_memory(group);
            return None;
        };
        let reason = error.to_string();
        self.add_incomplete(
            seq,
            IncompleteGroup::new(group, &places, partials, reason.clone()),
        );
        // The file was changed at the same moment: retry at once.
        let done = append::is_moved(&error) && self.retry(seq);
        self.scans.clear();
        (!done).then_some(reason)
    }

    fn keep_memory(&mut self, group: Group) {
        let entries = group.files.into_iter().map(|file| file.bytes);
        if let Some(mut largest) = entries.max_by_key(Vec::capacity)
            && largest.capacity() <= KEPT_BYTES
        {
            largest.clear();
            self.entries = largest;
        }
    }

    fn append_file(
        &mut self,
        file: &GroupFile,
        roots: &mut OpenRoots,
        partial: &mut Option<Place>,
    ) -> io::Result<Place> {
        let placed = self.files.append(file, roots, partial);
        if let Err(error) = &placed {
            self.health.check_sync(error);
            tracing::warn!(file = %file.path, %error, "append failed");
        }
        placed
    }

    /// The group is in its files.
    pub(super) fn mark_applied(&mut self, seq: Seq, places: Vec<Place>) {
        if let Err(error) = self.journal.mark_applied(seq, places) {
            self.health.store_failed(&error);
        }
    }

    /// The journal did not accept the group, as far as is known.
    fn reject_group(&mut self, builder: GroupBuilder, error: &StoreError) {
        let degraded = self.health.store_failed(error);
        let rejection = match error.kind {
            io::ErrorKind::StorageFull => AppendError::Storage {
                reason: error.message.clone(),
            },
            _ => degraded,
        };
        for pending in builder.replies {
            // A pure duplicate of what was durable before rests on nothing of this group.
            let result = if pending.is_independent() {
                Ok(pending.receipt)
            } else {
                Err(rejection.clone())
            };
            (pending.reply)(result);
        }
    }

    #[cfg(test)]
    pub(super) fn stats(&self) -> super::WriterStats {
        self.shared.stats()
    }

    /// The beginning of an entry was left in a file.
    pub(super) fn count_fragment(&self) {
        self.shared.fragments.fetch_add(1, Ordering::Relaxed);
    }

    /// A checkpoint came to its end.
    pub(super) fn count_checkpoint(&self) {
        self.shared.checkpoints.fetch_add(1, Ordering::Relaxed);
        self.publish();
    }

    /// Updates the counters that the handles show.
    pub(super) fn publish(&self) {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.shared
            .ids_recent
            .store(count(self.index.recent_len()), Ordering::Relaxed);
        self.shared
            .journal_bytes
            .store(self.journal.bytes(), Ordering::Relaxed);
        self.shared
            .groups_incomplete
            .store(count(self.incomplete.len()), Ordering::Relaxed);
    }
}

impl PendingReply {
    fn is_independent(&self) -> bool {
        self.files.is_empty() && !self.depends_on_group
    }
}

//! One group from its batches to its answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{
    CheckpointPolicy, Options, State, filling::take_kept, incomplete::IncompleteGroup, state::Shared,
};
use crate::{
    error::{AppendError, Outage},
    fs::VaultFs,
    index::SeenIndex,
    index::filter::Filter,
    store::{Kept, Seq, Store, StoreError},
    writer::append,
    writer::group::{Answer, AppendRequest, GroupBuilder, RejectReason},
    writer::open_files::{FileKey, OpenFiles, is_sync_failure},
    writer::record::{BootId, Group, GroupFile, Marker, Place},
    writer::roots::{OpenRoots, VaultError, Vaults},
};

/// How long a caller should wait while the journal is being reopened.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The writer's state. All its methods run on one thread.
pub(crate) struct Writer {
    pub(crate) fs: Arc<dyn VaultFs>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vaults: Vaults,
    pub(crate) files: OpenFiles,
    pub(crate) index: SeenIndex,
    pub(crate) boot: BootId,
    pub(crate) policy: CheckpointPolicy,
    pub(crate) shared: Arc<Shared>,
    /// The next group's number.
    pub(crate) next: Seq,
    /// Groups that are in their files but not yet checkpointed.
    pub(crate) applied: Vec<Seq>,
    /// Groups whose append has failed.
    pub(crate) incomplete: BTreeMap<Seq, IncompleteGroup>,
    /// Folders with new names since the last checkpoint.
    pub(crate) folders: BTreeSet<(PathBuf, &'static str)>,
    /// Bytes of journal since the last checkpoint.
    pub(crate) journal_bytes: u64,
    /// When the first group not yet checkpointed was written.
    pub(crate) oldest: Option<Instant>,
    /// What the last run has kept, for whoever fills the filter.
    pub(super) kept_filter: Option<Kept>,
    /// Groups that a running checkpoint has taken.
    pub(super) checkpointing: Vec<Seq>,
    /// A sync has failed and the next start does not know it yet.
    pub(super) owes_note: bool,
    /// Memory of the last group's record and of its entries, for the next one: some MiB that the system would otherwise have
    /// to clear anew for each group.
    record: Vec<u8>,
    entries: Vec<u8>,
}

/// No more memory than this is kept from one group to the next.
const KEPT_BYTES: usize = 8 << 20;

impl Writer {
    pub(super) fn new(
        options: &Options,
        fs: Arc<dyn VaultFs>,
        store: Arc<dyn Store>,
        boot: BootId,
        shared: Arc<Shared>,
    ) -> Self {
        let filter = Arc::new(Filter::without_layers());
        Self {
            kept_filter: take_kept(&*store),
            vaults: Vaults::new(
                Arc::clone(&fs),
                Arc::clone(&store),
                options.dirs.clone(),
                options.min_free,
            ),
            files: OpenFiles::new(options.open_files.max(16)),
            index: SeenIndex::new(Arc::clone(&store), filter),
            policy: options.checkpoint,
            fs,
            store,
            boot,
            shared,
            next: 1,
            applied: Vec::new(),
            incomplete: BTreeMap::new(),
            folders: BTreeSet::new(),
            journal_bytes: 0,
            oldest: None,
            checkpointing: Vec::new(),
            owes_note: false,
            record: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Takes the batches into the vault as one group and answers each.
    pub(crate) fn commit(&mut self, requests: Vec<AppendRequest>) {
        let started = Instant::now();
        if let Some(rejection) = self.rejection() {
            return requests
                .into_iter()
                .for_each(|request| (request.reply)(Err(rejection.clone())));
        }
        let mut roots = OpenRoots::default();
        let mut builder = GroupBuilder::new(std::mem::take(&mut self.entries));
        for request in requests {
            self.gather(request, &mut roots, &mut builder);
        }
        if builder.group.files.is_empty() {
            return builder
                .answers
                .into_iter()
                .for_each(|answer| (answer.reply)(Ok(answer.receipt)));
        }
        match self.journal(&mut builder.group, &mut roots) {
            Ok(seq) => self.apply(seq, builder, &mut roots),
            Err(error) => self.reject_group(builder, &error),
        }
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.shared.last_group_micros.store(micros, Ordering::Relaxed);
        self.publish();
    }

    /// Why nothing is taken at all, if so.
    pub(super) fn rejection(&self) -> Option<AppendError> {
        match self.shared.state() {
            State::Ready => None,
            State::Degraded { reason } => Some(AppendError::Unavailable {
                outage: Outage::Reopening,
                reason,
                retry_after: RETRY_AFTER,
            }),
            State::Poisoned { reason } => Some(AppendError::Unavailable {
                outage: Outage::SyncFailed,
                reason,
                retry_after: Duration::from_secs(60),
            }),
        }
    }

    fn gather(&mut self, request: AppendRequest, roots: &mut OpenRoots, builder: &mut GroupBuilder) {
        if let Err(rejection) = self.admit(&request, roots, builder) {
            tracing::warn!(tenant = %request.batch.tenant, reason = %rejection, "batch refused");
            return (request.reply)(Err(rejection));
        }
        let Err((request, rejection)) = builder.take(request, &mut self.index) else {
            return;
        };
        match rejection {
            RejectReason::Incomplete(seq) => (request.reply)(Err(self.incomplete_error(seq))),
            RejectReason::Store(error) => (request.reply)(Err(self.database_rejection(&error))),
        }
    }

    /// Says no before anything is written, where the outcome can be known.
    fn admit(
        &mut self,
        request: &AppendRequest,
        roots: &mut OpenRoots,
        builder: &GroupBuilder,
    ) -> Result<(), AppendError> {
        let opened = self.vaults.open_for_writing(&request.batch.tenant, roots);
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
                self.note_sync_failure(&error);
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
            VaultError::Store(error) => self.database_rejection(&error),
        }
    }

    /// The store failed; what callers get now.
    fn database_rejection(&mut self, error: &StoreError) -> AppendError {
        self.degrade(error);
        self.rejection().unwrap_or_else(|| AppendError::Storage {
            reason: error.message.clone(),
        })
    }

    /// The durability point.
    fn journal(&mut self, group: &mut Group, roots: &mut OpenRoots) -> Result<Seq, StoreError> {
        for file in &mut group.files {
            let key = (Arc::clone(&file.tenant), file.path);
            if let Ok(root) = self.vaults.open_for_writing(&file.tenant, roots) {
                file.before = self.files.standing(&*root, &key).unwrap_or_else(|error| {
                    self.note_sync_failure(&error);
                    None
                });
            }
        }
        let seq = self.next;
        group.encode_into(&mut self.record);
        self.store.write_group(seq, &self.record)?;
        self.next += 1;
        self.journal_bytes += self.record.len() as u64;
        if self.record.capacity() > KEPT_BYTES {
            self.record = Vec::new();
        }
        self.oldest.get_or_insert_with(Instant::now);
        self.shared.groups.fetch_add(1, Ordering::Relaxed);
        Ok(seq)
    }

    fn apply(&mut self, seq: Seq, builder: GroupBuilder, roots: &mut OpenRoots) {
        let GroupBuilder { group, answers, .. } = builder;
        let keys: Vec<FileKey> = group
            .files
            .iter()
            .map(|file| (Arc::clone(&file.tenant), file.path))
            .collect();
        let failure = self.append_files(seq, group, roots);
        for answer in answers {
            let failed = failure.as_ref().filter(|_| {
                answer.depends_on_group
                    || answer
                        .files
                        .iter()
                        .any(|position| self.is_open(seq, &keys[*position]))
            });
            let result = failed.map_or(Ok(answer.receipt), |reason| {
                Err(AppendError::Storage {
                    reason: reason.clone(),
                })
            });
            (answer.reply)(result);
        }
    }

    /// Appends to all files. A group that is not in all of them afterwards is in doubt, for the reason given.
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
            self.mark(seq, places.into_iter().flatten().collect());
            self.keep_memory(group);
            return None;
        };
        let reason = error.to_string();
        self.doubt(
            seq,
            IncompleteGroup::new(group, &places, partials, reason.clone()),
        );
        // A file that someone else was changing is worth a second look at once.
        let done = append::is_moved(&error) && self.retry(seq);
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
        let root = self
            .vaults
            .open_for_writing(&file.tenant, roots)
            .map_err(io::Error::other)?;
        if file.before.is_none() {
            self.folders
                .insert((self.vaults.path(&file.tenant), file.path.folder));
        }
        let placed = append::append(&mut self.files, &*root, file, partial);
        if let Err(error) = &placed {
            self.note_sync_failure(error);
            tracing::warn!(file = %file.path, %error, "append failed");
        }
        placed
    }

    /// The group is in its files.
    pub(crate) fn mark(&mut self, seq: Seq, places: Vec<Place>) {
        let marker = Marker {
            boot: self.boot,
            places,
        };
        self.applied.push(seq);
        if let Err(error) = self.store.mark_applied(seq, &marker.encode()) {
            self.degrade(&error);
        }
    }

    /// The journal did not take the group, as far as anyone knows.
    fn reject_group(&mut self, builder: GroupBuilder, error: &StoreError) {
        let degraded = self.database_rejection(error);
        let rejection = match error.kind {
            io::ErrorKind::StorageFull => AppendError::Storage {
                reason: error.message.clone(),
            },
            _ => degraded,
        };
        for answer in builder.answers {
            // A pure duplicate of what was durable before rests on nothing of this group.
            let result = if answer.is_independent() {
                Ok(answer.receipt)
            } else {
                Err(rejection.clone())
            };
            (answer.reply)(result);
        }
    }

    /// The store failed: nothing is taken until it has been reopened.
    pub(crate) fn degrade(&mut self, error: &StoreError) {
        if error.message.contains("Input/output error") {
            return self.poison(&error.message);
        }
        let reason = match error.kind {
            io::ErrorKind::InvalidData => format!(
                "the database is damaged: {error}; stop the service, `openclone reindex` makes a new one from the vault"
            ),
            _ => format!("the journal cannot be written: {error}"),
        };
        tracing::error!(reason, "the database failed, reopening it");
        self.shared.set_state(State::Degraded { reason });
    }

    /// A sync failed: nothing is taken until a restart.
    pub(crate) fn poison(&mut self, reason: &str) {
        tracing::error!(reason, "sync failed, nothing is taken until a restart");
        let reason = format!("a sync failed, restart the service: {reason}");
        self.shared.set_state(State::Poisoned { reason });
        self.note_for_next_start();
    }

    pub(crate) fn note_sync_failure(&mut self, error: &io::Error) {
        if is_sync_failure(error) {
            self.poison(&error.to_string());
        }
    }

    /// Tells everyone how things are.
    pub(crate) fn publish(&self) {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.shared
            .ids_recent
            .store(count(self.index.recent_len()), Ordering::Relaxed);
        self.shared
            .journal_bytes
            .store(self.journal_bytes, Ordering::Relaxed);
        self.shared
            .groups_incomplete
            .store(count(self.incomplete.len()), Ordering::Relaxed);
    }
}

impl Answer {
    fn is_independent(&self) -> bool {
        self.files.is_empty() && !self.depends_on_group
    }
}

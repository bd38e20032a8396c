//! Incomplete groups: those whose append has failed, and those that recovery has found. They are retried, and completed before
//! anything newer goes to their files.

use std::{io, sync::Arc};

use super::commit::Committer;
use crate::{
    error::AppendError,
    event_id::EventId,
    fs::{MountIdentity, VaultRoot},
    store::Seq,
    writer::append::{self, Fragment, Inspection},
    writer::open_files::FileKey,
    writer::record::{Group, GroupFile, Place},
};

/// How often a file may be changed by others between two looks before we give up for now.
const LOOKS: usize = 16;

/// A journalled group that is not in all of its files.
pub(crate) struct IncompleteGroup {
    group: Group,
    /// Where the entries of each file went, for the files that are done.
    places: Vec<Option<Place>>,
    /// Where entries may be: a marker says so, or an append that was cut short began there.
    partials: Vec<Option<Place>>,
    /// Write even what can be read: a sync has failed.
    rewrite: bool,
    reason: String,
}

impl IncompleteGroup {
    pub(crate) fn new(
        group: Group,
        places: &[Option<Place>],
        partials: Vec<Option<Place>>,
        reason: String,
    ) -> Self {
        Self {
            group,
            places: places.to_vec(),
            partials,
            rewrite: false,
            reason,
        }
    }

    /// A group found in the journal. `done`: where the entries are of files that need nothing more; `known`: where a marker
    /// says that they are.
    pub(crate) fn found(
        group: Group,
        done: Vec<Option<Place>>,
        known: Vec<Option<Place>>,
        rewrite: bool,
    ) -> Self {
        Self {
            group,
            places: done,
            partials: known,
            rewrite,
            reason: "not yet replayed".into(),
        }
    }

    /// Ids of the files that are not done.
    fn open_ids(&self) -> impl Iterator<Item = EventId> {
        let open = self
            .group
            .files
            .iter()
            .zip(&self.places)
            .filter(|(_, place)| place.is_none());
        open.flat_map(|(file, _)| file.ids.iter().copied())
    }

    fn has_open(&self, key: &FileKey) -> bool {
        let mut files = self.group.files.iter().zip(&self.places);
        files.any(|(file, place)| place.is_none() && file.tenant == key.0 && file.path == key.1)
    }

    /// What is present leaves the file's part of the group and becomes a part of its own, which is done.
    fn set_apart(&mut self, position: usize, found: &Inspection, mount: Option<MountIdentity>) {
        let file = &mut self.group.files[position];
        let (present, missing) = file.split(&found.present);
        *file = GroupFile {
            before: found.before,
            ..missing
        };
        self.partials[position] = None;
        let Some((id, offset)) = found.before.filter(|_| !present.ids.is_empty()) else {
            return;
        };
        self.group.files.push(present);
        self.places.push(Some(Place {
            file: id,
            offset,
            mount,
        }));
        self.partials.push(None);
    }
}

impl Committer {
    /// Notes a group whose append has failed.
    pub(super) fn add_incomplete(&mut self, seq: Seq, pending: IncompleteGroup) {
        self.index.mark_incomplete(seq, pending.open_ids());
        self.incomplete.insert(seq, pending);
    }

    /// Retries all incomplete groups, in order. True when none is left.
    pub(super) fn retry_incomplete(&mut self) -> bool {
        let all: Vec<Seq> = self.incomplete.keys().copied().collect();
        for seq in all {
            self.retry(seq);
        }
        self.scans.clear();
        self.publish();
        self.incomplete.is_empty()
    }

    /// Completes the incomplete groups of a file. Returns the one that still cannot be completed.
    pub(super) fn retry_file(&mut self, key: &FileKey) -> Option<Seq> {
        let waiting = |committer: &Self| {
            committer
                .incomplete
                .iter()
                .find(|(_, pending)| pending.has_open(key))
                .map(|(seq, _)| *seq)
        };
        while let Some(seq) = waiting(self) {
            if !self.retry(seq) {
                break;
            }
        }
        self.scans.clear();
        waiting(self)
    }

    /// The error for a caller whose batch depends on an incomplete group.
    pub(super) fn incomplete_error(&self, seq: Seq) -> AppendError {
        let reason = self
            .incomplete
            .get(&seq)
            .map_or_else(|| "append failed".to_owned(), |pending| pending.reason.clone());
        AppendError::Storage { reason }
    }

    /// Whether entries of a file are still missing from it.
    pub(super) fn is_open(&self, seq: Seq, key: &FileKey) -> bool {
        self.incomplete
            .get(&seq)
            .is_some_and(|pending| pending.has_open(key))
    }

    /// All ids of incomplete groups: they stay recent through a checkpoint.
    pub(super) fn unfinished_ids(&self) -> impl Iterator<Item = EventId> {
        self.incomplete.values().flat_map(|pending| pending.group.ids())
    }

    /// Tries to complete one group. True when it is done.
    pub(super) fn retry(&mut self, seq: Seq) -> bool {
        let Some(mut pending) = self.incomplete.remove(&seq) else {
            return true;
        };
        self.index.mark_complete(pending.open_ids());
        let failure = self.complete_files(seq, &mut pending).err();
        let Some(error) = failure else {
            self.mark_applied(seq, pending.places.into_iter().flatten().collect());
            return true;
        };
        tracing::error!(seq, %error, "append failed, trying again");
        pending.reason = error.to_string();
        self.index.mark_incomplete(seq, pending.open_ids());
        self.incomplete.insert(seq, pending);
        false
    }

    fn complete_files(&mut self, seq: Seq, pending: &mut IncompleteGroup) -> io::Result<()> {
        let mut failure = None;
        // Parts that are set apart on the way are done.
        for position in 0..pending.group.files.len() {
            if pending.places[position].is_none() {
                match self.complete_file(seq, pending, position) {
                    Ok(place) => pending.places[position] = Some(place),
                    Err(error) => {
                        // Each: the first may be no failed sync, and one behind it is.
                        self.health.check_sync(&error);
                        failure = failure.or(Some(error));
                    }
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn complete_file(
        &mut self,
        seq: Seq,
        pending: &mut IncompleteGroup,
        position: usize,
    ) -> io::Result<Place> {
        let tenant = Arc::clone(&pending.group.files[position].tenant);
        let root = self.files.root(&tenant).map_err(io::Error::other)?;
        self.files.note_folder(&pending.group.files[position]);
        for _ in 0..LOOKS {
            if let Some(place) = self.try_file(seq, pending, position, &*root)? {
                return Ok(place);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "the file keeps being changed by others",
        ))
    }

    /// One look at the file, and what follows from it. `None`: others have changed it meanwhile.
    fn try_file(
        &mut self,
        seq: Seq,
        pending: &mut IncompleteGroup,
        position: usize,
        root: &dyn VaultRoot,
    ) -> io::Result<Option<Place>> {
        let file = &pending.group.files[position];
        let partial = pending.partials[position];
        if let Some(place) = append::complete(self.files.open_files(), root, file, partial, pending.rewrite)?
        {
            return Ok((root.stat(file.path)? == Some(place.file)).then_some(place));
        }
        let found = append::inspect(
            self.files.open_files(),
            &mut self.scans,
            root,
            file,
            partial,
            pending.rewrite,
        )?;
        if let Some((id, offset)) = found.before.filter(|_| found.present.len() == file.ids.len()) {
            return Ok(Some(Place {
                file: id,
                offset,
                mount: root.mount(),
            }));
        }
        if let Some(fragment) = found.fragment {
            report(file, fragment);
            self.count_fragment();
        }
        pending.set_apart(position, &found, root.mount());
        self.journal_again(seq, &pending.group)?;
        let file = &pending.group.files[position];
        if let Some(place) = append::complete(self.files.open_files(), root, file, None, false)? {
            return Ok((root.stat(file.path)? == Some(place.file)).then_some(place));
        }
        match append::append_known(
            self.files.open_files(),
            &mut self.scans,
            root,
            file,
            &mut pending.partials[position],
        ) {
            Err(error) if append::is_moved(&error) => Ok(None),
            placed => placed.map(Some),
        }
    }

    /// Where the missing entries will begin must be durable before they do.
    fn journal_again(&mut self, seq: Seq, group: &Group) -> io::Result<()> {
        self.journal.rewrite(seq, group).map_err(|error| {
            self.health.store_failed(&error);
            io::Error::other(error)
        })
    }
}

fn report(file: &GroupFile, fragment: Fragment) {
    let Fragment { offset, length } = fragment;
    tracing::warn!(
        tenant = %file.tenant, file = %file.path, offset, length,
        "an append was cut short and a user wrote behind it: the beginning of an entry stays in the file, the entry is appended again"
    );
}

//! Groups whose append has failed: kept, tried again, and completed before anything newer goes to their files.

use std::{io, sync::Arc};

use super::Writer;
use crate::{
    append,
    error::AppendError,
    event_id::EventId,
    files::FileKey,
    journal::{Group, Place},
    store::Seq,
};

/// A journalled group that is not in all of its files.
pub(crate) struct Doubt {
    group: Group,
    /// Where the entries of each file went, for the files that are done.
    places: Vec<Option<Place>>,
    /// Where an append that was cut short began.
    partials: Vec<Option<Place>>,
    /// Write even what can be read: a sync has failed.
    rewrite: bool,
    reason: String,
}

impl Doubt {
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

    /// A group found in the journal. `places`: where a marker says that its entries are.
    pub(crate) fn found(group: Group, places: Vec<Option<Place>>, rewrite: bool) -> Self {
        let undone = vec![None; group.files.len()];
        Self {
            group,
            places: undone,
            partials: places,
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
}

impl Writer {
    /// Notes a group whose append has failed.
    pub(crate) fn doubt(&mut self, seq: Seq, doubt: Doubt) {
        tracing::error!(seq, reason = doubt.reason, "append failed, trying again");
        self.index.doubt_ids(seq, doubt.open_ids());
        self.doubts.insert(seq, doubt);
    }

    /// Tries again to complete all groups in doubt, in their order. True when none is left.
    pub(crate) fn retry_doubts(&mut self) -> bool {
        let all: Vec<Seq> = self.doubts.keys().copied().collect();
        for seq in all {
            self.retry(seq);
        }
        self.publish();
        self.doubts.is_empty()
    }

    /// Completes groups in doubt that `key` waits for. Gives the one that still cannot be completed.
    pub(super) fn retry_file(&mut self, key: &FileKey) -> Option<Seq> {
        let waiting = |writer: &Self| {
            writer
                .doubts
                .iter()
                .find(|(_, doubt)| doubt.has_open(key))
                .map(|(seq, _)| *seq)
        };
        while let Some(seq) = waiting(self) {
            if !self.retry(seq) {
                return waiting(self);
            }
        }
        None
    }

    /// What a caller gets whose batch rests on a group in doubt.
    pub(super) fn doubt_error(&self, seq: Seq) -> AppendError {
        let reason = self
            .doubts
            .get(&seq)
            .map_or_else(|| "append failed".to_owned(), |doubt| doubt.reason.clone());
        AppendError::Storage { reason }
    }

    /// All ids of groups in doubt: they stay recent through a checkpoint.
    pub(super) fn unfinished_ids(&self) -> impl Iterator<Item = EventId> {
        self.doubts.values().flat_map(|doubt| doubt.group.ids())
    }

    /// Tries to complete one group. True when it is done.
    pub(crate) fn retry(&mut self, seq: Seq) -> bool {
        let Some(mut doubt) = self.doubts.remove(&seq) else {
            return true;
        };
        self.index.trust_ids(doubt.open_ids());
        let mut failure = None;
        for position in 0..doubt.group.files.len() {
            if doubt.places[position].is_some() || failure.is_some() {
                continue;
            }
            match self.restore_file(&doubt, position) {
                Ok(place) => doubt.places[position] = Some(place),
                Err(error) => failure = Some(error),
            }
        }
        let Some(error) = failure else {
            tracing::info!(seq, "group completed");
            self.mark(seq, doubt.places.into_iter().flatten().collect());
            return true;
        };
        self.note_sync_failure(&error);
        doubt.reason = error.to_string();
        self.index.doubt_ids(seq, doubt.open_ids());
        self.doubts.insert(seq, doubt);
        false
    }

    fn restore_file(&mut self, doubt: &Doubt, position: usize) -> io::Result<Place> {
        let file = &doubt.group.files[position];
        let root = self
            .vaults
            .open(&Arc::clone(&file.tenant))
            .map_err(io::Error::other)?;
        self.folders
            .insert((self.vaults.path(&file.tenant), file.path.folder));
        append::restore(
            &mut self.files,
            &*root,
            file,
            doubt.partials[position],
            doubt.rewrite,
        )
    }
}

//! The SeenIndex: whether an id has been stored before, exactly, without asking the database for each.
//!
//! An id is in one of three places. *Recent*: in the journal but not yet indexed; an exact set in memory. *Checkpointing*: a
//! checkpoint is persisting it; the exact set that the checkpoint took. *Indexed*: in the database, behind a filter that
//! decides for nearly all new ids. An id is persisted and in the filter before it leaves the checkpointing set, so at
//! every moment each stored id is found in at least one of them.

use std::{collections::HashMap, sync::Arc};

use hashbrown::HashSet;

use crate::{
    event_id::EventId,
    index::filter::Filter,
    store::{IdStore, Seq, StoreError},
};

/// A set of ids.
pub type IdSet = HashSet<EventId>;

/// All ids ever stored.
#[derive(Debug)]
pub struct SeenIndex {
    store: Arc<dyn IdStore>,
    filter: Arc<Filter>,
    recent: IdSet,
    checkpointing: Option<Arc<IdSet>>,
    incomplete: HashMap<EventId, Seq>,
}

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Never stored.
    New,
    /// Stored in a group that is not yet checkpointed: perhaps in the group that is being built right now.
    Recent,
    /// Stored, and persisted.
    Indexed,
    /// In the journal, but its append has failed and is being retried.
    Incomplete(Seq),
}

impl SeenIndex {
    /// An index in front of `store`, with no recent ids.
    pub fn new(store: Arc<dyn IdStore>, filter: Arc<Filter>) -> Self {
        Self {
            store,
            filter,
            recent: IdSet::default(),
            checkpointing: None,
            incomplete: HashMap::new(),
        }
    }

    /// Appends to `answers` whether each of many ids may be indexed, as far as the filter knows. Valid until
    /// [`Self::end_checkpoint`]: until then, ids that are persisted are also in the checkpointing set.
    pub fn may_be_indexed(&self, ids: &[EventId], answers: &mut Vec<bool>) {
        self.filter.may_contain_each(ids, answers);
    }

    /// Looks up `id`, with the result of [`Self::may_be_indexed`], and adds it to the recent ids if it is new.
    ///
    /// # Errors
    /// When the database cannot be read; the id is then not added.
    pub fn observe(&mut self, id: EventId, may_be_indexed: bool) -> Result<Seen, StoreError> {
        if let Some(seq) = self.doubt(&id) {
            return Ok(Seen::Incomplete(seq));
        }
        let checkpointing = self.checkpointing.as_ref().is_some_and(|ids| ids.contains(&id));
        if !checkpointing && !may_be_indexed {
            // The common case: one lookup in the set decides and adds.
            let is_new = self.recent.insert(id);
            return Ok(if is_new { Seen::New } else { Seen::Recent });
        }
        if self.recent.contains(&id) {
            return Ok(Seen::Recent);
        }
        if checkpointing || self.store.contains(&id)? {
            return Ok(Seen::Indexed);
        }
        self.recent.insert(id);
        Ok(Seen::New)
    }

    /// The incomplete group that has an id, if any.
    pub fn doubt(&self, id: &EventId) -> Option<Seq> {
        if self.incomplete.is_empty() {
            None
        } else {
            self.incomplete.get(id).copied()
        }
    }

    /// Whether any id is in an incomplete group.
    pub fn has_incomplete(&self) -> bool {
        !self.incomplete.is_empty()
    }

    /// Adds the ids of a group that recovery has found.
    pub fn add_recent(&mut self, ids: impl IntoIterator<Item = EventId>) {
        self.recent.extend(ids);
    }

    /// Takes back ids of a group that was never journalled.
    pub fn remove_recent(&mut self, ids: impl IntoIterator<Item = EventId>) {
        for id in ids {
            self.recent.remove(&id);
        }
    }

    /// The append of these ids has failed.
    pub fn mark_incomplete(&mut self, seq: Seq, ids: impl IntoIterator<Item = EventId>) {
        self.incomplete.extend(ids.into_iter().map(|id| (id, seq)));
    }

    /// The append of these ids has succeeded after all.
    pub fn mark_complete(&mut self, ids: impl IntoIterator<Item = EventId>) {
        for id in ids {
            self.incomplete.remove(&id);
        }
    }

    /// Takes the recent ids for a checkpoint, all but those of `unfinished` groups, which stay recent.
    /// Until [`Self::end_checkpoint`] they are found in the set that is returned.
    pub fn begin_checkpoint(&mut self, unfinished: impl IntoIterator<Item = EventId>) -> Arc<IdSet> {
        let kept: IdSet = unfinished.into_iter().collect();
        let mut taken = std::mem::take(&mut self.recent);
        if !kept.is_empty() {
            taken.retain(|id| !kept.contains(id));
        }
        self.recent = kept;
        let taken = Arc::new(taken);
        self.checkpointing = Some(Arc::clone(&taken));
        taken
    }

    /// The checkpoint is done: its ids are persisted and in the filter.
    pub fn end_checkpoint(&mut self) {
        self.checkpointing = None;
    }

    /// The checkpoint failed: its ids are recent again.
    pub fn abort_checkpoint(&mut self) {
        if let Some(ids) = self.checkpointing.take() {
            self.recent.extend(ids.iter().copied());
        }
    }

    /// How many ids are not yet indexed.
    pub fn recent_len(&self) -> usize {
        self.recent.len() + self.checkpointing.as_ref().map_or(0, |ids| ids.len())
    }

    /// The filter, for the checkpoint.
    pub fn filter(&self) -> &Arc<Filter> {
        &self.filter
    }
}

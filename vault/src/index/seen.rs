//! The SeenIndex: whether an id has been stored before, exactly, without asking the database for each.
//!
//! An id is in one of three places. *Recent*: in the journal but not yet at rest; an exact set in memory. *Settling*: a
//! checkpoint is moving it to rest; the exact set that the checkpoint took. *At rest*: in the database, behind a filter
//! that answers for nearly all new ids. An id goes to rest and into the filter before it leaves the settling set, so at
//! every moment each stored id is found in at least one of them.

use std::{collections::HashMap, sync::Arc};

use hashbrown::HashSet;

use crate::{
    event_id::EventId,
    index::filter::Filter,
    store::{Seq, Store, StoreError},
};

/// A set of ids.
pub type IdSet = HashSet<EventId>;

/// All ids ever stored.
#[derive(Debug)]
pub struct SeenIndex {
    store: Arc<dyn Store>,
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
    /// Stored in a group not yet settled: perhaps in the group that is being made right now.
    Recent,
    /// Stored, and at rest.
    Indexed,
    /// In the journal, but its append has failed and is being tried again.
    Incomplete(Seq),
}

impl SeenIndex {
    /// An index in front of `store`, with no recent ids.
    pub fn new(store: Arc<dyn Store>, filter: Arc<Filter>) -> Self {
        Self {
            store,
            filter,
            recent: IdSet::default(),
            checkpointing: None,
            incomplete: HashMap::new(),
        }
    }

    /// Whether each of many ids may be at rest, as far as memory tells, added to `answers`. That holds until
    /// [`Self::end_checkpoint`]: until then what comes to rest is settling, too.
    pub fn may_be_indexed(&self, ids: &[EventId], answers: &mut Vec<bool>) {
        self.filter.may_contain_each(ids, answers);
    }

    /// Looks up `id`, of which [`Self::may_be_indexed`] has told, and, if it is new, notes it as recent.
    ///
    /// # Errors
    /// When the database cannot be read; nothing is noted then.
    pub fn observe(&mut self, id: EventId, may_be_indexed: bool) -> Result<Seen, StoreError> {
        if let Some(seq) = self.doubt(&id) {
            return Ok(Seen::Incomplete(seq));
        }
        let checkpointing = self.checkpointing.as_ref().is_some_and(|ids| ids.contains(&id));
        if !checkpointing && !may_be_indexed {
            // As nearly always: one look into the set answers and notes.
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

    /// Whether an id is in doubt, and in which group.
    pub fn doubt(&self, id: &EventId) -> Option<Seq> {
        if self.incomplete.is_empty() {
            None
        } else {
            self.incomplete.get(id).copied()
        }
    }

    /// Whether any id is in doubt.
    pub fn has_incomplete(&self) -> bool {
        !self.incomplete.is_empty()
    }

    /// Notes ids of a journalled group, at replay.
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

    /// The checkpoint is done: its ids are at rest and in the filter.
    pub fn end_checkpoint(&mut self) {
        self.checkpointing = None;
    }

    /// The checkpoint failed: its ids are recent again.
    pub fn abort_checkpoint(&mut self) {
        if let Some(ids) = self.checkpointing.take() {
            self.recent.extend(ids.iter().copied());
        }
    }

    /// How many ids are not yet at rest.
    pub fn recent_len(&self) -> usize {
        self.recent.len() + self.checkpointing.as_ref().map_or(0, |ids| ids.len())
    }

    /// The filter, for whoever moves ids to rest.
    pub fn filter(&self) -> &Arc<Filter> {
        &self.filter
    }
}

//! The groups that are in the journal and not yet checkpointed.

use std::{sync::Arc, time::Instant};

use super::record::{BootId, Group, Marker, Place};
use crate::store::{Seq, Store, StoreError};

/// No more memory than this is kept from one group to the next.
pub(super) const KEPT_BYTES: usize = 8 << 20;

/// Writes groups and applied markers, and knows which groups a checkpoint may take.
pub(super) struct Journal {
    store: Arc<dyn Store>,
    boot: BootId,
    /// The next group's number.
    next: Seq,
    /// Groups that are in their files but not yet checkpointed.
    applied: Vec<Seq>,
    /// Bytes written since the last checkpoint.
    bytes: u64,
    /// When the first group not yet checkpointed was written.
    oldest: Option<Instant>,
    /// Memory of the last group's record, for the next one: some MiB that the system would otherwise have to clear anew for
    /// each group.
    record: Vec<u8>,
}

impl Journal {
    pub(super) fn new(store: Arc<dyn Store>, boot: BootId) -> Self {
        Self {
            store,
            boot,
            next: 1,
            applied: Vec::new(),
            bytes: 0,
            oldest: None,
            record: Vec::new(),
        }
    }

    /// The commit point: the group is durable when this returns.
    pub(super) fn write(&mut self, group: &Group) -> Result<Seq, StoreError> {
        let seq = self.next;
        group.encode_into(&mut self.record);
        self.store.write_group(seq, &self.record)?;
        self.next += 1;
        self.bytes += self.record.len() as u64;
        if self.record.capacity() > KEPT_BYTES {
            self.record = Vec::new();
        }
        self.oldest.get_or_insert_with(Instant::now);
        Ok(seq)
    }

    /// Writes a group once more, because its files turned out to be others than its record says.
    pub(super) fn rewrite(&mut self, seq: Seq, group: &Group) -> Result<(), StoreError> {
        self.store.write_group(seq, &group.encode())
    }

    /// The group is in its files, at `places`.
    pub(super) fn mark_applied(&mut self, seq: Seq, places: Vec<Place>) -> Result<(), StoreError> {
        self.applied.push(seq);
        let marker = Marker {
            boot: self.boot,
            places,
        };
        self.store.mark_applied(seq, &marker.encode())
    }

    /// Replay has found this group.
    pub(super) fn found(&mut self, seq: Seq) {
        self.next = self.next.max(seq + 1);
    }

    /// The group needs nothing but a checkpoint: its marker is there already, or its checkpoint has failed.
    pub(super) fn add_applied(&mut self, groups: impl IntoIterator<Item = Seq>) {
        self.applied.extend(groups);
    }

    /// Hands the applied groups, in order, to a checkpoint.
    pub(super) fn take_applied(&mut self) -> Vec<Seq> {
        self.bytes = 0;
        self.oldest = None;
        let mut groups = std::mem::take(&mut self.applied);
        groups.sort_unstable();
        groups
    }

    /// Forgets everything but the next number: the store has been reopened.
    pub(super) fn reset(&mut self) {
        self.applied.clear();
        self.bytes = 0;
        self.oldest = None;
    }

    pub(super) fn boot(&self) -> BootId {
        self.boot
    }

    pub(super) fn has_applied(&self) -> bool {
        !self.applied.is_empty()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn oldest(&self) -> Option<Instant> {
        self.oldest
    }
}

//! Builds a group from batches: drops entries that have been seen, and remembers what each batch depends on.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::{
    entry::{PreparedBatch, PreparedFile},
    error::AppendError,
    index::{Seen, SeenIndex},
    store::Seq,
    writer::Receipt,
    writer::open_files::FileKey,
    writer::record::{Group, GroupFile},
};

/// A batch to be appended, and how to reply.
pub(crate) struct AppendRequest {
    pub(crate) batch: PreparedBatch,
    pub(crate) reply: Reply,
}

/// Is called once, from the writer's thread.
pub(crate) type Reply = Box<dyn FnOnce(Result<Receipt, AppendError>) + Send>;

impl std::fmt::Debug for AppendRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppendRequest")
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

/// A group that is being built.
pub(crate) struct GroupBuilder {
    pub(crate) group: Group,
    pub(crate) replies: Vec<PendingReply>,
    /// The hours that the entries of each file show, in the order of the group's files.
    pub(crate) hours: Vec<Vec<u8>>,
    positions: HashMap<FileKey, usize>,
    /// Memory for the entries of the first file.
    memory: Vec<u8>,
}

/// The reply to one caller, once the files that its batch depends on have been appended to.
pub(crate) struct PendingReply {
    pub(crate) receipt: Receipt,
    pub(crate) reply: Reply,
    /// Positions in the group's files that hold new entries of the batch.
    pub(crate) files: Vec<usize>,
    /// The batch has duplicates of recent entries, perhaps of this very group: any failure in the group is its failure.
    pub(crate) depends_on_group: bool,
}

/// Why a batch cannot be added to a group.
pub(crate) enum RejectReason {
    /// It has an entry whose append has failed and is being retried.
    Incomplete(Seq),
    /// The index could not be read.
    Store(crate::store::StoreError),
}

impl GroupBuilder {
    /// An empty group. `memory`, an empty vector, is used for the entries of its first file.
    pub(crate) fn new(memory: Vec<u8>) -> Self {
        Self {
            group: Group::default(),
            replies: Vec::new(),
            hours: Vec::new(),
            positions: HashMap::new(),
            memory,
        }
    }

    /// Whether the group has entries for this file.
    pub(crate) fn has(&self, file: &FileKey) -> bool {
        self.positions.contains_key(file)
    }

    /// Adds a batch. When it is rejected, nothing of it is in the group, and the index is as before.
    pub(crate) fn take(
        &mut self,
        request: AppendRequest,
        index: &mut SeenIndex,
    ) -> Result<(), (AppendRequest, RejectReason)> {
        let AppendRequest { batch, reply } = request;
        let length = batch.files.iter().map(|file| file.ids.len()).sum();
        let (mut seen, mut may_be_indexed) = (Vec::with_capacity(length), Vec::with_capacity(length));
        for file in &batch.files {
            index.may_be_indexed(&file.ids, &mut may_be_indexed);
        }
        let ids = batch.files.iter().flat_map(|file| &file.ids);
        for (id, may_be_indexed) in ids.zip(may_be_indexed) {
            match index.observe(*id, may_be_indexed) {
                Ok(Seen::Incomplete(seq)) => {
                    return Err(reject(batch, reply, &seen, index, RejectReason::Incomplete(seq)));
                }
                Err(error) => return Err(reject(batch, reply, &seen, index, RejectReason::Store(error))),
                Ok(known) => seen.push(known),
            }
        }
        let stored = seen.iter().filter(|known| **known == Seen::New).count();
        let receipt = Receipt {
            stored: count(stored),
            skipped: count(seen.len() - stored),
        };
        let depends_on_group = seen.contains(&Seen::Recent);
        let files = self.add(batch, &seen);
        self.replies.push(PendingReply {
            receipt,
            reply,
            files,
            depends_on_group,
        });
        Ok(())
    }

    fn add(&mut self, batch: PreparedBatch, seen: &[Seen]) -> Vec<usize> {
        let mut positions = Vec::new();
        let mut rest = seen;
        for file in batch.files {
            let (of_file, after) = rest.split_at(file.ids.len());
            rest = after;
            if of_file.contains(&Seen::New) {
                positions.push(self.add_file(&batch.tenant, file, of_file));
            }
        }
        positions
    }

    fn add_file(&mut self, tenant: &Arc<str>, file: PreparedFile, seen: &[Seen]) -> usize {
        let all_new = seen.iter().all(|known| *known == Seen::New);
        let next = self.group.files.len();
        let position = *self
            .positions
            .entry((Arc::clone(tenant), file.path))
            .or_insert(next);
        if position == next {
            self.group.files.push(GroupFile {
                tenant: Arc::clone(tenant),
                path: file.path,
                before: None,
                header: file.header,
                ids: Vec::new(),
                ends: Vec::new(),
                bytes: std::mem::take(&mut self.memory),
            });
        }
        if position == next {
            self.hours.push(Vec::new());
        }
        let (into, hours) = (&mut self.group.files[position], &mut self.hours[position]);
        if all_new {
            let shift = count(into.bytes.len());
            into.ids.extend_from_slice(&file.ids);
            into.ends.extend(file.ends.iter().map(|end| end + shift));
            into.bytes.extend_from_slice(&file.bytes);
            hours.extend_from_slice(&file.hours);
            return position;
        }
        let starts = std::iter::once(&0).chain(&file.ends);
        for (index, (((start, end), id), known)) in
            starts.zip(&file.ends).zip(&file.ids).zip(seen).enumerate()
        {
            if *known == Seen::New {
                hours.extend(file.hours.get(index));
                into.ids.push(*id);
                into.bytes
                    .extend_from_slice(&file.bytes[*start as usize..*end as usize]);
                into.ends.push(count(into.bytes.len()));
            }
        }
        position
    }
}

fn reject(
    batch: PreparedBatch,
    reply: Reply,
    seen: &[Seen],
    index: &mut SeenIndex,
    rejection: RejectReason,
) -> (AppendRequest, RejectReason) {
    let ids = batch.files.iter().flat_map(|file| &file.ids);
    let noted = ids
        .zip(seen)
        .filter(|(_, known)| **known == Seen::New)
        .map(|(id, _)| *id);
    index.remove_recent(noted);
    (AppendRequest { batch, reply }, rejection)
}

/// Lengths within a group fit: a group is some MiB, see `writer`.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

//! The writer: one thread that appends prepared batches to the daily files of vaults, each event exactly once.
//!
//! # The promise
//!
//! A response that counts an event as stored or skipped means that the event is in its vault file exactly once, and stays
//! there through a crash of the process and through power loss. After no response, or an error, a caller resends the batch;
//! nothing is duplicated.
//!
//! # The protocol
//!
//! 1. Batches arrive prepared: ids, day, path and final bytes are fixed and never computed again.
//! 2. The thread takes everything that has queued up, a *group* of up to 1.5 MiB. It rejects batches whose vault is missing,
//!    full or read-only, or whose path is not a regular file, and drops entries whose ids the [index](crate::index) knows.
//! 3. **Commit point**: the group's [record] is written to the log in the [store](crate::store) and
//!    synced.
//! 4. The entries are [appended](crate::writer::append) to the daily files that exist at their paths at that moment.
//! 5. An applied marker records where the entries went, the boot and the file system. It is not synced: like the bytes, it
//!    survives a crash of the process but not a power loss. Then the callers are acknowledged.
//! 6. In the background, a [checkpoint] syncs the files, makes the ids durable in the index, and
//!    releases the groups from the log.
//!
//! `docs/durability.md` has a table of what happens after a crash at each step, and a glossary.
//!
//! # Invariants
//!
//! - **No id is durable in the index before its bytes are durable in the file.** Otherwise a retry would be skipped and the
//!   event lost. Only a checkpoint persists ids, after it has synced the files.
//! - **No bytes are in a file before their group is durable in the log.** Otherwise a crash and a retry would duplicate them.
//! - Bytes are written only to the position that the log durably names. If a file turns out to be another one, or already
//!   contains some of the entries, the group's record is written again before anything is appended to it.
//! - A group in the log is never undone, only completed: by the writer, or by [recovery] at the next
//!   start.
//! - An id is known from the moment at which its group is formed, for ever. If writing the group to the log fails, the log is
//!   reopened and read again, and its content decides.
//! - A group whose append has failed is *incomplete*: no caller gets a response that depends on it, and nothing newer goes to
//!   its file, until the append is completed. Incomplete groups take no part in checkpoints.
//! - A failed sync is never retried and believed: the writer accepts nothing until a restart, whose recovery rewrites the
//!   bytes in the log. No later failure, and no reopening of the database, reverts that. A durable note tells the next start;
//!   the writer retries until the note is written.
//! - The ids held in memory stay true although the database may be closed and reopened: no other process may open it
//!   meanwhile, and another database in its place is rejected.
//! - Bytes that a user wrote are never changed: the writer appends, completes what it began, and overwrites zeros in the
//!   place of its own bytes.
//!
//! # Known limits
//!
//! If an editor loaded a file before an append and saves it after the writer's last check, its content replaces the appended
//! bytes: the user's file wins. An entry that a user deletes between its append and a power loss may come back. If a disk
//! fails to sync a daily file, *and* the process is killed before the note is durable, *and* power is lost before the next
//! change to that file, the unsynced entries are lost.

mod append;
#[cfg(feature = "baseline")]
mod baseline;
mod boot;
pub mod checkpoint;
mod commit;
mod daily_files;
mod filling;
mod group;
mod handle;
mod headings;
mod incomplete;
#[cfg(any(test, fuzzing, feature = "testing"))]
#[allow(clippy::unwrap_used)]
pub mod inline;
mod journal;
mod open_files;
mod parts;
pub mod record;
mod recovery;
pub(crate) mod roots;
mod state;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod thread;

use std::{path::PathBuf, time::Duration};

use crate::wal::WalOptions;

use self::parts::Writer;
pub use self::{
    handle::{Vault, open_store},
    roots::VaultDirs,
    state::{State, WriterStats},
};
pub(crate) use self::{
    handle::{database_error, log_error},
    state::SYNC_FAILED,
};

/// When to checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointPolicy {
    /// At this many ids not yet checkpointed.
    pub ids: usize,
    /// At this many bytes of journal.
    pub bytes: u64,
    /// This long after the first event not yet checkpointed.
    pub age: Duration,
}

/// How to open.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database directory, never inside a vault.
    pub db: PathBuf,
    /// The write-ahead log.
    pub wal: WalOptions,
    /// Where vaults are.
    pub dirs: VaultDirs,
    /// Refuse to write when fewer bytes are free than this.
    pub min_free: u64,
    /// When to checkpoint.
    pub checkpoint: CheckpointPolicy,
    /// How many daily files may be open for appending at once; at least 16. For each there may be
    /// [`Options::DESCRIPTORS_A_FILE`] descriptors.
    pub open_files: usize,
}

impl Options {
    /// Descriptors that a vault may have for each of `open_files`: files that made room for others wait for a checkpoint.
    pub const DESCRIPTORS_A_FILE: usize = crate::writer::open_files::DESCRIPTORS;
}

/// A batch is in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Entries that are new.
    pub stored: u32,
    /// Entries that were there before.
    pub skipped: u32,
}

impl Default for CheckpointPolicy {
    fn default() -> Self {
        Self {
            ids: 1_000_000,
            bytes: 64 << 20,
            age: Duration::from_secs(600),
        }
    }
}

//! The writer: one thread that takes prepared batches into the vault, each event exactly once.
//!
//! # The promise
//!
//! An answer that counts an event as stored or skipped means that it is in the vault file exactly once, and stays there
//! through the end of the process and through power loss. No answer, or an error, means: send it again, it will not be
//! doubled.
//!
//! # The protocol
//!
//! 1. Batches come prepared: ids, day, path and final bytes are fixed and never computed again.
//! 2. The thread takes what has queued up, a *group* of up to 1.5 MiB, and refuses batches whose vault is missing, full,
//!    read-only, or has something else in the file's place. It drops entries whose ids the [index](crate::index) has seen.
//! 3. **Durability point**: the group's [record](crate::writer::record) goes into the journal with one synced write.
//! 4. The entries are [appended](crate::writer::append) to the daily files that stand at their paths at that moment.
//! 5. A marker says that, and where, in which boot. It is not synced: it survives the end of the process, and must not
//!    survive a power loss, which may take the appended bytes along. Only now are the callers answered.
//! 6. In the background a [checkpoint](crate::writer::checkpoint) syncs the files, moves the ids to rest, and empties the journal.
//! 7. The last checkpoint of an orderly run may be followed by the [filter over the ids at rest](filling), kept for the next
//!    run: by then every caller has an answer.
//!
//! # Invariants
//!
//! - **An id is never at rest before its bytes are durable in the file.** (Else a retry would be skipped, and the event
//!   lost.) Only a checkpoint moves ids to rest, after it has synced the files.
//! - **Bytes are never in a file before their group is durable in the journal.** (Else a crash, and a retry doubles them.)
//! - Bytes go only to where the journal says, durably, that they begin. When a file turns out to be another one, or is
//!   found with some of the entries in it, the group's record is written again before anything is appended to it.
//! - A journalled group is never undone, only completed: by the writer, or by [replay](crate::writer::recovery) at the next start.
//! - An id is seen from the moment at which its group is made until for ever. If the group's journal write fails, the
//!   journal is reopened and read again, and what it says is true.
//! - An entry whose append has failed is *in doubt*: nobody gets an answer that rests on it, and nothing newer goes to its
//!   file, until the append has been completed. Groups in doubt take no part in checkpoints.
//! - A failed sync is never repeated and believed: the writer takes nothing until a restart, whose replay writes the
//!   journalled bytes again. No later failure, and no reopening of the database, takes that back. A note in the database
//!   tells the next start; the writer tries to write it until it stands.
//! - What is in memory of the ids at rest stays true although the database is closed and reopened: nobody else may open it
//!   meanwhile, and no other database in its place is taken. A [filter](filling) that an earlier run has kept is believed
//!   only while nothing has been written to the database since.
//! - Bytes that a user wrote are never altered: we append, we complete what we began, and we overwrite zeros that stand
//!   where our own bytes were.
//!
//! # What cannot be promised
//!
//! A save by an editor that loaded the file before our append and writes it after our last look replaces our bytes: the
//! user's file wins. An entry that a user deletes between its append and a power loss may come back. A disk that fails to
//! sync a daily file, a process that is killed before the database has the note of it, and a power loss before the next
//! change to that file, all three, lose what was not synced.

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

pub(crate) use self::handle::database_error;
use self::parts::Writer;
pub use self::{
    handle::Vault,
    roots::VaultDirs,
    state::{State, WriterStats},
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
    /// From this many ids at rest on, the last checkpoint keeps the filter over them in a file, so that the next start
    /// need not read them all: 2 bytes of disk for each id and up to 25 MB, while no service runs.
    pub keep_filter_from: usize,
}

/// How to open.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database directory, never inside a vault.
    pub db: PathBuf,
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
            keep_filter_from: 4_000_000,
        }
    }
}

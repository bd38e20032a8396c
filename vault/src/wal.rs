//! The write-ahead log: makes groups durable before their entries appear in daily files.
//!
//! The log runs on [`VaultFs`](crate::fs::VaultFs), so that the same code runs on a real disk, on the simulated disk and
//! under fuzzing.
//!
//! # Invariants
//!
//! - **A group whose [`Wal::write_group`] has returned survives everything** but a disk that loses what it has synced, until
//!   [`Wal::forget_groups`] releases it.
//! - Recovery returns each such group exactly as written, or fails. It never skips a damaged record silently, and never
//!   returns a record of another home, of another segment, or of a segment's earlier life.
//! - A sync that failed is never believed. The log accepts nothing after it until it is opened again, and opening makes
//!   durable what it read before anybody relies on it.
//! - A sync in the commit path changes no file size: segments are written with zeros and synced before use.
//! - Segments below the checkpoint number are changed only after that number is durable.
//!
//! # Files
//!
//! `<home>/wal.id` has the log's id (32 hexadecimal digits); it is written last when a log is created, so that a log whose
//! disk is not mounted, or that belongs to another home, is told from a new one. In `<home>/wal/`:
//!
//! | File | Content |
//! |---|---|
//! | `checkpoint` | the checkpoint number, in two slots that are written in turn, see [`checkpoint`] |
//! | `00000001.wal`, … | segments, see [`segment`]; a file keeps its name when it is recycled under a new segment number |
//! | `00000001.applied`, … | applied markers of that segment's time, never synced |
//! | `notes` | named notes: which vault belongs to a tenant, and that a sync has failed |
//! | `*.tmp` | left over from a crash, removed by the next start |
//!
//! # Records
//!
//! A record is `u32 crc, u32 length, u64 sequence, payload`, aligned to 8 bytes; all numbers are little-endian. The CRC32C
//! covers the log's id and the segment's number before the other fields, so a record is valid in one place of one log only.
//! The sequence grows by one with each record, across segments. The payload is `u64 group` and the group's
//! [record](crate::writer::record). A group may be written again: the last record counts.
//!
//! # Recovery
//!
//! Recovery reads from the checkpoint number on. A record is valid if its CRC matches and its sequence is the next one.
//! Every record is synced by itself, before the next one is written. So where a record is invalid,
//! - nothing valid follows, and no applied marker says that the record was durable: a torn tail, which no caller was told
//!   of. The next record is written over it;
//! - a valid record or the next segment follows, or a marker knows of it: damage. The log refuses to open and names the
//!   way out.
//!
//! Records of a segment's earlier life have another segment number in their CRC and never count.
//!
//! # Checkpoints and recycling
//!
//! [`Wal::forget_groups`] releases groups. Groups that are left behind, because their files could not be written, are
//! written again at the end of the log, so that the checkpoint number can pass them. Segments below it are *kept* for
//! [`WalOptions::keep_for`], at most [`WalOptions::keep_bytes`] of them, and then recycled, oldest first.
//! [`Wal::erase`] removes events from all of these.

// Readability of two expressions and one return type, which clippy would rather have shorter.
#![allow(
    clippy::manual_is_multiple_of,
    clippy::nonminimal_bool,
    clippy::type_complexity
)]

mod checkpoint;
mod entries;
mod erase;
mod error;
mod handle;
mod identity;
mod log;
mod notes;
mod pool;
mod record;
mod recovery;
mod salvage;
mod segment;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::{path::PathBuf, time::Duration};

pub use error::WalError;
pub use handle::Wal;
pub use salvage::{Salvage, forget_log, salvage};

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct WalOptions {
    /// The log's directory, in the home.
    pub dir: PathBuf,
    /// How long a segment is kept after its groups were checkpointed.
    pub keep_for: Duration,
    /// How many bytes of such segments are kept at most; never more than 1 % of the free space at start.
    pub keep_bytes: u64,
    /// Bytes of a segment where the disk is large enough.
    pub segment_bytes: u64,
}

impl WalOptions {
    /// The defaults, for a log in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            keep_for: Duration::from_secs(7 * 24 * 3600),
            keep_bytes: 256 << 20,
            segment_bytes: 8 << 20,
        }
    }

    /// The file with the log's id, beside its directory.
    pub fn id_file(&self) -> PathBuf {
        let mut name = self.dir.file_name().unwrap_or_default().to_owned();
        name.push(".id");
        self.dir.with_file_name(name)
    }

    /// Small segments, for a log on a simulated disk.
    #[must_use]
    pub fn small(dir: impl Into<PathBuf>) -> Self {
        Self {
            segment_bytes: 32 << 10,
            keep_bytes: 128 << 10,
            ..Self::new(dir)
        }
    }
}

//! The integration tests of the vault, in one binary so that RocksDB is linked once.
//!
//! `OPENCLONE_SCOREBOARD` names the file to which the reliability tests append their results.

// A failing test prints what reproduces it, and a test that is skipped says so.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

/// Users edit daily files as editors and sync tools do, while events arrive.
mod concurrent_edits;
/// Headings of hours.
mod headings;
/// `fsck`, `reindex`, `find` and `forget` on the real file system.
mod maintenance;
/// What the renderer writes, read back by parsers that know nothing of it.
mod markdown;
/// Kills, power losses, failing syncs and bit flips, on a real disk with RocksDB.
mod reliability;
/// A home with a vault in a temporary directory.
mod temp_vault;

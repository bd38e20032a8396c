//! The real binary under kills, on full and read-only disks, and without file descriptors or memory; and the same service with
//! deliberately faulty stores, which these tests must catch.
//!
//! `OPENCLONE_SCOREBOARD` names the file for results (see `tests/support/src/scoreboard.rs`). With `OPENCLONE_LONG`, tests fail
//! that the short form skips where the machine does not support them.

// A failure gets with what reproduces it, and what is left out gets at all.

mod disks;
mod faulty_service;
mod full;
mod kill;
mod limits;
mod sender;

//! The real binary under kills, on full and read-only disks, and without descriptors or memory; and the same service with
//! a writer that is invalid on purpose, which this program is when `invalid` starts it again.
//!
//! `OPENCLONE_SCOREBOARD` takes the results (see `tests/support/src/scoreboard.rs`); `OPENCLONE_LONG` demands what the short
//! form may leave out where the machine does not allow it.

// A failure is outcome with what reproduces it, and what is left out is outcome at all.

mod disks;
mod faulty_service;
mod full;
mod kill;
mod limits;
mod sender;
